//! W3C's `traceparent`: a trace id, a span id and whether they are sampled, in one text.

use opentelemetry::trace::{SpanId, TraceFlags, TraceId};

#[derive(Clone, Copy)]
pub(super) struct Traceparent {
    pub(super) trace: TraceId,
    pub(super) span: SpanId,
    pub(super) flags: TraceFlags,
}

impl Traceparent {
    /// By W3C's grammar: later versions may have more parts, version `ff` is none, and ids are not all zero.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let [version, trace, span, flags] = std::array::from_fn(|_| parts.next().unwrap_or_default());
        let [version] = lowercase_hex(version)?;
        if version == 0xff || version == 0 && parts.next().is_some() {
            return None;
        }
        let [flags] = lowercase_hex(flags)?;
        let trace = TraceId::from_bytes(lowercase_hex(trace)?);
        let span = SpanId::from_bytes(lowercase_hex(span)?);
        let is_valid = trace != TraceId::INVALID && span != SpanId::INVALID;
        is_valid.then_some(Self { trace, span, flags: TraceFlags::new(flags) & TraceFlags::SAMPLED })
    }
}

fn lowercase_hex<const N: usize>(hex: &str) -> Option<[u8; N]> {
    if hex.bytes().any(|byte| byte.is_ascii_uppercase()) { None } else { hex_bytes(hex) }
}

/// Exactly `N` bytes of hex.
pub(super) fn hex_bytes<const N: usize>(hex: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        *byte = u8::try_from(digit(high)? << 4 | digit(low)?).ok()?;
    }
    Some(bytes)
}
