//! Joins pieces of one text that are separate on the wire.

use crate::json::Text;

/// The joined text.
pub(super) enum JoinedText<'d> {
    One(Text<'d>),
    Many(String),
}

impl<'d> JoinedText<'d> {
    /// Joins the pieces. Returns `None` if there are none.
    pub(super) fn of(pieces: impl Iterator<Item = Text<'d>>) -> Option<Self> {
        let mut pieces = pieces.filter(|piece| !piece.is_empty());
        let first = pieces.next()?;
        Some(pieces.fold(Self::One(first), |known, next| match (known, next) {
            (Self::One(Text::Plain(known)), Text::Plain(next)) => Self::Many(format!("{known}{next}")),
            (Self::Many(mut known), Text::Plain(next)) => {
                known.push_str(next);
                Self::Many(known)
            }
            (Self::One(Text::Elided(known)), Text::Elided(next)) => Self::One(Text::Elided(known.saturating_add(next))),
            (known, _) => known,
        }))
    }

    pub(super) fn as_text(&self) -> Text<'_> {
        match self {
            Self::One(text) => *text,
            Self::Many(text) => Text::Plain(text),
        }
    }
}
