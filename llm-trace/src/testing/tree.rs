//! Spans as a tree, in the same order in every run.

use std::collections::HashMap;
use std::fmt;
use std::time::SystemTime;

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanId, Status};
use opentelemetry_sdk::trace::SpanData;
use serde_json::{Map, Value as Json};

use super::span::CapturedSpan;
use super::stable::{is_local, stable, without_ports};

struct Node {
    span: CapturedSpan,
    below: Vec<Node>,
}

/// The spans, each below its parent. A span whose parent was not captured is a root.
pub(super) struct Tree(Vec<Node>);

impl Tree {
    pub(super) fn new(spans: Vec<SpanData>) -> Self {
        let known: Vec<SpanId> = spans.iter().map(|span| span.span_context.span_id()).collect();
        let mut below: HashMap<Option<SpanId>, Vec<SpanData>> = HashMap::new();
        for span in spans {
            let parent = Some(span.parent_span_id).filter(|parent| known.contains(parent));
            below.entry(parent).or_default().push(span);
        }
        Tree(take(&mut below, None))
    }

    pub(super) fn flat(self) -> Vec<CapturedSpan> {
        fn flatten(nodes: Vec<Node>, all: &mut Vec<CapturedSpan>) {
            for node in nodes {
                all.push(node.span);
                flatten(node.below, all);
            }
        }
        let mut all = Vec::new();
        flatten(self.0, &mut all);
        all
    }

    pub(super) fn snapshot(&self) -> Json {
        self.0.iter().map(Node::snapshot).collect()
    }
}

/// Removes and returns the children of `parent`.
fn take(spans: &mut HashMap<Option<SpanId>, Vec<SpanData>>, parent: Option<SpanId>) -> Vec<Node> {
    let here = spans.remove(&parent).unwrap_or_default();
    let mut nodes: Vec<Node> = here
        .into_iter()
        .map(|data| {
            let below = take(spans, Some(data.span_context.span_id()));
            Node { span: CapturedSpan::new(data), below }
        })
        .collect();
    order(&mut nodes);
    nodes
}

/// Sorts spans by start; concurrent ones by name and attributes.
fn order(nodes: &mut [Node]) {
    nodes.sort_by_key(|node| node.span.data().start_time);
    let mut from = 0;
    while from < nodes.len() {
        let mut until = from;
        let mut end = SystemTime::UNIX_EPOCH;
        while until < nodes.len() && (until == from || nodes[until].span.data().start_time < end) {
            end = end.max(nodes[until].span.data().end_time);
            until += 1;
        }
        nodes[from..until].sort_by_cached_key(|node| (node.span.name().to_owned(), node.snapshot().to_string()));
        from = until;
    }
}

impl Node {
    fn snapshot(&self) -> Json {
        let data = self.span.data();
        let mut out = Map::new();
        out.insert("name".into(), without_ports(&data.name).into());
        out.insert("kind".into(), self.span.kind().into());
        if let Status::Error { description } = &data.status {
            out.insert("error".into(), without_ports(description).into());
        }
        let address = self.span.server_address().unwrap_or_default();
        out.insert("attributes".into(), attributes(&data.attributes, is_local(&address)));
        let events: Json = data
            .events
            .iter()
            .map(|event| {
                let mut out = Map::new();
                out.insert("name".into(), without_ports(&event.name).into());
                out.insert("attributes".into(), attributes(&event.attributes, false));
                Json::Object(out)
            })
            .collect();
        if events != Json::Array(Vec::new()) {
            out.insert("events".into(), events);
        }
        if !self.below.is_empty() {
            out.insert("children".into(), self.below.iter().map(Node::snapshot).collect());
        }
        Json::Object(out)
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, first: &str, rest: &str) -> fmt::Result {
        writeln!(f, "{first}{}", self.span)?;
        let last = self.below.len().saturating_sub(1);
        for (at, node) in self.below.iter().enumerate() {
            let (branch, trunk) = if at == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            node.write(f, &format!("{rest}{branch}"), &format!("{rest}{trunk}"))?;
        }
        Ok(())
    }
}

/// Sorted by key, independent of `serde_json`'s map type.
fn attributes(list: &[KeyValue], is_local: bool) -> Json {
    let mut list: Vec<&KeyValue> = list.iter().collect();
    list.sort_by(|one, other| one.key.as_str().cmp(other.key.as_str()));
    let values = list.iter().map(|kv| (kv.key.to_string(), stable(kv.key.as_str(), &kv.value, is_local)));
    Json::Object(values.collect())
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return writeln!(f, "(no span has ended)");
        }
        self.0.iter().try_for_each(|node| node.write(f, "", ""))
    }
}
