//! The fields of a call's tracing span at creation, which samplers can read.

/// The fields of a call's span at its creation.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct StartFields<'a> {
    pub name: &'a str,
    pub kind: &'a str,
    pub operation: Option<&'a str>,
    pub provider: Option<&'a str>,
    pub model: Option<&'a str>,
    pub server_address: Option<&'a str>,
    pub server_port: Option<i64>,
    pub agent: Option<&'a str>,
    pub tool: Option<&'a str>,
    pub tool_type: Option<&'a str>,
}

/// Creates the span at its own callsite.
#[doc(hidden)]
pub type MakeSpan = fn(&StartFields<'_>) -> tracing::Span;

/// A function that creates a call's span, with a static callsite in the module that uses it.
#[doc(hidden)]
#[macro_export]
macro_rules! __make_span {
    (target: $target:expr, level: $level:expr, name: $name:expr) => {
        |__fields: &$crate::__private::StartFields<'_>| -> $crate::__private::tracing::Span {
            $crate::__private::tracing::span!(
                target: $target,
                $level,
                $name,
                otel.name = __fields.name,
                otel.kind = __fields.kind,
                gen_ai.operation.name = __fields.operation,
                gen_ai.provider.name = __fields.provider,
                gen_ai.request.model = __fields.model,
                server.address = __fields.server_address,
                server.port = __fields.server_port,
                gen_ai.agent.name = __fields.agent,
                gen_ai.tool.name = __fields.tool,
                // A literal, because older versions of `tracing` accept no keyword in a name.
                "gen_ai.tool.type" = __fields.tool_type,
            )
        }
    };
}
