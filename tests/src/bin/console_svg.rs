//! What a terminal shows, as a picture: ANSI text in, SVG out. `docs/console.sh` makes the README's with it.

use std::io::{Read as _, Write as _};

use anstyle_svg::Term;

fn main() -> std::io::Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    // The card brings its own background: it reads the same on a light page and on a dark one.
    let card = Term::new().render_svg(text.trim_end());
    std::io::stdout().write_all(card.as_bytes())
}
