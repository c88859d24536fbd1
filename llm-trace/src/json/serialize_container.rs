//! Builds the arrays and objects of a `Serialize` value.

use std::borrow::Cow;

use serde::ser::{self, Serialize};

use super::build::{Entry, Value, end, finish_array, pop_number, set};
use super::keys::{Mode, Rule};
use super::serialize::Builder;
use super::string_only::{self, Stop};

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Array,
    Object,
}

impl Kind {
    pub(super) fn value(self, len: usize) -> Value<'static> {
        match self {
            Kind::Array => Value::Array(len),
            Kind::Object => Value::Object(len),
        }
    }
}

pub(super) struct Container<'t> {
    pub(super) tape: &'t mut Vec<Entry<'static>>,
    pub(super) mode: Mode,
    pub(super) rule: Rule,
    pub(super) depth: usize,
    pub(super) wrapped: usize,
    pub(super) kind: Kind,
    pub(super) at: usize,
    pub(super) enter: bool,
    pub(super) len: usize,
    pub(super) numbers: usize,
    pub(super) key: Option<String>,
    pub(super) wrapper: Option<usize>,
}

impl Container<'_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        self.len += 1;
        if !self.enter {
            return Ok(());
        }
        let at = self.tape.len();
        value.serialize(Builder {
            tape: &mut *self.tape,
            mode: self.mode,
            rule: self.rule,
            key: Cow::Borrowed(""),
            depth: self.depth + 1,
            wrapped: self.wrapped,
        })?;
        if self.rule.count_numbers && pop_number(self.tape, at) {
            self.numbers += 1;
        }
        Ok(())
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: Cow<'static, str>, value: &T) -> Result<(), Stop> {
        self.len += 1;
        if !self.enter {
            return Ok(());
        }
        let rule = self.mode.rule(&key, self.rule);
        value.serialize(Builder {
            rule,
            tape: &mut *self.tape,
            mode: self.mode,
            key,
            depth: self.depth + 1,
            wrapped: self.wrapped,
        })
    }

    fn finish(self) -> Result<(), Stop> {
        match (self.enter, self.kind) {
            (false, _) => set(self.tape, self.at, Value::Elided(self.len)),
            (true, Kind::Array) => finish_array(self.tape, self.at, self.len, self.numbers),
            (true, Kind::Object) => {
                set(self.tape, self.at, Value::Object(self.len));
                end(self.tape, self.at);
            }
        }
        if let Some(at) = self.wrapper {
            end(self.tape, at);
        }
        Ok(())
    }
}

/// Serializes the elements of sequences and tuples alike.
macro_rules! elements {
    ($container:ty: $($trait:ident::$method:ident),*) => {$(
        impl ser::$trait for $container {
            type Ok = ();
            type Error = Stop;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
                self.element(value)
            }

            fn end(self) -> Result<(), Stop> {
                self.finish()
            }
        }
    )*};
}

pub(super) use elements;

elements!(
    Container<'_>:
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

macro_rules! fields {
    ($($trait:ident),*) => {$(
        impl ser::$trait for Container<'_> {
            type Ok = ();
            type Error = Stop;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Stop> {
                self.field(Cow::Borrowed(key), value)
            }

            fn end(self) -> Result<(), Stop> {
                self.finish()
            }
        }
    )*};
}

fields!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Container<'_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Stop> {
        self.key = Some(key_of(key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        let key = self.key.take().unwrap_or_default();
        self.field(Cow::Owned(key), value)
    }

    fn end(self) -> Result<(), Stop> {
        self.finish()
    }
}

/// A map's key as text.
pub(super) fn key_of<T: Serialize + ?Sized>(key: &T) -> Result<String, Stop> {
    string_only::with(key, str::to_owned).or_else(|_| {
        // Other keys are rare; `serde_json` decides which types are valid.
        match serde_json::to_value(key) {
            Ok(serde_json::Value::String(key)) => Ok(key),
            Ok(other) => Ok(other.to_string()),
            Err(_) => Err(Stop),
        }
    })
}
