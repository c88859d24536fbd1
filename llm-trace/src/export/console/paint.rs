//! Terminal colours.

use std::fmt::Display;
use std::io::IsTerminal;

/// Whether to colour.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Paint(pub(super) bool);

/// The few colours in use.
#[derive(Clone, Copy, Debug)]
pub(super) enum Colour {
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Blue,
    Magenta,
    Cyan,
}

impl Paint {
    pub(super) fn for_stderr() -> Self {
        Self::decide(&|name| std::env::var(name).ok(), std::io::stderr().is_terminal())
    }

    /// `NO_COLOR` takes precedence over `CLICOLOR_FORCE`, and that over the terminal detection.
    pub(super) fn decide(get: &dyn Fn(&str) -> Option<String>, terminal: bool) -> Self {
        let set = |name: &str| get(name).filter(|value| !value.is_empty());
        if set("NO_COLOR").is_some() {
            return Self(false);
        }
        if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
            return Self(true);
        }
        let plain = set("CLICOLOR").as_deref() == Some("0") || set("TERM").as_deref() == Some("dumb");
        Self(terminal && !plain)
    }

    pub(super) fn paint(self, colour: Colour, text: impl Display) -> String {
        let text = text.to_string();
        if !self.0 || text.is_empty() {
            return text;
        }
        let code = match colour {
            Colour::Bold => 1,
            Colour::Dim => 2,
            Colour::Red => 31,
            Colour::Green => 32,
            Colour::Yellow => 33,
            Colour::Blue => 34,
            Colour::Magenta => 35,
            Colour::Cyan => 36,
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}
