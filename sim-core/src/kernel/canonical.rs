//! The canonical encoding of a value, folded into 64 bits.
//!
//! `std`'s hashes differ between targets (pointer width, byte order), so fingerprints are made from the serde form of
//! a value: integers as 64-bit words, texts and byte strings as their length and their little-endian words, sequences
//! as their length and their elements, enums as the number of the variant and its fields. Names play no part.
//!
//! One step is `h ← fold((h ⊕ word) · K)`, where `·` gives 128 bits and `fold` is the exclusive or of its halves,
//! plus a constant so that no state is a dead end.

use core::fmt;

use serde::Serialize;
use serde::ser::{self, Serializer};

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
const OFFSET: u64 = 0xd1b5_4a32_d192_ed03;

/// A 64-bit digest that takes one word after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold(u64);

impl Default for Fold {
    fn default() -> Fold {
        Fold(OFFSET)
    }
}

impl Fold {
    /// Takes one word.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the two halves of a 128-bit product"
    )]
    pub fn word(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * u128::from(MULTIPLIER);
        self.0 = (product as u64 ^ (product >> 64) as u64).wrapping_add(OFFSET);
    }

    /// Takes a byte string: its length, then its little-endian words, the last filled up with zeros.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
    }

    /// The digest of all words so far.
    #[must_use]
    pub const fn digest(self) -> u64 {
        self.0
    }
}

/// The digest of a value and its nominal size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    /// 64 bits over the canonical encoding.
    pub hash: u64,
    /// Bytes of the canonical encoding, with integers at their own width and lengths and variants at four bytes.
    pub size: u32,
    /// The kind of a message: the name of its type or, if that is an enum, of its variant, as serde names it. Of an
    /// [`Either`](super::either::Either), and of what serde calls so, what is inside counts; so does of the frame of a link
    /// the message that it carries in a field `msg`. What has no name of its own is of the kind `""`.
    pub kind: &'static str,
}

/// The digest of `value`; the same on every target.
///
/// # Panics
/// If the value's own `Serialize` reports an error.
#[must_use]
pub fn digest<T: Serialize + ?Sized>(value: &T) -> Digest {
    let mut encoder = Encoder {
        fold: Fold::default(),
        size: 0,
        kind: None,
    };
    value
        .serialize(&mut encoder)
        .expect("a payload can be encoded");
    Digest {
        hash: encoder.fold.digest(),
        size: encoder.size,
        kind: encoder.kind.unwrap_or_default(),
    }
}

struct Encoder {
    fold: Fold,
    size: u32,
    kind: Option<&'static str>,
}

/// An `Either` says whose message it is, not what it is.
pub(super) const TRANSPARENT: &str = "Either";
/// In this field a frame carries a message.
pub(super) const CARRIED: &str = "msg";

impl Encoder {
    /// The first name is the kind.
    #[inline]
    fn name(&mut self, of: &'static str, name: &'static str) {
        if self.kind.is_none() && of != TRANSPARENT {
            self.kind = Some(name);
        }
    }

    #[inline]
    fn put(&mut self, word: u64, bytes: u32) -> Result<(), Refused> {
        self.fold.word(word);
        self.size = self.size.saturating_add(bytes);
        Ok(())
    }

    fn length(&mut self, length: Option<usize>) -> Result<&mut Self, Refused> {
        let length = length.ok_or(Refused("a sequence of unknown length".into()))?;
        self.put(length as u64, 4)?;
        Ok(self)
    }
}

/// The value's own `Serialize` failed, or it has a sequence whose length is not known.
#[derive(Debug)]
struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Refused {}

impl ser::Error for Refused {
    fn custom<T: fmt::Display>(message: T) -> Refused {
        Refused(message.to_string())
    }
}

macro_rules! integers {
    ($($name:ident: $type:ty => $bytes:literal),*) => {
        $(fn $name(self, value: $type) -> Result<(), Refused> {
            self.put(u64::from(value), $bytes)
        })*
    };
}

/// A negative number is its two's complement.
macro_rules! signed_integers {
    ($($name:ident: $type:ty => $bytes:literal),*) => {
        $(fn $name(self, value: $type) -> Result<(), Refused> {
            self.put(u64::from_le_bytes(i64::from(value).to_le_bytes()), $bytes)
        })*
    };
}

impl<'a> Serializer for &'a mut Encoder {
    type Ok = ();
    type Error = Refused;
    type SerializeSeq = &'a mut Encoder;
    type SerializeTuple = &'a mut Encoder;
    type SerializeTupleStruct = &'a mut Encoder;
    type SerializeTupleVariant = &'a mut Encoder;
    type SerializeMap = &'a mut Encoder;
    type SerializeStruct = &'a mut Encoder;
    type SerializeStructVariant = &'a mut Encoder;

    integers!(
        serialize_bool: bool => 1, serialize_u8: u8 => 1, serialize_u16: u16 => 2, serialize_u32: u32 => 4,
        serialize_u64: u64 => 8, serialize_char: char => 4
    );
    signed_integers!(
        serialize_i8: i8 => 1, serialize_i16: i16 => 2, serialize_i32: i32 => 4, serialize_i64: i64 => 8
    );

    fn serialize_f32(self, value: f32) -> Result<(), Refused> {
        self.put(u64::from(value.to_bits()), 4)
    }

    fn serialize_f64(self, value: f64) -> Result<(), Refused> {
        self.put(value.to_bits(), 8)
    }

    fn serialize_str(self, value: &str) -> Result<(), Refused> {
        self.serialize_bytes(value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Refused> {
        self.fold.bytes(value);
        self.size = self
            .size
            .saturating_add(4)
            .saturating_add(u32::try_from(value.len()).unwrap_or(u32::MAX));
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Refused> {
        self.put(0, 1)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Refused> {
        self.put(1, 1)?;
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Refused> {
        Ok(())
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<(), Refused> {
        self.name(name, name);
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        of: &'static str,
        index: u32,
        name: &'static str,
    ) -> Result<(), Refused> {
        self.name(of, name);
        self.put(u64::from(index), 4)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Refused> {
        self.name(name, name);
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        of: &'static str,
        index: u32,
        name: &'static str,
        value: &T,
    ) -> Result<(), Refused> {
        self.name(of, name);
        self.put(u64::from(index), 4)?;
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self, Refused> {
        self.length(length)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Refused> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Self, Refused> {
        self.name(name, name);
        Ok(self)
    }

    fn serialize_tuple_variant(
        self,
        of: &'static str,
        index: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Self, Refused> {
        self.name(of, name);
        self.put(u64::from(index), 4)?;
        Ok(self)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self, Refused> {
        self.length(length)
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Self, Refused> {
        self.name(name, name);
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        of: &'static str,
        index: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Self, Refused> {
        self.name(of, name);
        self.put(u64::from(index), 4)?;
        Ok(self)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

macro_rules! compound {
    ($($trait:ident: $method:ident),*) => {
        $(impl ser::$trait for &mut Encoder {
            type Ok = ();
            type Error = Refused;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
                value.serialize(&mut **self)
            }
            fn end(self) -> Result<(), Refused> {
                Ok(())
            }
        })*
    };
}

compound!(SerializeSeq: serialize_element, SerializeTuple: serialize_element, SerializeTupleStruct: serialize_field, SerializeTupleVariant: serialize_field);

macro_rules! named {
    ($($trait:ident),*) => {
        $(impl ser::$trait for &mut Encoder {
            type Ok = ();
            type Error = Refused;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Refused> {
                if name != CARRIED {
                    return value.serialize(&mut **self);
                }
                let frame = self.kind.take();
                value.serialize(&mut **self)?;
                self.kind = self.kind.or(frame);
                Ok(())
            }
            fn end(self) -> Result<(), Refused> {
                Ok(())
            }
        })*
    };
}

named!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for &mut Encoder {
    type Ok = ();
    type Error = Refused;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refused> {
        key.serialize(&mut **self)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), Refused> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors computed by hand from the formula (in another language): they hold on every target.
    #[test]
    fn agrees_with_the_published_vectors() {
        assert_eq!(
            digest(&0u8),
            digest(&0u64).with_size(1),
            "the width of an integer plays no part in the hash"
        );
        assert_eq!(digest(&7u32).hash, VECTORS[0]);
        assert_eq!(digest("hello").hash, VECTORS[1]);
        assert_eq!(digest(&vec![1u32, 2, 3]).hash, VECTORS[2]);
        assert_eq!(digest(&Some((1u8, -1i64))).hash, VECTORS[3]);
    }

    /// The outermost name, through an `Either`; a number or a text has none.
    #[test]
    fn a_kind_is_the_outermost_name() {
        use super::super::either::Either;
        use super::super::id::NodeId;

        #[derive(Serialize)]
        enum Wire {
            Ask,
            Answer { of: NodeId },
        }
        assert_eq!(digest(&Wire::Ask).kind, "Ask");
        assert_eq!(digest(&Wire::Answer { of: NodeId(1) }).kind, "Answer");
        let inside: Either<u8, Wire> = Either::Right(Wire::Ask);
        assert_eq!(digest(&inside).kind, "Ask");
        assert_eq!(digest(&7u8).kind, "");

        #[derive(Serialize)]
        struct Sealed<M> {
            by: NodeId,
            msg: M,
        }
        let by = NodeId(1);
        assert_eq!(digest(&Sealed { by, msg: Wire::Ask }).kind, "Ask");
        assert_eq!(
            digest(&Sealed { by, msg: 7u8 }).kind,
            "Sealed",
            "it has no other"
        );
    }

    const VECTORS: [u64; 4] = [
        0x45c8_4d1d_fb30_1a2b,
        0x26de_f4f3_a3cd_9403,
        0x7844_df39_4617_66a7,
        0xf089_7858_61b1_8d14,
    ];

    impl Digest {
        fn with_size(self, size: u32) -> Digest {
            Digest { size, ..self }
        }
    }
}
