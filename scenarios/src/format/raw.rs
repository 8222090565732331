//! One level of a RON value at a time: ron parses, each child stays text with its place.

use super::place::Place;
use super::tokens;
use ron::Deserializer;
use ron::value::RawValue;
use serde::de::{DeserializeSeed, Deserializer as _, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The text of one value, without blanks and comments around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw<'s> {
    pub(super) text: &'s str,
    pub(super) place: Place,
    pub(super) origin: Origin,
}

/// Where a raw value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// RON at its place.
    Written,
    /// An expression without quotes, as in `-p n=2*f`.
    Bare,
    /// A default in RON; the place is that of whoever leaves it out.
    BuiltIn,
}

/// A value, one level open.
#[derive(Debug)]
pub(super) enum Opened<'s> {
    /// A number; its text says which.
    Number,
    /// `0..=3` and the like; its text says which.
    Range,
    /// `true` or `false`.
    Bool(bool),
    /// A text, without quotes and escapes.
    Text(String),
    /// `Name(a: 1)`, or `(a: 1)` with an empty name.
    Struct(&'s str, Vec<Entry<'s>>),
    /// `Name(1, 2)`, `Name`, `(1, 2)`, `()`.
    Tuple(&'s str, Vec<Raw<'s>>),
    /// `[1, 2]`
    List(Vec<Raw<'s>>),
    /// `{ "a": 1 }`
    Map(Vec<Entry<'s>>),
    /// A character, bytes, an infinity: nothing that a scenario has a use for.
    Other,
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry<'s> {
    /// The key without quotes.
    pub(super) key: String,
    /// Where the key is written.
    pub(super) key_place: Place,
    /// Is the key a name or a text, as it has to be in a struct and in a map?
    pub(super) sound: bool,
    pub(super) value: Raw<'s>,
}

impl Entry<'_> {
    /// From the key to the end of the value.
    pub(super) fn place(&self) -> Place {
        match self.value.origin {
            Origin::Written if self.value.place.source == self.key_place.source => Place {
                end: self.value.place.end.max(self.key_place.end),
                ..self.key_place
            },
            _ => self.key_place,
        }
    }
}

impl Opened<'_> {
    /// In words, for "this is ..".
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Opened::Number => "a number",
            Opened::Range => "a range",
            Opened::Bool(_) => "true or false",
            Opened::Text(_) => "a text",
            Opened::Struct("", _) => "a struct",
            Opened::Tuple("", items) if items.is_empty() => "an empty struct",
            Opened::Tuple("", _) => "a tuple",
            Opened::Struct(..) | Opened::Tuple(..) => "a name",
            Opened::List(_) => "a list",
            Opened::Map(_) => "a map",
            Opened::Other => "something else",
        }
    }
}

impl<'s> Raw<'s> {
    /// The part `range` of this value's text, at its place.
    fn part(self, text: &'s str) -> Raw<'s> {
        let place = match self.origin {
            Origin::BuiltIn => self.place,
            _ => {
                let start = (text.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
                self.inside(start, start.wrapping_add(text.len()))
            }
        };
        Raw {
            text,
            place,
            ..self
        }
    }

    /// The place of the bytes `start..end` of this value's text; all of it if there are no such bytes.
    pub(super) fn inside(self, start: usize, end: usize) -> Place {
        if self.origin == Origin::BuiltIn || self.text.get(start..end).is_none() {
            return self.place;
        }
        Place {
            start: self.place.start + start,
            end: self.place.start + end,
            ..self.place
        }
    }

    /// The place of the bytes `start..end` of the text that is written here in quotes.
    pub(super) fn inside_quotes(self, content: &str, start: usize, end: usize) -> Place {
        let quote = match self.origin {
            Origin::Bare => Some(0),
            // An escape moves what follows it: then only the whole can be shown.
            _ => self.text.find('"').map(|quote| quote + 1),
        };
        match quote {
            Some(quote) if self.text.get(quote..quote + content.len()) == Some(content) => {
                self.inside(quote + start, quote + end)
            }
            _ => self.place,
        }
    }

    /// The leading name of the value, or its opening bracket: where to say that something is missing in it.
    pub(super) fn opening(self) -> Place {
        match tokens::Tokens::of(self.text).next() {
            Some((_, range)) => self.inside(range.start, range.end),
            None => self.place,
        }
    }

    /// Opens one level. The text has been found legal before, so that [`Opened::Other`] stands for all else.
    pub(super) fn open(self) -> Opened<'s> {
        if self.origin == Origin::Bare {
            return Opened::Text(self.text.to_owned());
        }
        let mut starts = tokens::Tokens::of(self.text);
        match (starts.next(), self.text.as_bytes().first()) {
            (Some((tokens::Token::Quoted, _)), _) => match ron::from_str::<String>(self.text) {
                Ok(text) if !self.text.starts_with(['\'', 'b']) => Opened::Text(text),
                _ => Opened::Other,
            },
            (Some((tokens::Token::Word, _)), Some(b'0'..=b'9' | b'+' | b'-' | b'.')) => {
                if self.text.contains("..") {
                    Opened::Range
                } else {
                    Opened::Number
                }
            }
            (Some((tokens::Token::Word, word)), _) => {
                let name = &self.text[word.clone()];
                match name {
                    "true" => Opened::Bool(true),
                    "false" => Opened::Bool(false),
                    "Some" | "None" => Opened::Other,
                    _ if is_float_word(name) => Opened::Other,
                    _ if word.end == self.text.len() => Opened::Tuple(name, Vec::new()),
                    _ => self.children(name),
                }
            }
            (Some((tokens::Token::Open(_), _)), _) => self.children(""),
            _ => Opened::Other,
        }
    }

    fn children(self, name: &'s str) -> Opened<'s> {
        let shape = match self.text.as_bytes().first() {
            Some(b'[') => Shape::List,
            Some(b'{') => Shape::Map,
            _ => Shape::Struct,
        };
        let opened = Deserializer::from_str(self.text)
            .ok()
            .and_then(|mut ron| ron.deserialize_any(Children { shape }).ok());
        match opened {
            Some(Parts::Items(items)) => {
                let items = items.into_iter().map(|text| self.trimmed(text)).collect();
                if shape == Shape::List {
                    Opened::List(items)
                } else {
                    Opened::Tuple(name, items)
                }
            }
            Some(Parts::Entries(entries)) => {
                let entries = entries
                    .into_iter()
                    .map(|(key, value)| self.entry(shape, key, value))
                    .collect();
                if shape == Shape::Map {
                    Opened::Map(entries)
                } else {
                    Opened::Struct(name, entries)
                }
            }
            None => Opened::Other,
        }
    }

    fn trimmed(self, text: &'s str) -> Raw<'s> {
        self.part(&text[tokens::trimmed(text)])
    }

    fn entry(self, shape: Shape, key: &'s str, value: &'s str) -> Entry<'s> {
        let key = self.trimmed(key);
        let (name, sound) = match shape {
            Shape::Map => match key.open() {
                Opened::Text(text) => (text, true),
                _ => (key.text.to_owned(), false),
            },
            _ => (key.text.to_owned(), true),
        };
        Entry {
            key: name,
            key_place: key.place,
            sound,
            value: self.trimmed(value),
        }
    }
}

fn is_float_word(name: &str) -> bool {
    matches!(
        name,
        "inf" | "inff32" | "inff64" | "NaN" | "NaNf32" | "NaNf64"
    )
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Struct,
    List,
    Map,
}

enum Parts<'s> {
    Items(Vec<&'s str>),
    Entries(Vec<(&'s str, &'s str)>),
}

/// Collects the children of one value as texts.
struct Children {
    shape: Shape,
}

impl<'s> Visitor<'s> for Children {
    type Value = Parts<'s>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list, a map, a tuple or named fields")
    }

    fn visit_unit<E>(self) -> Result<Parts<'s>, E> {
        Ok(Parts::Items(Vec::new()))
    }

    fn visit_seq<A: SeqAccess<'s>>(self, mut list: A) -> Result<Parts<'s>, A::Error> {
        let mut items = Vec::new();
        while let Some(raw) = list.next_element::<&'s RawValue>()? {
            items.push(raw.get_ron());
        }
        Ok(Parts::Items(items))
    }

    fn visit_map<A: MapAccess<'s>>(self, mut map: A) -> Result<Parts<'s>, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key_seed(Key { shape: self.shape })? {
            entries.push((key, map.next_value::<&'s RawValue>()?.get_ron()));
        }
        Ok(Parts::Entries(entries))
    }
}

/// A key as text: a name in a struct, any value in a map.
struct Key {
    shape: Shape,
}

impl<'s> DeserializeSeed<'s> for Key {
    type Value = &'s str;

    fn deserialize<D: serde::Deserializer<'s>>(self, key: D) -> Result<&'s str, D::Error> {
        match self.shape {
            Shape::Map => Ok(<&'s RawValue as serde::Deserialize>::deserialize(key)?.get_ron()),
            _ => key.deserialize_identifier(self),
        }
    }
}

impl<'s> Visitor<'s> for Key {
    type Value = &'s str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_borrowed_str<E>(self, name: &'s str) -> Result<&'s str, E> {
        Ok(name)
    }
}
