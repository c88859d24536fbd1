//! Reads values that serialize as a string, without copying it.

use std::fmt;

use serde::ser::{self, Impossible, Serialize, Serializer};

use super::MAX_DEPTH;
use crate::user_code::{self, UserCode};

/// Stops serialization early. It has no text, because an error message could contain the value.
#[derive(Debug)]
pub(super) struct Stop;

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value could not be serialized")
    }
}

impl std::error::Error for Stop {}

impl ser::Error for Stop {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Stop
    }
}

/// Calls `see` with the string, if `value` serializes as one.
pub(super) fn with<T: Serialize + ?Sized, R>(value: &T, see: impl FnOnce(&str) -> R) -> Result<R, Stop> {
    value.serialize(OnlyText { see, wrapped: 0 })
}

/// Whether `value` serializes as a string. Other values are not serialized any further.
pub(crate) fn is_text<T: Serialize + ?Sized>(value: &T) -> bool {
    user_code::run(UserCode::Serialize, || with(value, |_| ()).is_ok()).unwrap_or(false)
}

struct OnlyText<F> {
    see: F,
    /// The number of wrappers, which is limited because a recursive type can consist only of wrappers.
    wrapped: usize,
}

impl<R, F: FnOnce(&str) -> R> OnlyText<F> {
    fn unwrap<T: Serialize + ?Sized>(mut self, value: &T) -> Result<R, Stop> {
        self.wrapped += 1;
        if self.wrapped > MAX_DEPTH { Err(Stop) } else { value.serialize(self) }
    }
}

macro_rules! no {
    ($($name:ident($($arg:ty),*) -> $ok:ty;)*) => {$(
        fn $name(self, $(_: $arg),*) -> Result<$ok, Stop> {
            Err(Stop)
        }
    )*};
}

impl<R, F: FnOnce(&str) -> R> Serializer for OnlyText<F> {
    type Ok = R;
    type Error = Stop;
    type SerializeSeq = Impossible<R, Stop>;
    type SerializeTuple = Impossible<R, Stop>;
    type SerializeTupleStruct = Impossible<R, Stop>;
    type SerializeTupleVariant = Impossible<R, Stop>;
    type SerializeMap = Impossible<R, Stop>;
    type SerializeStruct = Impossible<R, Stop>;
    type SerializeStructVariant = Impossible<R, Stop>;

    fn serialize_str(self, v: &str) -> Result<R, Stop> {
        Ok((self.see)(v))
    }

    fn serialize_char(self, v: char) -> Result<R, Stop> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<R, Stop> {
        self.serialize_str(variant)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<R, Stop> {
        self.unwrap(value)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<R, Stop> {
        self.unwrap(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<R, Stop> {
        Err(Stop)
    }

    no! {
        serialize_bool(bool) -> R;
        serialize_i8(i8) -> R;
        serialize_i16(i16) -> R;
        serialize_i32(i32) -> R;
        serialize_i64(i64) -> R;
        serialize_u8(u8) -> R;
        serialize_u16(u16) -> R;
        serialize_u32(u32) -> R;
        serialize_u64(u64) -> R;
        serialize_f32(f32) -> R;
        serialize_f64(f64) -> R;
        serialize_bytes(&[u8]) -> R;
        serialize_none() -> R;
        serialize_unit() -> R;
        serialize_unit_struct(&'static str) -> R;
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct(&'static str, usize) -> Self::SerializeStruct;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}
