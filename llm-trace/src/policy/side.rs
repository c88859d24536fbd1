//! The side of a call that a text belongs to.

/// The side of a call that a text belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    Input,
    Output,
    /// Unknown: masked if either side is.
    Either,
}

impl Side {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Side::Input => "input",
            Side::Output => "output",
            Side::Either => "content",
        }
    }
}
