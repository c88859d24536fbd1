use proptest::prelude::*;

use super::{Framing, Splitter};

type Events = Vec<(Option<String>, Vec<u8>)>;

fn events(mut splitter: Splitter, fragments: &[&[u8]]) -> Events {
    let mut found = Vec::new();
    let mut sink = |name: Option<&str>, data: &[u8]| found.push((name.map(str::to_owned), data.to_vec()));
    for fragment in fragments {
        splitter.push(fragment, &mut sink);
    }
    splitter.finish(&mut sink);
    found
}

fn whole(body: &[u8]) -> Events {
    events(Splitter::auto(), &[body])
}

fn data(found: &Events) -> Vec<&str> {
    found.iter().map(|(_, data)| std::str::from_utf8(data).unwrap()).collect()
}

#[test]
fn server_sent_events_are_split_at_any_line_ending() {
    for end in ["\n", "\r\n", "\r"] {
        let body = ["\u{feff}: hello", "event: ping", "data: {\"a\":1}", "id: 7", "", "data:[1,", "data: 2]", "", ""];
        let body = body.join(end);
        let found = whole(body.as_bytes());
        assert_eq!(found.len(), 2, "{end:?} {found:?}");
        assert_eq!(found[0], (Some("ping".to_owned()), b"{\"a\":1}".to_vec()));
        assert_eq!(found[1], (None, b"[1,\n2]".to_vec()));
    }
}

#[test]
fn an_event_without_its_last_blank_line_counts_only_if_it_is_whole() {
    assert_eq!(data(&whole(b"data: {\"a\":1}\n\ndata: {\"b\":2}")), ["{\"a\":1}", "{\"b\":2}"]);
    assert_eq!(data(&whole(b"data: {\"a\":1}\n\ndata: {\"b\":2")), ["{\"a\":1}"]);
    assert_eq!(data(&whole(b"data: {\"a\":1}\n\ndata: [DONE]")), ["{\"a\":1}", "[DONE]"]);
}

#[test]
fn json_values_are_split_on_lines_in_arrays_and_pretty_printed() {
    assert_eq!(data(&whole(b"{\"a\":\"}\\\"\"}\n{\"b\":[{}]}\n")), ["{\"a\":\"}\\\"\"}", "{\"b\":[{}]}"]);
    assert_eq!(data(&whole(b"[{\"a\":1}\n,\r\n{\"b\":2}]")), ["{\"a\":1}", "{\"b\":2}"]);
    assert_eq!(data(&whole(b"{\n  \"a\": 1\n}\n")), ["{\n  \"a\": 1\n}"]);
    assert_eq!(data(&whole(b"[1, \"x\", null]")), ["1", "\"x\"", "null"]);
}

#[test]
fn a_line_that_was_cut_does_not_swallow_the_next() {
    assert_eq!(data(&whole(b"{\"a\":\"cut\n{\"b\":2}\n")), ["{\"b\":2}"]);
}

#[test]
fn an_event_over_the_limit_is_skipped_and_counted_and_the_next_is_read() {
    let long = vec![b'x'; super::MAX_EVENT / 3];
    for (open, close, after) in [("data: \"", "\"\n\n", "data: 1\n\n"), ("{\"a\":\"", "\"}\n", "1\n")] {
        let mut splitter = Splitter::auto();
        let mut found = Vec::new();
        let mut sink = |_: Option<&str>, data: &[u8]| found.push(data.to_vec());
        splitter.push(open.as_bytes(), &mut sink);
        for _ in 0..4 {
            splitter.push(&long, &mut sink);
        }
        splitter.push(close.as_bytes(), &mut sink);
        splitter.push(after.as_bytes(), &mut sink);
        splitter.finish(&mut sink);
        assert_eq!(found, [b"1".to_vec()]);
        assert_eq!(splitter.skipped(), 1);
    }
}

#[test]
fn framings_are_told_by_the_first_bytes() {
    assert_eq!(Framing::detect(b"\n\ndata:"), Some(Framing::Sse));
    assert_eq!(Framing::detect(b": comment"), Some(Framing::Sse));
    assert_eq!(Framing::detect(b" [{"), Some(Framing::Json));
    assert_eq!(Framing::detect(b"\0\0\x01"), Some(Framing::AwsEventStream));
    assert_eq!(Framing::detect(b"\xef"), None);
    assert_eq!(Framing::detect(b" \n"), None);
}

#[test]
fn space_before_a_body_is_no_part_of_it() {
    for body in ["{\"a\":1}\n", "data: 1\n\n", "\u{feff}[1]", "\0\0\x01"] {
        for space in ["\x0c", "\t", " \r\n"] {
            let spaced = format!("{space}{body}");
            assert_eq!(whole(spaced.as_bytes()), whole(body.as_bytes()), "{spaced:?}");
            let bytes: Vec<_> = spaced.as_bytes().chunks(1).collect();
            assert_eq!(events(Splitter::auto(), &bytes), whole(body.as_bytes()), "{spaced:?}");
        }
    }
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("data: {\"a\":\"é\\n\"}".to_owned()),
        Just("data:x".to_owned()),
        Just("event: e".to_owned()),
        Just(": note".to_owned()),
        Just("[{\"a\": [1,2]},".to_owned()),
        Just("{\"b\":\"\\\\\"}".to_owned()),
        "[ -~]{0,12}",
    ]
}

proptest! {
    #[test]
    fn the_cuts_between_fragments_change_nothing(
        lines in prop::collection::vec((line(), prop::sample::select(vec!["\n", "\r\n", "\r"])), 0..12),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        bom in any::<bool>(),
    ) {
        let mut body = if bom { "\u{feff}".to_owned() } else { String::new() };
        for (line, end) in lines {
            body.push_str(&line);
            body.push_str(end);
        }
        let body = body.as_bytes();
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
        at.extend([0, body.len()]);
        at.sort_unstable();
        let fragments: Vec<&[u8]> = at.windows(2).map(|pair| &body[pair[0]..pair[1]]).collect();
        prop_assert_eq!(events(Splitter::auto(), &fragments), whole(body));
    }

    #[test]
    fn the_cuts_change_nothing_of_any_bytes(
        body in "[\\x00\\t\\n\\x0c\\r {}\\[\\],:\"adt1\\\\\u{feff}]{0,40}",
        cuts in prop::collection::vec(0usize..120, 0..6),
    ) {
        let body = body.as_bytes();
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(body.len())).chain([0, body.len()]).collect();
        cuts.sort_unstable();
        let fragments: Vec<_> = cuts.windows(2).map(|cut| &body[cut[0]..cut[1]]).collect();
        prop_assert_eq!(events(Splitter::auto(), &fragments), whole(body));
    }

    #[test]
    fn arbitrary_bytes_are_survived(fragments in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6)) {
        let fragments: Vec<&[u8]> = fragments.iter().map(Vec::as_slice).collect();
        for framing in [Framing::Sse, Framing::Json, Framing::AwsEventStream] {
            events(Splitter::new(framing), &fragments);
        }
        events(Splitter::auto(), &fragments);
    }
}
