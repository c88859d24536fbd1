//! The masks of a call's input and output, and how they are read from metadata.

/// The masks of a call's input and output.
///
/// Masks can be added but never removed.
///
/// ```
/// use llm_trace::Masks;
///
/// let masks = Masks::new().mask_input(true);
/// assert_eq!(masks.mask_input(false), masks);
/// assert_eq!(masks.union(Masks::new().mask_output(true)), Masks::all());
/// assert!(masks.any() && masks.input() && !masks.output());
/// assert!(!Masks::new().clear_default().any());
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Masks {
    pub(crate) input: bool,
    pub(crate) output: bool,
    /// [`Policy::default_mask`](crate::Policy::default_mask) does not apply.
    pub(crate) cleared: bool,
    /// Inside a model call: while capture is off, free text of other code is not exported.
    pub(crate) model_call: bool,
}

impl Masks {
    /// Creates an empty set of masks.
    pub const fn new() -> Self {
        Self { input: false, output: false, cleared: false, model_call: false }
    }

    /// Creates a set that masks input and output.
    pub const fn all() -> Self {
        Self { input: true, output: true, cleared: false, model_call: false }
    }

    /// Masks the input. `false` changes nothing.
    #[must_use]
    pub const fn mask_input(mut self, mask: bool) -> Self {
        self.input |= mask;
        self
    }

    /// Masks the output. `false` changes nothing.
    #[must_use]
    pub const fn mask_output(mut self, mask: bool) -> Self {
        self.output |= mask;
        self
    }

    /// Exempts calls below this scope from [`Policy::default_mask`](crate::Policy::default_mask). All other masks still
    /// apply.
    #[must_use]
    pub const fn clear_default(mut self) -> Self {
        self.cleared = true;
        self
    }

    /// Combines two sets: a side is masked if either set masks it.
    #[must_use]
    pub const fn union(self, other: Masks) -> Self {
        Self {
            input: self.input || other.input,
            output: self.output || other.output,
            cleared: self.cleared || other.cleared,
            model_call: self.model_call || other.model_call,
        }
    }

    /// Creates the masks for the inside of a model call, which mask nothing.
    pub(crate) const fn inside_model_call() -> Self {
        Self { model_call: true, ..Self::new() }
    }

    /// Whether the input is masked.
    pub const fn input(self) -> bool {
        self.input
    }

    /// Whether the output is masked.
    pub const fn output(self) -> bool {
        self.output
    }

    /// Whether the input or the output is masked.
    pub const fn any(self) -> bool {
        self.input || self.output
    }

    pub(crate) const fn bits(self) -> u8 {
        self.input as u8 | (self.output as u8) << 1 | (self.cleared as u8) << 2 | (self.model_call as u8) << 3
    }

    pub(crate) const fn from_bits(bits: u8) -> Self {
        Self { input: bits & 1 != 0, output: bits & 2 != 0, cleared: bits & 4 != 0, model_call: bits & 8 != 0 }
    }

    /// Reads `mask_input` and `mask_output` from a request's metadata or a gateway's headers.
    ///
    /// Names match in any case, with `-` or `_`, and with an optional `x-` prefix. These values do not mask: `false`,
    /// `0`, `null`, an empty text, and the texts `"false"`, `"0"`, `"no"`, `"off"`, `"none"` and `"null"` in any case.
    /// Every other value masks, because an unknown value is more likely a request to mask than not.
    ///
    /// ```
    /// use llm_trace::Masks;
    ///
    /// let metadata = serde_json::json!({"mask_input": "true", "user": "u1"});
    /// assert_eq!(Masks::from_metadata(&metadata), Masks::new().mask_input(true));
    /// ```
    pub fn from_metadata<M: MaskSource + ?Sized>(metadata: &M) -> Self {
        let mut masks = Self::new();
        metadata.each_flag(&mut |name, on| {
            if on {
                masks = masks.mask_input(is_name(name, b"mask_input")).mask_output(is_name(name, b"mask_output"));
            }
        });
        masks
    }

    /// Like [`from_metadata`](Self::from_metadata), from pairs of names and values.
    pub fn from_pairs<K: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        pairs.into_iter().fold(Self::new(), |masks, (name, value)| {
            let on = value.as_ref().is_mask();
            masks
                .mask_input(on && is_name(name.as_ref(), b"mask_input"))
                .mask_output(on && is_name(name.as_ref(), b"mask_output"))
        })
    }
}

fn is_name(name: &str, wanted: &[u8]) -> bool {
    let name = name.as_bytes();
    let name = match name {
        [b'x' | b'X', b'-' | b'_', rest @ ..] => rest,
        _ => name,
    };
    name.len() == wanted.len()
        && name.iter().zip(wanted).all(|(a, b)| a.to_ascii_lowercase() == *b || (*a == b'-' && *b == b'_'))
}

/// A source of mask flags by name: a JSON object, a map, or headers.
///
/// This trait is sealed. For other types, pass the pairs to [`Masks::from_pairs`].
///
/// ```
/// use llm_trace::Masks;
///
/// let metadata = serde_json::json!({"mask_output": "true", "session_id": "s1"});
/// assert_eq!(Masks::from_metadata(&metadata), Masks::new().mask_output(true));
/// ```
pub trait MaskSource: sealed::Sealed {
    /// Calls `flag` with each name and whether its value asks for a mask.
    #[doc(hidden)]
    fn each_flag(&self, flag: &mut dyn FnMut(&str, bool));
}

/// A metadata value that can ask for a mask. Implement it for your own value types.
///
/// ```
/// use llm_trace::MaskFlag;
///
/// assert!("yes".is_mask() && 1.is_mask() && true.is_mask());
/// assert!(!"off".is_mask() && !0.is_mask() && !None::<bool>.is_mask());
/// ```
pub trait MaskFlag {
    /// Whether this value asks for a mask.
    fn is_mask(&self) -> bool;
}

impl MaskFlag for bool {
    fn is_mask(&self) -> bool {
        *self
    }
}

impl MaskFlag for i64 {
    fn is_mask(&self) -> bool {
        *self != 0
    }
}

impl MaskFlag for str {
    fn is_mask(&self) -> bool {
        let text = self.trim();
        !(text.is_empty() || ["false", "0", "no", "off", "null", "none"].iter().any(|no| text.eq_ignore_ascii_case(no)))
    }
}

impl MaskFlag for String {
    fn is_mask(&self) -> bool {
        self.as_str().is_mask()
    }
}

impl<T: MaskFlag + ?Sized> MaskFlag for &T {
    fn is_mask(&self) -> bool {
        (**self).is_mask()
    }
}

impl<T: MaskFlag> MaskFlag for Option<T> {
    fn is_mask(&self) -> bool {
        self.as_ref().is_some_and(MaskFlag::is_mask)
    }
}

impl MaskFlag for serde_json::Value {
    fn is_mask(&self) -> bool {
        match self {
            serde_json::Value::Null => false,
            serde_json::Value::Bool(mask) => *mask,
            serde_json::Value::Number(number) => number.as_f64() != Some(0.0),
            serde_json::Value::String(text) => text.is_mask(),
            _ => true,
        }
    }
}

mod sealed {
    use std::collections::{BTreeMap, HashMap};

    use serde_json::{Map, Value};

    pub trait Sealed {}

    impl Sealed for Map<String, Value> {}
    impl Sealed for Value {}
    impl<K, V, S> Sealed for HashMap<K, V, S> {}
    impl<K, V> Sealed for BTreeMap<K, V> {}
    impl<K, V> Sealed for [(K, V)] {}
    #[cfg(feature = "http")]
    impl Sealed for http::HeaderMap {}
}

impl MaskSource for serde_json::Map<String, serde_json::Value> {
    fn each_flag(&self, flag: &mut dyn FnMut(&str, bool)) {
        for (name, value) in self {
            flag(name, value.is_mask());
        }
    }
}

impl MaskSource for serde_json::Value {
    fn each_flag(&self, flag: &mut dyn FnMut(&str, bool)) {
        if let serde_json::Value::Object(map) = self {
            map.each_flag(flag);
        }
    }
}

impl<K: AsRef<str>, V: MaskFlag, S> MaskSource for std::collections::HashMap<K, V, S> {
    fn each_flag(&self, flag: &mut dyn FnMut(&str, bool)) {
        for (name, value) in self {
            flag(name.as_ref(), value.is_mask());
        }
    }
}

impl<K: AsRef<str>, V: MaskFlag> MaskSource for std::collections::BTreeMap<K, V> {
    fn each_flag(&self, flag: &mut dyn FnMut(&str, bool)) {
        for (name, value) in self {
            flag(name.as_ref(), value.is_mask());
        }
    }
}

impl<K: AsRef<str>, V: MaskFlag> MaskSource for [(K, V)] {
    fn each_flag(&self, flag: &mut dyn FnMut(&str, bool)) {
        for (name, value) in self {
            flag(name.as_ref(), value.is_mask());
        }
    }
}

#[cfg(feature = "http")]
impl MaskSource for http::HeaderMap {
    fn each_flag(&self, flag: &mut dyn FnMut(&str, bool)) {
        for (name, value) in self {
            // A value that is not text is none of the words that disable a mask.
            flag(name.as_str(), value.to_str().map_or(true, MaskFlag::is_mask));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn metadata_masks_by_any_spelling_of_yes() {
        for yes in ["true", "TRUE", "1", " true ", "yes", "maybe"] {
            assert!(Masks::from_pairs([("mask_input", yes)]).input(), "{yes}");
        }
        for no in ["false", "False", "0", "", "no", "off", "null"] {
            assert!(!Masks::from_pairs([("mask_input", no)]).any(), "{no}");
        }
        let json = serde_json::json!({"mask_input": 1, "mask_output": true});
        assert_eq!(Masks::from_metadata(&json), Masks::all());
        let json = serde_json::json!({"mask_input": 0, "mask_output": null});
        assert_eq!(Masks::from_metadata(&json), Masks::new());
        let map: HashMap<&str, bool> = [("Mask-Output", true)].into();
        assert_eq!(Masks::from_metadata(&map), Masks::new().mask_output(true));
    }

    #[test]
    fn names_count_in_any_case_and_with_dashes() {
        for name in ["mask_input", "Mask-Input", "X-Mask-Input", "x_mask_input"] {
            assert_eq!(Masks::from_pairs([(name, "1")]), Masks::new().mask_input(true), "{name}");
        }
        assert!(!Masks::from_pairs([("unmask_input", "1"), ("mask_inputs", "1")]).any());
    }

    #[cfg(feature = "http")]
    #[test]
    fn headers_mask() {
        let mut headers = http::HeaderMap::new();
        headers.insert("x-mask-output", http::HeaderValue::from_bytes(b"\xff").expect("opaque bytes are allowed"));
        assert_eq!(Masks::from_metadata(&headers), Masks::new().mask_output(true));
    }

    #[test]
    fn bits_round_trip() {
        for bits in 0..16 {
            assert_eq!(Masks::from_bits(bits).bits(), bits);
        }
    }
}
