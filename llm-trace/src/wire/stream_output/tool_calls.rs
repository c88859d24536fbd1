//! Assembles the tool calls of one choice of a stream from fragments.
//!
//! Servers mark the fragments of a call differently: by index, by id, by name, or only by their position after the
//! previous fragment. Some indexes drift, some ids are the same for all calls, and some servers repeat the start or the
//! complete arguments of a call.

use std::collections::HashMap;

use super::pieces::{Joined, KeptDelta};
use crate::json::Text;

/// Maximum number of calls per choice.
const MAX_CALLS: usize = 1024;

/// A fragment of a tool call as sent. An empty id or name counts as absent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CallFragment<'a> {
    pub(crate) index: Option<i64>,
    pub(crate) id: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    pub(crate) arguments: Option<Text<'a>>,
    /// The arguments are complete.
    pub(crate) is_whole: bool,
}

impl CallFragment<'_> {
    fn has_arguments(&self) -> bool {
        self.arguments.is_some_and(|text| !text.is_empty())
    }
}

/// A tool call that is being assembled.
#[derive(Debug, Default)]
pub(super) struct ToolCall {
    pub(super) id: Option<String>,
    pub(super) name: String,
    pub(super) arguments: Joined,
    /// The kind of a server-side tool.
    pub(super) server: Option<String>,
    /// The call had an empty object of arguments, unless deltas follow.
    pub(super) is_empty_object: bool,
    has_index: bool,
    json: JsonProgress,
    /// The start was repeated after the arguments were complete: further arguments belong to another call.
    is_restarted: bool,
}

impl ToolCall {
    pub(super) fn set_arguments(&mut self, kept: KeptDelta<'_>, whole: Text<'_>) {
        self.arguments = Joined::new(kept);
        self.json = JsonProgress::of(whole);
    }

    pub(super) fn push_arguments(&mut self, kept: KeptDelta<'_>, piece: Text<'_>) {
        self.arguments.push(kept);
        self.json.push(piece);
    }

    /// Whether a fragment with this call's id, index or name belongs to another call nevertheless.
    fn differs_from(&self, fragment: &CallFragment<'_>) -> bool {
        match fragment.name {
            None => false,
            Some(_) if self.name.is_empty() => false,
            // The name itself may be split, as long as there are no arguments.
            Some(name) if name != self.name => self.json.has_begun,
            Some(_) => self.json.is_complete() && fragment.has_arguments() && !self.repeats(fragment),
        }
    }

    /// Whether a fragment repeats the known arguments.
    fn repeats(&self, fragment: &CallFragment<'_>) -> bool {
        match (fragment.arguments, self.arguments.as_text()) {
            // The stored text may have been cut.
            (Some(Text::Plain(more)), Text::Plain(known)) => more.starts_with(known),
            _ => false,
        }
    }

    fn name(&mut self, name: &str) {
        if name.starts_with(&self.name) {
            name.clone_into(&mut self.name);
        } else if name != self.name {
            self.name.push_str(name);
        }
    }
}

/// The calls of one choice, in the order in which they started.
#[derive(Debug, Default)]
pub(super) struct ToolCalls {
    calls: Vec<ToolCall>,
    /// The last call for each index, id and name, and for each id with a name.
    by_index: HashMap<i64, usize>,
    by_id: HashMap<String, usize>,
    by_name: HashMap<String, usize>,
    by_both: HashMap<(String, String), usize>,
    /// The call of the last fragment.
    current: Option<usize>,
}

/// The effect of a fragment.
pub(super) enum Assembled {
    /// Started the call with this number.
    Began(usize),
    /// Extended the call with this number.
    Added(usize),
    /// Dropped, because there are too many calls.
    Dropped,
}

impl ToolCalls {
    pub(super) fn get(&self, number: usize) -> Option<&ToolCall> {
        self.calls.get(number)
    }

    pub(super) fn get_mut(&mut self, number: usize) -> Option<&mut ToolCall> {
        self.calls.get_mut(number)
    }

    /// Starts a call to which no earlier fragment belongs.
    pub(super) fn begin(&mut self, fragment: &CallFragment<'_>, kept: KeptDelta<'_>) -> Option<usize> {
        if self.calls.len() >= MAX_CALLS {
            return None;
        }
        let number = self.calls.len();
        self.calls.push(ToolCall {
            id: fragment.id.map(str::to_owned),
            name: fragment.name.unwrap_or_default().to_owned(),
            arguments: Joined::new(kept),
            has_index: fragment.index.is_some(),
            json: fragment.arguments.map(JsonProgress::of).unwrap_or_default(),
            ..ToolCall::default()
        });
        Some(number)
    }

    /// Adds a fragment to its call. `kept` is the stored part of its arguments.
    pub(super) fn add(&mut self, fragment: &CallFragment<'_>, kept: KeptDelta<'_>) -> Assembled {
        let found = self.find(fragment);
        let Some(at) = found else {
            let Some(at) = self.begin(fragment, kept) else { return Assembled::Dropped };
            self.current = Some(at);
            if let Some(index) = fragment.index {
                self.by_index.insert(index, at);
            }
            self.register(at, fragment);
            return Assembled::Began(at);
        };
        self.current = Some(at);
        if let Some(index) = fragment.index {
            self.by_index.entry(index).or_insert(at);
        }
        let Some(call) = self.calls.get_mut(at) else { return Assembled::Dropped };
        call.has_index |= fragment.index.is_some();
        if let Some(id) = fragment.id {
            call.id = Some(id.to_owned());
        }
        if let Some(name) = fragment.name {
            call.name(name);
            call.is_restarted |= call.json.is_complete() && !fragment.has_arguments();
        }
        self.register(at, fragment);
        let Some(call) = self.calls.get_mut(at) else { return Assembled::Dropped };
        let Some(arguments) = fragment.arguments.filter(|text| !text.is_empty()) else { return Assembled::Added(at) };
        if fragment.is_whole || (call.json.is_complete() && JsonProgress::of(arguments).is_complete()) {
            call.set_arguments(kept, arguments);
            return Assembled::Added(at);
        }
        call.push_arguments(kept, arguments);
        Assembled::Added(at)
    }

    /// The call of a fragment, or `None` if it starts one.
    fn find(&self, fragment: &CallFragment<'_>) -> Option<usize> {
        let of_index = |index: i64| self.by_index.get(&index).copied();
        let at = match (fragment.id, fragment.index) {
            (Some(id), _) if self.by_id.contains_key(id) => {
                let both = fragment.name.and_then(|name| self.by_both.get(&(id.to_owned(), name.to_owned())));
                both.or_else(|| self.by_id.get(id)).copied()
            }
            // A call whose id arrives late, or whose fragments all have different ids.
            (Some(_), Some(index)) => of_index(index).filter(|at| fragment.name.is_none() || self.lacks_id(*at)),
            (Some(_), None) => self.current.filter(|at| self.lacks_id(*at) && self.may_be_named(*at, fragment.name)),
            (None, Some(index)) => of_index(index).or_else(|| match fragment.name {
                // The index drifted from the one of its call.
                None => self.current.filter(|at| !self.is_complete(*at)),
                Some(name) => self.current.filter(|at| self.lacks_index(*at) && self.may_be_named(*at, Some(name))),
            }),
            (None, None) => match fragment.name {
                None => self.current,
                Some(name) => self
                    .by_name
                    .get(name)
                    .copied()
                    .filter(|at| self.calls.get(*at).is_some_and(|call| !call.json.is_unknown))
                    .or_else(|| self.current.filter(|at| self.may_be_named(*at, Some(name)))),
            },
        };
        at.filter(|at| self.calls.get(*at).is_some_and(|call| !self.begins_anew(call, fragment)))
    }

    /// Registers a call under its id and name.
    fn register(&mut self, at: usize, fragment: &CallFragment<'_>) {
        let Some(call) = self.calls.get(at).filter(|_| fragment.id.is_some() || fragment.name.is_some()) else {
            return;
        };
        if let Some(id) = &call.id {
            self.by_id.insert(id.clone(), at);
            self.by_both.insert((id.clone(), call.name.clone()), at);
        }
        if !call.name.is_empty() {
            self.by_name.insert(call.name.clone(), at);
        }
    }

    fn begins_anew(&self, call: &ToolCall, fragment: &CallFragment<'_>) -> bool {
        let restarted = call.is_restarted && fragment.name.is_none() && fragment.has_arguments();
        (restarted && !call.repeats(fragment)) || call.differs_from(fragment)
    }

    fn lacks_id(&self, at: usize) -> bool {
        self.calls.get(at).is_some_and(|call| call.id.is_none())
    }

    fn lacks_index(&self, at: usize) -> bool {
        self.calls.get(at).is_some_and(|call| !call.has_index)
    }

    fn is_complete(&self, at: usize) -> bool {
        self.calls.get(at).is_some_and(|call| call.json.is_complete())
    }

    /// Whether a call without a name, or with the same name, may have this name.
    fn may_be_named(&self, at: usize, name: Option<&str>) -> bool {
        self.calls.get(at).is_some_and(|call| name.is_none_or(|name| call.name.is_empty() || call.name == name))
    }
}

/// Progress of the JSON text of arguments.
#[derive(Clone, Copy, Debug, Default)]
struct JsonProgress {
    depth: usize,
    has_begun: bool,
    is_in_string: bool,
    is_escaped: bool,
    /// Some piece is known by length only.
    is_unknown: bool,
}

impl JsonProgress {
    fn of(text: Text<'_>) -> Self {
        let mut progress = Self::default();
        progress.push(text);
        progress
    }

    fn push(&mut self, text: Text<'_>) {
        let text = match text {
            Text::Plain(text) => text,
            Text::Elided(len) => {
                self.is_unknown |= len > 0;
                self.has_begun |= len > 0;
                return;
            }
        };
        for byte in text.bytes() {
            if self.is_in_string {
                match byte {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'\\' => self.is_escaped = true,
                    b'"' => self.is_in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.is_in_string = true,
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            self.has_begun |= !byte.is_ascii_whitespace();
        }
    }

    fn is_complete(&self) -> bool {
        self.has_begun && self.depth == 0 && !self.is_in_string && !self.is_unknown
    }
}
