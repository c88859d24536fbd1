//! Builds the tape from any `Serialize` value.
//!
//! Values that the mode skips are not serialized: their `serialize` is not called.

use std::borrow::Cow;
use std::fmt;

use serde::ser::{self, Serialize};

use super::build::{Entry, JsonView, Value, end, open, place};
use super::keys::{Mode, Rule};
use super::serialize_container::{Container, Kind};
use super::string_only::Stop;
use super::{MAX_DEPTH, work};
use crate::user_code::{self, UserCode};

impl JsonView<'_> {
    /// Reads any serializable value. Values that the mode skips are not serialized.
    pub(crate) fn from_serialize<T: Serialize + ?Sized>(value: &T, mode: Mode) -> JsonView<'static> {
        let mut doc = JsonView::new(mode);
        doc.complete = build(value, &mut doc.tape, mode).is_ok();
        // A `Serialize` implementation can ignore an inner error.
        doc.close();
        doc.finished()
    }
}

fn build<T: Serialize + ?Sized>(value: &T, tape: &mut Vec<Entry<'static>>, mode: Mode) -> Result<(), Stop> {
    let root = Builder { tape, mode, rule: Rule::root(mode), key: Cow::Borrowed(""), depth: 0, wrapped: 0 };
    user_code::run(UserCode::Serialize, || value.serialize(root)).unwrap_or(Err(Stop))
}

/// Converts through the shortest decimal, so that 0.7 stays 0.7.
pub(super) fn widened(v: f32) -> f64 {
    if v.is_finite() { v.to_string().parse().unwrap_or(f64::from(v)) } else { f64::from(v) }
}

pub(super) struct Builder<'t> {
    pub(super) tape: &'t mut Vec<Entry<'static>>,
    pub(super) mode: Mode,
    pub(super) rule: Rule,
    pub(super) key: Cow<'static, str>,
    /// The number of enclosing containers.
    pub(super) depth: usize,
    /// The number of enclosing wrappers: see [`unwrap`](Self::unwrap).
    pub(super) wrapped: usize,
}

impl<'t> Builder<'t> {
    fn push(self, value: Value<'static>) -> Result<(), Stop> {
        if self.tape.len() >= JsonView::MAX_ENTRIES {
            return Err(Stop);
        }
        work::node();
        let end = place(self.tape.len() + 1);
        self.tape.push(Entry { key: self.key, value, end });
        Ok(())
    }

    fn container(self, kind: Kind, enter: bool, len: Option<usize>) -> Result<Container<'t>, Stop> {
        let Self { tape, mode, rule, key, depth, wrapped } = self;
        let enter = enter && depth < MAX_DEPTH;
        let at = tape.len();
        let value = if enter { kind.value(0) } else { Value::Elided(len.unwrap_or(0)) };
        Builder { tape: &mut *tape, mode, rule, key, depth, wrapped }.push(value)?;
        if enter {
            open(tape, at);
        }
        Ok(Container {
            tape,
            mode,
            rule,
            depth,
            wrapped,
            kind,
            at,
            enter,
            len: 0,
            numbers: 0,
            key: None,
            wrapper: None,
        })
    }

    /// Reads a value that serializes as its inner value. The nesting of wrappers is limited, because a recursive type
    /// can consist only of wrappers.
    fn unwrap<T: Serialize + ?Sized>(mut self, value: &T) -> Result<(), Stop> {
        self.wrapped += 1;
        if self.wrapped > MAX_DEPTH {
            return self.push(Value::Null);
        }
        value.serialize(self)
    }

    /// `{"Variant": …}`, serde's externally tagged format.
    fn variant(mut self, variant: &'static str) -> Result<(Builder<'t>, usize), Stop> {
        let at = self.tape.len();
        let key = std::mem::take(&mut self.key);
        let Self { tape, mode, rule, depth, wrapped, .. } = self;
        if depth >= MAX_DEPTH {
            return Err(Stop);
        }
        Builder { tape: &mut *tape, mode, rule, key, depth, wrapped }.push(Value::Object(1))?;
        open(tape, at);
        let rule = mode.rule(variant, rule);
        Ok((Builder { tape, mode, rule, key: Cow::Borrowed(variant), depth: depth + 1, wrapped }, at))
    }
}

macro_rules! ints {
    ($($name:ident: $ty:ty),*) => {$(
        fn $name(self, v: $ty) -> Result<(), Stop> {
            self.push(i64::try_from(v).map_or(Value::Float(v as f64), Value::Int))
        }
    )*};
}

impl<'t> ser::Serializer for Builder<'t> {
    type Ok = ();
    type Error = Stop;
    type SerializeSeq = Container<'t>;
    type SerializeTuple = Container<'t>;
    type SerializeTupleStruct = Container<'t>;
    type SerializeTupleVariant = Container<'t>;
    type SerializeMap = Container<'t>;
    type SerializeStruct = Container<'t>;
    type SerializeStructVariant = Container<'t>;

    ints!(serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
          serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u128: u128);

    fn serialize_u64(self, v: u64) -> Result<(), Stop> {
        self.push(i64::try_from(v).map_or(Value::UInt(v), Value::Int))
    }

    fn serialize_bool(self, v: bool) -> Result<(), Stop> {
        self.push(Value::Bool(v))
    }

    fn serialize_f32(self, v: f32) -> Result<(), Stop> {
        self.serialize_f64(widened(v))
    }

    fn serialize_f64(self, v: f64) -> Result<(), Stop> {
        self.push(if v.is_finite() { Value::Float(v) } else { Value::Null })
    }

    fn serialize_char(self, v: char) -> Result<(), Stop> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, v: &str) -> Result<(), Stop> {
        let keep = self.mode.keeps(self.rule, v.len());
        self.push(if keep { Value::Str(Cow::Owned(v.to_owned())) } else { Value::ElidedStr(v.len()) })
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<(), Stop> {
        self.push(Value::Elided(v.len()))
    }

    fn serialize_none(self) -> Result<(), Stop> {
        self.push(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Stop> {
        self.unwrap(value)
    }

    fn serialize_unit(self) -> Result<(), Stop> {
        self.push(Value::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Stop> {
        self.push(Value::Null)
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
        let (inner, at) = self.variant(variant)?;
        let Builder { tape, mode, rule, key, depth, wrapped } = inner;
        value.serialize(Builder { tape: &mut *tape, mode, rule, key, depth, wrapped })?;
        end(tape, at);
        Ok(())
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Container<'t>, Stop> {
        let enter = self.rule.enter;
        self.container(Kind::Array, enter, len)
    }

    fn serialize_tuple(self, len: usize) -> Result<Container<'t>, Stop> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Container<'t>, Stop> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Container<'t>, Stop> {
        let (inner, at) = self.variant(variant)?;
        Ok(Container { wrapper: Some(at), ..inner.serialize_seq(Some(len))? })
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Container<'t>, Stop> {
        let enter = self.rule.enter;
        self.container(Kind::Object, enter, len)
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Container<'t>, Stop> {
        self.serialize_map(Some(len))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Container<'t>, Stop> {
        let (inner, at) = self.variant(variant)?;
        Ok(Container { wrapper: Some(at), ..inner.serialize_map(Some(len))? })
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), Stop> {
        if self.rule.strings { self.serialize_str(&value.to_string()) } else { self.push(Value::ElidedStr(1)) }
    }
}
