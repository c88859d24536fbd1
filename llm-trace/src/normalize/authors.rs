//! Asks the guard for the authors that an input names, so that a conversion keeps them.

use crate::json::{JsonOutput, JsonView, Mode, Node, write_str};
use crate::policy::Filter;
use crate::policy::authors;
use crate::policy::place::is_role_of_model;

/// Whether the guard finds a part of a model in an input of another crate.
pub(super) fn names_model(text: &str) -> bool {
    let mut filter = Filter::of_model_parts();
    authors::rewrite(text, &mut filter);
    !filter.into_report().is_empty()
}

/// Whether a model wrote only the messages of its role: the other messages have no part of a model.
pub(super) fn roles_name_models(text: &str) -> bool {
    let doc = JsonView::from_slice(text.as_bytes(), Mode::Full);
    let root = doc.root();
    doc.is_complete() && if root.is_array() { root.items().all(role_is_author) } else { role_is_author(root) }
}

fn role_is_author(message: Node<'_>) -> bool {
    // If a key occurs twice, readers differ in which value counts.
    let mut roles = message.items().filter(|field| field.key() == "role");
    let (Some(role), None) = (roles.next().and_then(Node::str), roles.next()) else { return false };
    is_role_of_model(role) || !names_model(&without_braces(message))
}

/// The message without the braces in its prose: the role names the author, also if the text resembles a structure, as
/// code does. JSON in a text stays.
fn without_braces(message: Node<'_>) -> String {
    struct Prose;
    impl JsonOutput for Prose {
        fn string(&mut self, out: &mut String, text: &str) {
            let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            let is_document = start.starts_with(['{', '[', '"'])
                && JsonView::from_slice(start.as_bytes(), Mode::Structure).is_complete();
            match is_document {
                true => write_str(out, text),
                // With another sign before it, a text does not begin like a list.
                false if start.starts_with('[') => write_str(out, &format!(".{}", text.replace('{', ""))),
                false => write_str(out, &text.replace('{', "")),
            }
        }
    }
    let mut out = String::new();
    message.write_json(&mut out, &mut Prose);
    out
}
