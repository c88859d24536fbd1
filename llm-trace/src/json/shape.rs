//! Values that serialize as one before them did, but for one text.

use std::borrow::Cow;

use serde::ser::{self, Serialize};

use super::build::{Doc, Entry, Value};
use super::keys::{Mode, is_unread};
use super::serialize::{Stop, widened};
use crate::guarded::{self, UserCode};

/// What a document looked like, with a hole where its one text was.
#[derive(Debug)]
pub(crate) struct Shape {
    entries: Vec<Known>,
    hole: usize,
    elided: bool,
    text: String,
    len: usize,
}

/// One value of it.
#[derive(Debug)]
struct Known {
    key: Box<str>,
    value: Value<'static>,
    /// Of all that is below it.
    end: usize,
    /// Whatever stands here is of no matter, if it is a scalar of its kind.
    unread: bool,
}

/// A longer text is rare, and read the usual way.
const MAX_TEXT: usize = 4 << 10;

/// Larger documents are not worth keeping.
const MAX_ENTRIES: usize = 256;

impl Shape {
    /// The shape of a document in which a text of this length was found, and shown or elided.
    /// `None` where it cannot be told which text that was.
    pub(crate) fn of(doc: &Doc<'_>, mode: Mode, len: usize, elided: bool) -> Option<Self> {
        if doc.tape.len() > MAX_ENTRIES || !(elided || mode == Mode::Full) {
            return None;
        }
        let is_text = |entry: &Entry<'_>| match &entry.value {
            Value::Str(text) => text.len() == len && !elided,
            Value::ElidedStr(of) => *of == len && elided,
            _ => false,
        };
        let mut texts = doc.tape.iter().enumerate().filter(|(_, entry)| is_text(entry) && !is_unread(&entry.key));
        let (Some((hole, _)), None) = (texts.next(), texts.next()) else { return None };
        let mut entries: Vec<_> = doc.tape.iter().map(Known::of).collect();
        if let Some(entry) = entries.get_mut(hole) {
            entry.value = Value::Null;
        }
        Some(Self { entries, hole, elided, text: String::new(), len: 0 })
    }

    /// Whether `value` has this shape. What the mode of the first document skipped is skipped.
    pub(crate) fn fits<T: Serialize + ?Sized>(&mut self, value: &T) -> bool {
        self.text.clear();
        self.len = 0;
        let mut at = 0;
        let follow = Follow { shape: self, at: &mut at };
        let fits = guarded::run(UserCode::Serialize, || value.serialize(follow).is_ok()).unwrap_or(false);
        fits && at == self.entries.len() && self.len > 0
    }

    /// The text of the value that fitted last.
    pub(crate) fn text(&self) -> super::Text<'_> {
        if self.elided { super::Text::Elided(self.len) } else { super::Text::Plain(&self.text) }
    }
}

impl Known {
    fn of(entry: &Entry<'_>) -> Self {
        let value = match &entry.value {
            Value::Str(text) => Value::Str(Cow::Owned(text.clone().into_owned())),
            Value::Null => Value::Null,
            Value::Bool(v) => Value::Bool(*v),
            Value::Int(v) => Value::Int(*v),
            Value::UInt(v) => Value::UInt(*v),
            Value::Float(v) => Value::Float(*v),
            Value::ElidedStr(len) => Value::ElidedStr(*len),
            Value::Elided(len) => Value::Elided(*len),
            Value::Numbers(len) => Value::Numbers(*len),
            Value::Array(len) => Value::Array(*len),
            Value::Object(len, bits) => Value::Object(*len, *bits),
        };
        Self { key: (*entry.key).into(), value, end: entry.end as usize, unread: is_unread(&entry.key) }
    }
}

/// Compares a value with the entry at `at` as it serializes itself, and those below it.
struct Follow<'s> {
    shape: &'s mut Shape,
    at: &'s mut usize,
}

impl<'s> Follow<'s> {
    fn scalar(self, same: impl FnOnce(&Value<'static>) -> bool) -> Result<(), Stop> {
        self.scalar_if(|known, _| same(known))
    }

    /// As [`scalar`](Self::scalar); what is compared is told whether it is of any matter.
    fn scalar_if(self, same: impl FnOnce(&Value<'static>, bool) -> bool) -> Result<(), Stop> {
        let entry = self.shape.entries.get(*self.at).ok_or(Stop)?;
        *self.at += 1;
        if same(&entry.value, entry.unread) { Ok(()) } else { Err(Stop) }
    }

    fn container(self, open: impl FnOnce(&Value<'static>) -> bool) -> Result<Below<'s>, Stop> {
        let Known { value, end, .. } = self.shape.entries.get(*self.at).ok_or(Stop)?;
        let (end, skipped) = match value {
            Value::Elided(len) => (*end, Some(*len)),
            value if open(value) => (*end, None),
            _ => return Err(Stop),
        };
        *self.at += 1;
        Ok(Below { shape: self.shape, at: self.at, end, skipped, met: 0 })
    }
}

/// The fields or elements of a container.
struct Below<'s> {
    shape: &'s mut Shape,
    at: &'s mut usize,
    end: usize,
    /// How many there were, where they were not entered.
    skipped: Option<usize>,
    met: usize,
}

impl Below<'_> {
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        self.met += 1;
        if self.skipped.is_some() {
            return Ok(());
        }
        if *self.at >= self.end {
            return Err(Stop);
        }
        value.serialize(Follow { shape: self.shape, at: self.at })
    }

    fn key(&self, key: &str) -> Result<(), Stop> {
        let same = self.skipped.is_some() || self.shape.entries.get(*self.at).is_some_and(|entry| *entry.key == *key);
        if same { Ok(()) } else { Err(Stop) }
    }

    fn finish(self) -> Result<(), Stop> {
        let whole = self.skipped.map_or(*self.at == self.end, |len| len == self.met);
        if whole { Ok(()) } else { Err(Stop) }
    }
}

macro_rules! ints {
    ($($name:ident: $ty:ty),*) => {$(
        fn $name(self, v: $ty) -> Result<(), Stop> {
            let v = i64::try_from(v).map_err(|_| Stop)?;
            self.scalar_if(|known, unread| matches!(known, Value::Int(n) if unread || *n == v))
        }
    )*};
}

impl<'s> ser::Serializer for Follow<'s> {
    type Ok = ();
    type Error = Stop;
    type SerializeSeq = Below<'s>;
    type SerializeTuple = Below<'s>;
    type SerializeTupleStruct = Below<'s>;
    type SerializeTupleVariant = ser::Impossible<(), Stop>;
    type SerializeMap = Below<'s>;
    type SerializeStruct = Below<'s>;
    type SerializeStructVariant = ser::Impossible<(), Stop>;

    ints!(serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
          serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128);

    fn serialize_bool(self, v: bool) -> Result<(), Stop> {
        self.scalar(|known| matches!(known, Value::Bool(b) if *b == v))
    }

    fn serialize_f32(self, v: f32) -> Result<(), Stop> {
        self.serialize_f64(widened(v))
    }

    fn serialize_f64(self, v: f64) -> Result<(), Stop> {
        self.scalar(|known| match known {
            Value::Float(f) => f.to_bits() == v.to_bits(),
            Value::Null => !v.is_finite(),
            _ => false,
        })
    }

    fn serialize_char(self, v: char) -> Result<(), Stop> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, v: &str) -> Result<(), Stop> {
        if *self.at != self.shape.hole {
            return self.scalar_if(|known, unread| match known {
                Value::Str(text) => text == v || unread,
                Value::ElidedStr(len) => *len == v.len() || unread,
                _ => false,
            });
        }
        if v.len() > MAX_TEXT {
            return Err(Stop);
        }
        *self.at += 1;
        self.shape.len = v.len();
        if !self.shape.elided {
            self.shape.text.push_str(v);
        }
        Ok(())
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<(), Stop> {
        self.scalar(|known| matches!(known, Value::Elided(len) if *len == v.len()))
    }

    fn serialize_none(self) -> Result<(), Stop> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Stop> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Stop> {
        self.scalar(|known| matches!(known, Value::Null))
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Stop> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Stop> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Stop> {
        value.serialize(self)
    }

    // Variants with data are rare in what providers stream: a value that has one is read in full.

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Stop> {
        Err(Stop)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Below<'s>, Stop> {
        self.container(|known| matches!(known, Value::Array(_)))
    }

    fn serialize_tuple(self, len: usize) -> Result<Below<'s>, Stop> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Below<'s>, Stop> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<ser::Impossible<(), Stop>, Stop> {
        Err(Stop)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Below<'s>, Stop> {
        self.container(|known| matches!(known, Value::Object(..)))
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Below<'s>, Stop> {
        self.serialize_map(Some(len))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<ser::Impossible<(), Stop>, Stop> {
        Err(Stop)
    }
}

macro_rules! elements {
    ($($trait:ident::$method:ident),*) => {$(
        impl ser::$trait for Below<'_> {
            type Ok = ();
            type Error = Stop;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
                self.value(value)
            }

            fn end(self) -> Result<(), Stop> {
                self.finish()
            }
        }
    )*};
}

elements!(SerializeSeq::serialize_element, SerializeTuple::serialize_element, SerializeTupleStruct::serialize_field);

impl ser::SerializeStruct for Below<'_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Stop> {
        self.key(key)?;
        self.value(value)
    }

    fn end(self) -> Result<(), Stop> {
        self.finish()
    }
}

impl ser::SerializeMap for Below<'_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Stop> {
        super::only_text::with(key, |key| self.key(key))?
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        self.value(value)
    }

    fn end(self) -> Result<(), Stop> {
        self.finish()
    }
}
