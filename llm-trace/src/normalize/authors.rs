//! Asks the guard for the authors that an input names, so that a conversion keeps them.

use crate::json::{JsonView, Mode, Node};
use crate::policy::Filter;
use crate::policy::authors;
use crate::policy::place::is_role_of_model;

/// Whether the guard finds a part of a model in an input of another crate.
pub(super) fn names_model(text: &str) -> bool {
    finds_model(|filter| authors::rewrite(text, filter))
}

fn finds_model(rewrite: impl FnOnce(&mut Filter) -> String) -> bool {
    let mut filter = Filter::of_model_parts();
    rewrite(&mut filter);
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
    is_role_of_model(role) || !finds_model(|filter| authors::rewrite_by_role(message, filter))
}
