//! The place of a text in a call.

/// The place of a text that a scrubber receives.
///
/// ```
/// use llm_trace::{Policy, TextKind};
/// use tracing_subscriber::prelude::*;
///
/// // Replaces the results of tools and keeps all other texts.
/// let policy = Policy::new().scrub(|text, place| match (place.kind(), place.role()) {
///     (TextKind::ToolResult, _) => Some(format!("[{} bytes]", text.len())),
///     _ => None,
/// });
/// tracing_subscriber::registry().with(llm_trace::layer().with_policy(policy)).init();
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place<'a> {
    pub(crate) role: &'a str,
    pub(crate) kind: TextKind,
}

/// The kind of a text.
///
/// ```
/// use llm_trace::TextKind;
///
/// assert_eq!(TextKind::ToolResult.as_str(), "tool_result");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TextKind {
    /// A message's text, an instruction, a refusal, a query.
    Text,
    /// A model's reasoning.
    Reasoning,
    /// A string, number or key in a tool call's arguments.
    Arguments,
    /// A string, number or key in a tool's result.
    ToolResult,
    /// A tool's description, or a string in its parameters.
    ToolDefinition,
    /// Media as base64.
    Media,
    /// An address or identifier of media or of a file.
    Uri,
    /// An error's message or stack.
    Error,
    /// The name of a span or of an event.
    Name,
    /// The value of an attribute that no convention defines as content.
    Metadata,
    /// The message of another crate's event.
    Event,
}

impl TextKind {
    /// Whether the text is not part of a message. Every policy removes credentials from such texts.
    pub(super) fn is_free_text(self) -> bool {
        matches!(self, TextKind::Error | TextKind::Name | TextKind::Metadata | TextKind::Event | TextKind::Uri)
    }

    /// The name of this kind in `llm_trace.redaction`.
    pub fn as_str(self) -> &'static str {
        match self {
            TextKind::Text => "text",
            TextKind::Reasoning => "reasoning",
            TextKind::Arguments => "arguments",
            TextKind::ToolResult => "tool_result",
            TextKind::ToolDefinition => "tool_definition",
            TextKind::Media => "media",
            TextKind::Uri => "uri",
            TextKind::Error => "error",
            TextKind::Name => "name",
            TextKind::Metadata => "metadata",
            TextKind::Event => "event",
        }
    }
}

/// Roles of messages that no model wrote. Empty: outside of a message.
const OTHER_ROLES: &[&str] =
    &["", "user", "system", "developer", "tool", "function", "human", "instruction", "context", "document", "error"];

/// Whether a model may have written messages of this role.
pub(crate) fn is_role_of_model(role: &str) -> bool {
    !OTHER_ROLES.iter().any(|other| role.eq_ignore_ascii_case(other))
}

/// Types of messages and parts that a model wrote, of several APIs and of LangChain.
const TYPES_OF_MODEL: &[&str] = &[
    "ai",
    "aimessage",
    "aimessagechunk",
    "assistant",
    "output_text",
    "refusal",
    "response",
    "tool_use",
    "toolcall",
    "tooluse",
];

/// Whether a model wrote the messages or parts of this type, whatever their role.
pub(crate) fn is_type_of_model(kind: &str) -> bool {
    let ends = |end: &str| {
        let at = kind.len().checked_sub(end.len());
        at.and_then(|at| kind.get(at..)).is_some_and(|at| at.eq_ignore_ascii_case(end))
    };
    TYPES_OF_MODEL.iter().any(|known| kind.eq_ignore_ascii_case(known))
        || ["_call", "-call", "_call_part", "tool_use", "reasoning", "reasoning_part", "thinking"].into_iter().any(ends)
}

impl<'a> Place<'a> {
    /// The kind of the text.
    pub fn kind(&self) -> TextKind {
        self.kind
    }

    /// Whether a model wrote the text, by the kind of its part or the role of its message. Unknown roles count as a
    /// model's.
    pub(crate) fn is_by_model(&self) -> bool {
        matches!(self.kind, TextKind::Reasoning | TextKind::Arguments) || is_role_of_model(self.role)
    }

    /// The role of the message; empty outside of messages.
    pub fn role(&self) -> &'a str {
        self.role
    }

    pub(crate) fn text(role: &'a str) -> Self {
        Self { role, kind: TextKind::Text }
    }
    /// The text of a part without a kind of its own, by the type of the part.
    pub(crate) fn part(kind: &str, role: &'a str) -> Self {
        Self::text(if is_type_of_model(kind) { "assistant" } else { role })
    }
    pub(crate) fn reasoning(role: &'a str) -> Self {
        Self { role, kind: TextKind::Reasoning }
    }
    pub(crate) fn arguments(role: &'a str) -> Self {
        Self { role, kind: TextKind::Arguments }
    }
    pub(crate) fn tool_result(role: &'a str) -> Self {
        Self { role, kind: TextKind::ToolResult }
    }
    pub(crate) fn media(role: &'a str) -> Self {
        Self { role, kind: TextKind::Media }
    }
    pub(crate) fn uri(role: &'a str) -> Self {
        Self { role, kind: TextKind::Uri }
    }
    pub(crate) fn error() -> Self {
        Self { role: "error", kind: TextKind::Error }
    }
    pub(crate) fn tool_definition() -> Self {
        Self { role: "system", kind: TextKind::ToolDefinition }
    }
}

impl Place<'static> {
    pub(crate) fn of(kind: TextKind) -> Self {
        Self { role: "", kind }
    }
}
