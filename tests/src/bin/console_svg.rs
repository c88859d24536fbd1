//! Renders terminal output as a picture: ANSI text in, SVG out. `docs/console.sh` uses it for README.md.

use std::io::{Read as _, Write as _};

use anstyle_svg::Term;

/// Replacements of terminal colours that are readable on the card: old, new.
const COLOURS: [(&str, &str); 9] = [
    ("#000000", "#1b1f27"),
    ("#AAAAAA", "#dfe3ea"),
    ("#0000AA", "#7aa7ff"),
    ("#00AAAA", "#56c8d8"),
    ("#00AA00", "#7fd07f"),
    ("#AA00AA", "#d79be8"),
    ("#AA0000", "#ff7b72"),
    ("#AA5500", "#e3b35c"),
    ("opacity: 0.4", "opacity: 0.6"),
];

fn main() -> std::io::Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    // The card has its own background, so it is readable on light and dark pages.
    let card = Term::new().render_svg(text.trim_end());
    let card = COLOURS.iter().fold(card, |card, (old, new)| card.replace(old, new));
    std::io::stdout().write_all(card.as_bytes())
}
