//! The bytes of a value: what a real network carries, what a checksum or a MAC is taken over, and what a fault flips.
//!
//! The format is postcard's, version 1 of its wire format: variable-length integers, texts and lists as their length and
//! their items, enums as the number of the variant, no names.

use postcard::ser_flavors::Flavor;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The bytes of `value`.
///
/// # Panics
/// If the value's own `Serialize` reports an error.
#[must_use]
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).expect("a payload can be encoded")
}

/// The bytes of `value`, in place of what is in `room`: its memory is used again.
///
/// # Panics
/// As [`encode`].
pub fn encode_into<T: Serialize + ?Sized>(value: &T, room: &mut Vec<u8>) {
    room.clear();
    *room = postcard::to_extend(value, core::mem::take(room)).expect("a payload can be encoded");
}

/// How many bytes [`encode`] gives.
///
/// # Panics
/// If the value's own `Serialize` reports an error.
#[must_use]
pub fn size<T: Serialize + ?Sized>(value: &T) -> usize {
    postcard::serialize_with_flavor(value, Count(0)).expect("a payload can be encoded")
}

/// The value that all of `bytes` stand for; `None` if they are the bytes of no value of this type.
#[must_use]
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Some(value),
        _ => None,
    }
}

struct Count(usize);

impl Flavor for Count {
    type Output = usize;

    fn try_push(&mut self, _: u8) -> postcard::Result<()> {
        self.0 += 1;
        Ok(())
    }

    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        self.0 += data.len();
        Ok(())
    }

    fn finalize(self) -> postcard::Result<usize> {
        Ok(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stand_for_one_value_and_have_no_rest() {
        let value = (300_u32, "hello".to_owned(), Some(true));
        let bytes = encode(&value);
        assert_eq!(bytes, [&[0xac, 0x02, 5], &b"hello"[..], &[1, 1]].concat());
        assert_eq!(size(&value), bytes.len());
        assert_eq!(decode::<(u32, String, Option<bool>)>(&bytes), Some(value));
        assert_eq!(
            decode::<(u32, String, Option<bool>)>(&bytes[..4]),
            None,
            "too short"
        );
        assert_eq!(decode::<u32>(&bytes), None, "too long");
    }
}
