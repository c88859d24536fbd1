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

impl StartFields<'_> {
    /// The names of the fields, in the order of [`__make_span`](crate::__make_span).
    pub(crate) const NAMES: [&'static str; 10] = [
        "otel.name",
        "otel.kind",
        "gen_ai.operation.name",
        "gen_ai.provider.name",
        "gen_ai.request.model",
        "server.address",
        "server.port",
        "gen_ai.agent.name",
        "gen_ai.tool.name",
        "gen_ai.tool.type",
    ];
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

#[cfg(test)]
mod tests {
    use super::{MakeSpan, StartFields};

    #[test]
    fn the_span_has_the_named_fields_in_order() {
        let make: MakeSpan = crate::__make_span!(target: "t", level: tracing::Level::INFO, name: "llm_call");
        let fields = StartFields {
            name: "chat",
            kind: "client",
            operation: None,
            provider: None,
            model: None,
            server_address: None,
            server_port: None,
            agent: None,
            tool: None,
            tool_type: None,
        };
        let span = tracing::subscriber::with_default(tracing_subscriber::registry(), || make(&fields));
        let names: Vec<_> = span.metadata().into_iter().flat_map(|span| span.fields()).map(|f| f.name()).collect();
        assert_eq!(names, StartFields::NAMES);
    }
}
