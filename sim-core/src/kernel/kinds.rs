//! Which kinds of messages a type can bear, read off the type itself; see [`Digest::kind`](super::canonical::Digest::kind)
//! for what a kind is.
//!
//! A type is asked to read itself from a source that holds nothing: on its way it says what it expects, names and variants.
//! One attempt follows one variant of every enum that it comes through; there are as many as it takes to follow them all.

use std::collections::BTreeSet;

use serde::de::value::{BorrowedStrDeserializer, Error, U32Deserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer,
    MapAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::canonical::{CARRIED, TRANSPARENT};

/// A message within messages so deep is not looked into.
const DEPTH_MAX: usize = 32;

/// A type with more ways to follow is given up: one that contains itself twice has as many as one likes.
const ATTEMPTS_MAX: usize = 10_000;

/// The kinds of the messages of the type `M`, by name; `None` if its kind cannot be told from the type, as that of a tuple,
/// or only at length.
#[must_use]
pub fn kinds<M: DeserializeOwned>() -> Option<Vec<&'static str>> {
    let mut found = BTreeSet::new();
    let mut trail = Trail::default();
    for _ in 0..ATTEMPTS_MAX {
        // It fails, for there is nothing to read; what counts is what was passed on the way.
        let _ = M::deserialize(Reader(&mut trail));
        if trail.is_obscure {
            return None;
        }
        found.extend(trail.kind.take());
        if !trail.turn() {
            return Some(found.into_iter().collect());
        }
    }
    None
}

/// The way of one attempt.
#[derive(Debug, Default)]
struct Trail {
    /// The forks passed, of this attempt or the last one.
    forks: Vec<Fork>,
    /// How many of them were passed in this attempt.
    passed: usize,
    /// The kind, as far as it is known.
    kind: Option<&'static str>,
    /// It went where the kind depends on the value.
    is_obscure: bool,
}

/// An enum: which of its variants is followed.
#[derive(Debug)]
struct Fork {
    variant: u32,
    variants: u32,
}

impl Trail {
    /// The first name is the kind.
    fn name(&mut self, name: &'static str) {
        self.kind.get_or_insert(name);
    }

    /// The variant to follow of an enum with so many; `None` if there is none, or if this goes too deep.
    fn fork(&mut self, variants: u32) -> Option<u32> {
        if self.passed == self.forks.len() {
            if variants == 0 || self.passed == DEPTH_MAX {
                return None;
            }
            let variant = 0;
            self.forks.push(Fork { variant, variants });
        }
        self.passed += 1;
        Some(self.forks[self.passed - 1].variant)
    }

    /// Turns to the next variant of the last fork that has one; false if all have been followed.
    fn turn(&mut self) -> bool {
        self.passed = 0;
        while let Some(last) = self.forks.last_mut() {
            last.variant += 1;
            if last.variant < last.variants {
                return true;
            }
            self.forks.pop();
        }
        false
    }

    /// Looks into the message that a frame carries: its kind is that of the frame, if it has one.
    fn carried<'de, V: Visitor<'de>>(
        &mut self,
        fields: &[&str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if !fields.contains(&CARRIED) {
            return end();
        }
        let frame = self.kind.take();
        let read = visitor.visit_map(Carried(self));
        self.kind = self.kind.or(frame);
        read
    }
}

/// There is nothing to read.
fn end<T>() -> Result<T, Error> {
    Err(Error::custom("a type holds no value"))
}

/// A source that holds nothing.
#[derive(Debug)]
struct Reader<'a>(&'a mut Trail);

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        end()
    }

    fn deserialize_seq<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        self.0.is_obscure |= self.0.kind.is_none();
        end()
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: V,
    ) -> Result<V::Value, Error> {
        self.0.name(name);
        end()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.name(name);
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        _: V,
    ) -> Result<V::Value, Error> {
        self.0.name(name);
        end()
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.name(name);
        self.0.carried(fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let count = u32::try_from(variants.len()).unwrap_or(u32::MAX);
        let Some(variant) = self.0.fork(count) else {
            return end();
        };
        if name != TRANSPARENT {
            self.0.name(variants[variant as usize]);
        }
        let trail = self.0;
        visitor.visit_enum(Branch { trail, variant })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit identifier ignored_any
    }
}

/// One variant of an enum.
#[derive(Debug)]
struct Branch<'a> {
    trail: &'a mut Trail,
    variant: u32,
}

impl<'a, 'de> EnumAccess<'de> for Branch<'a> {
    type Error = Error;
    type Variant = Reader<'a>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Reader<'a>), Error> {
        let index: U32Deserializer<Error> = self.variant.into_deserializer();
        Ok((seed.deserialize(index)?, Reader(self.trail)))
    }
}

impl<'de> VariantAccess<'de> for Reader<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        end()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.carried(fields, visitor)
    }
}

/// The field in which a frame carries a message, and no other.
#[derive(Debug)]
struct Carried<'a>(&'a mut Trail);

impl<'de> MapAccess<'de> for Carried<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        seed.deserialize(BorrowedStrDeserializer::new(CARRIED))
            .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(Reader(self.0))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::super::either::Either;
    use super::super::text::Text;
    use super::*;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "read off the type")]
    enum Wire {
        Ask,
        Answer { of: u32, by: Inner },
        Data(Inner),
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "read off the type")]
    enum Inner {
        Deep,
        Deeper(Box<Inner>),
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "read off the type")]
    enum Frame<M> {
        Msg { seq: u32, msg: M },
        Ack(u32),
    }

    #[derive(Deserialize)]
    #[serde(rename = "Tick")]
    struct Alive;

    #[test]
    fn the_kinds_of_an_enum_are_its_variants() {
        assert_eq!(kinds::<Wire>(), Some(vec!["Answer", "Ask", "Data"]));
        assert_eq!(kinds::<Alive>(), Some(vec!["Tick"]));
    }

    /// As in what is counted: either side of an `Either`, and what a frame carries in the place of the frame.
    #[test]
    fn what_is_carried_counts_and_not_what_carries_it() {
        let all = Some(vec!["Ack", "Answer", "Ask", "Data", "Tick"]);
        assert_eq!(kinds::<Frame<Frame<Either<Wire, Alive>>>>(), all);
        assert_eq!(kinds::<Frame<Text>>(), Some(vec!["Ack", "Msg"]));
    }

    #[test]
    fn what_has_no_name_has_no_kind() {
        assert_eq!(kinds::<Text>(), Some(vec![]));
        assert_eq!(kinds::<Option<Wire>>(), kinds::<Wire>());
        assert_eq!(
            kinds::<(u8, Wire)>(),
            None,
            "it depends on what comes first"
        );
    }
}
