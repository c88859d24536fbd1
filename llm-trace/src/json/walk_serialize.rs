//! The walk over any `Serialize` value. Values outside of the paths are not serialized: their `serialize` is not
//! called.

use std::fmt;

use serde::ser::{self, Serialize};

use super::found::{Elements, Found, Scalar, Step};
use super::serialize::widened;
use super::serialize_container::{elements, key_of};
use super::string_only::Stop;
use super::trie::Trie;
use super::{MAX_DEPTH, string_only as only_text};
use crate::user_code::{self, UserCode};

impl Found<'_> {
    /// The facts of any serializable value, with the texts at the paths if `content`. Values outside of the paths are
    /// not serialized.
    pub(crate) fn from_serialize<T: Serialize + ?Sized>(trie: &Trie, value: &T, content: bool) -> Found<'static> {
        let mut found = Found::new(content);
        walk(trie, value, &mut found);
        found.finished()
    }
}

fn walk<T: Serialize + ?Sized>(trie: &Trie, value: &T, found: &mut Found<'static>) {
    let root = Walker { trie, found, step: Step::ROOT, wrapped: 0 };
    let _ = user_code::run(UserCode::Serialize, || value.serialize(root).is_ok());
}

struct Walker<'w> {
    trie: &'w Trie,
    found: &'w mut Found<'static>,
    step: Step,
    /// The number of enclosing wrappers, which is limited because a recursive type can consist only of wrappers.
    wrapped: usize,
}

impl<'w> Walker<'w> {
    fn push(self, value: Scalar<'static>) -> Result<(), Stop> {
        self.found.push(self.step, value);
        Ok(())
    }

    fn unwrap<T: Serialize + ?Sized>(mut self, value: &T) -> Result<(), Stop> {
        self.wrapped += 1;
        if self.wrapped > MAX_DEPTH {
            return self.push(Scalar::Null);
        }
        value.serialize(self)
    }

    fn array(self) -> Below<'w> {
        let elements = Elements::of(self.trie, self.step.to);
        let at = self.found.open(self.step, Scalar::Array(0));
        Below {
            trie: self.trie,
            found: self.found,
            wrapped: self.wrapped,
            elements,
            fields: 0,
            first_name: None,
            key: None,
            at,
            len: 0,
            keys: 0,
            around: None,
        }
    }

    fn object(self) -> Below<'w> {
        let at = self.found.open_object(self.step);
        Below {
            trie: self.trie,
            found: self.found,
            wrapped: self.wrapped,
            elements: None,
            fields: self.step.to,
            first_name: self.step.first_name(self.trie),
            key: None,
            at,
            len: 0,
            keys: 0,
            around: None,
        }
    }

    /// `{"Variant": …}`, serde's externally tagged format. Returns a walker for its data, if a path leads there.
    fn variant(self, variant: &'static str) -> (Option<Walker<'w>>, usize) {
        let at = self.found.open_object(self.step);
        let Self { trie, found, step, wrapped } = self;
        match trie.field(step.to, variant.as_bytes()).filter(|_| step.to != 0) {
            Some(edge) => (Some(Walker { trie, found, step: Step::of(edge), wrapped }), at),
            None => {
                found.close(at, 1);
                (None, at)
            }
        }
    }
}

/// The contents of an array or an object.
struct Below<'w> {
    trie: &'w Trie,
    found: &'w mut Found<'static>,
    wrapped: usize,
    elements: Option<Elements>,
    /// The place of an object's fields; 0 if no path continues.
    fields: u16,
    first_name: Option<Step>,
    key: Option<String>,
    at: usize,
    len: usize,
    /// A bit set of the keys found.
    keys: u64,
    /// The enclosing object that names a variant.
    around: Option<usize>,
}

/// The data of a variant, if a path leads there.
struct Variant<'w>(Option<Below<'w>>);

impl Below<'_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        self.len += 1;
        match self.elements.filter(|elements| self.len <= usize::from(elements.most)) {
            Some(elements) => self.value(elements.step, value),
            None => Ok(()),
        }
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Stop> {
        self.len += 1;
        if self.fields == 0 {
            return Ok(());
        }
        if self.len == 1
            && let Some(step) = self.first_name
        {
            let name = self.found.copied(step, key);
            self.keys |= step.bit();
            self.found.push(step, name);
        }
        match self.trie.field(self.fields, key.as_bytes()).map(Step::of) {
            Some(step) => {
                self.keys |= step.bit();
                self.value(step, value)
            }
            None => Ok(()),
        }
    }

    fn value<T: Serialize + ?Sized>(&mut self, step: Step, value: &T) -> Result<(), Stop> {
        value.serialize(Walker { trie: self.trie, found: &mut *self.found, step, wrapped: self.wrapped })
    }

    fn finish(self) -> Result<(), Stop> {
        self.found.close_object(self.at, self.len, self.keys);
        if let Some(around) = self.around {
            self.found.close(around, 1);
        }
        Ok(())
    }
}

macro_rules! ints {
    ($($name:ident: $ty:ty),*) => {$(
        fn $name(self, v: $ty) -> Result<(), Stop> {
            self.push(i64::try_from(v).map_or(Scalar::Float(v as f64), Scalar::Int))
        }
    )*};
}

impl<'w> ser::Serializer for Walker<'w> {
    type Ok = ();
    type Error = Stop;
    type SerializeSeq = Below<'w>;
    type SerializeTuple = Below<'w>;
    type SerializeTupleStruct = Below<'w>;
    type SerializeTupleVariant = Variant<'w>;
    type SerializeMap = Below<'w>;
    type SerializeStruct = Below<'w>;
    type SerializeStructVariant = Variant<'w>;

    ints!(serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
          serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u128: u128);

    fn serialize_u64(self, v: u64) -> Result<(), Stop> {
        self.push(i64::try_from(v).map_or(Scalar::UInt(v), Scalar::Int))
    }

    fn serialize_bool(self, v: bool) -> Result<(), Stop> {
        self.push(Scalar::Bool(v))
    }

    fn serialize_f32(self, v: f32) -> Result<(), Stop> {
        self.serialize_f64(widened(v))
    }

    fn serialize_f64(self, v: f64) -> Result<(), Stop> {
        self.push(if v.is_finite() { Scalar::Float(v) } else { Scalar::Null })
    }

    fn serialize_char(self, v: char) -> Result<(), Stop> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, v: &str) -> Result<(), Stop> {
        let text = self.found.copied(self.step, v);
        self.push(text)
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<(), Stop> {
        self.push(Scalar::Array(v.len()))
    }

    fn serialize_none(self) -> Result<(), Stop> {
        self.push(Scalar::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Stop> {
        self.unwrap(value)
    }

    fn serialize_unit(self) -> Result<(), Stop> {
        self.push(Scalar::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Stop> {
        self.push(Scalar::Null)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Stop> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Stop> {
        self.unwrap(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Stop> {
        let (Some(Walker { trie, found, step, wrapped }), at) = self.variant(variant) else { return Ok(()) };
        value.serialize(Walker { trie, found: &mut *found, step, wrapped })?;
        found.close(at, 1);
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Below<'w>, Stop> {
        Ok(self.array())
    }

    fn serialize_tuple(self, _: usize) -> Result<Below<'w>, Stop> {
        Ok(self.array())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Below<'w>, Stop> {
        Ok(self.array())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Variant<'w>, Stop> {
        let (inner, at) = self.variant(variant);
        Ok(Variant(inner.map(|inner| Below { around: Some(at), ..inner.array() })))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Below<'w>, Stop> {
        Ok(self.object())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Below<'w>, Stop> {
        Ok(self.object())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Variant<'w>, Stop> {
        let (inner, at) = self.variant(variant);
        Ok(Variant(inner.map(|inner| Below { around: Some(at), ..inner.object() })))
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), Stop> {
        if self.found.wants(self.step, 0) { self.serialize_str(&value.to_string()) } else { self.push(Scalar::Text(1)) }
    }
}

elements!(Below<'_>: SerializeSeq::serialize_element, SerializeTuple::serialize_element, SerializeTupleStruct::serialize_field);

impl ser::SerializeTupleVariant for Variant<'_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        self.0.as_mut().map_or(Ok(()), |below| below.element(value))
    }

    fn end(self) -> Result<(), Stop> {
        self.0.map_or(Ok(()), Below::finish)
    }
}

impl ser::SerializeStruct for Below<'_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Stop> {
        self.field(key, value)
    }

    fn end(self) -> Result<(), Stop> {
        self.finish()
    }
}

impl ser::SerializeStructVariant for Variant<'_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Stop> {
        self.0.as_mut().map_or(Ok(()), |below| below.field(key, value))
    }

    fn end(self) -> Result<(), Stop> {
        self.0.map_or(Ok(()), Below::finish)
    }
}

impl ser::SerializeMap for Below<'_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Stop> {
        self.key = Some(key_of(key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        let key = self.key.take().unwrap_or_default();
        self.field(&key, value)
    }

    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), Stop> {
        // Most keys are strings, which are read without a copy.
        let mut value = Some(value);
        match only_text::with(key, |key| value.take().map_or(Ok(()), |value| self.field(key, value))) {
            Ok(done) => done,
            Err(_) => {
                let key = key_of(key)?;
                value.map_or(Ok(()), |value| self.field(&key, value))
            }
        }
    }

    fn end(self) -> Result<(), Stop> {
        self.finish()
    }
}
