//! Retrieved documents in the JSON of the conventions: a list of objects with an id and a score.

use std::ops::Range;

use super::found;
use crate::arguments::captured_value::CapturedValue;
use crate::json::{Key, Node, Text, Tree, write_str};
use crate::policy::{ContentShape, Filter, Place, TextKind, rewrite};
use crate::wire::paths::keys;

/// Keys of the list of search results, if it is nested.
const LISTS: &[Key] = keys!["documents", "results", "matches", "hits", "points", "records", "memories", "data"];

/// Writes the documents of a result as an array. Returns `None` if there are none. A value that is not an object
/// becomes a document; with `wrap`, an object without `content` becomes the content of one.
pub(crate) fn write(root: Node<'_>, wrap: bool, filter: &mut Filter) -> Option<String> {
    if root.is_null() {
        return None;
    }
    let mut out = String::from("[");
    let mut items: Vec<(Range<usize>, bool)> = Vec::new();
    let mut add = |node: Node<'_>, filter: &mut Filter| {
        if !items.is_empty() {
            out.push(',');
        }
        let at = out.len();
        one_of(&mut out, node, wrap, filter);
        items.push((at..out.len(), false));
    };
    match list(root) {
        Some(list) => list.items().for_each(|node| add(node, filter)),
        None => add(root, filter),
    }
    filter.array(out, &items, ContentShape::Documents)
}

/// A text as one document.
pub(crate) fn one(text: &str, filter: &mut Filter) -> String {
    let mut out = String::from("[{\"content\":");
    filter.text(&mut out, Text::Plain(text), Place::of(TextKind::Text));
    out.push_str("}]");
    out
}

/// The number of documents.
pub(crate) fn count(what: &CapturedValue<'_>) -> Option<i64> {
    let found = found(what)?;
    i64::try_from(list(found.root())?.len()).ok()
}

fn list<'d, T: Tree<'d>>(root: T) -> Option<T> {
    if root.is_array() {
        return Some(root);
    }
    LISTS.iter().find_map(|key| {
        let node = root.get(*key)?;
        // Search engines nest the list under the same key: `hits.hits`.
        if node.is_array() { Some(node) } else { node.get(*key).filter(|node| node.is_array()) }
    })
}

fn one_of(out: &mut String, node: Node<'_>, wrap: bool, filter: &mut Filter) {
    let place = Place::of(TextKind::Text);
    if node.is_object() && (!wrap || node.get("content").is_some()) {
        return rewrite::document(out, node, filter);
    }
    out.push('{');
    let mut rest = Some(node);
    if node.is_array() {
        // A tuple as returned by vector stores: a score, an id, the document.
        let parts: Vec<Node<'_>> = node.items().collect();
        let score = parts.iter().position(|part| part.f64().is_some());
        let id = parts.iter().position(|part| part.is_str()).filter(|_| parts.len() > 2);
        if let Some(at) = id {
            out.push_str("\"id\":");
            filter.json(out, parts[at], place);
            out.push(',');
        }
        if let Some(at) = score {
            out.push_str("\"score\":");
            rewrite::number(out, parts[at], filter);
            out.push(',');
            rest =
                parts.iter().enumerate().find(|(other, _)| *other != at && Some(*other) != id).map(|(_, part)| *part);
        }
    }
    match rest {
        Some(rest) => {
            write_str(out, "content");
            out.push(':');
            filter.json(out, rest, place);
        }
        None if out.ends_with(',') => {
            out.pop();
        }
        None => {}
    }
    out.push('}');
}
