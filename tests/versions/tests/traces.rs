//! Calls of a provider of ours in the trace of another version.

use llm_trace::{ExistingTrace, scope};
use llm_trace_version_tests::calls::{answer, make_calls, request};
use llm_trace_version_tests::comparison::calls;
use llm_trace_version_tests::exported::ExportedSpan;
use llm_trace_version_tests::versions::{VERSIONS, alone, side_by_side};

fn names(spans: &[ExportedSpan]) -> Vec<&str> {
    spans.iter().map(|span| &*span.name).collect()
}

#[test]
fn calls_of_ours_are_below_the_span_of_another_version() {
    // The last is our own.
    for version in &VERSIONS[..4] {
        let ((), theirs, ours) = side_by_side(*version, || {
            tracing::info_span!("question").in_scope(|| {
                let scope = scope().existing_trace((version.ids)()).expect("ids");
                scope.run(|| answer(request(false)));
            });
        });
        let name = version.name;
        let theirs: Vec<_> =
            theirs.into_iter().filter(|span| !span.attributes.contains_key("logfire.pending_parent_id")).collect();
        assert_eq!(names(&theirs), ["http request", "question"], "{name}");
        assert_eq!(names(&ours), ["chat gpt-4o"], "{name}");
        let (question, call) = (&theirs[1], &ours[0]);
        assert_eq!((&call.trace_id, &call.parent_id), (&question.trace_id, &question.span_id), "{name}");
        // What the program does inside the call stays below its own span.
        assert_eq!(theirs[0].parent_id, question.span_id, "{name}");
    }
}

#[test]
fn what_another_version_does_not_sample_is_not_sampled() {
    for version in VERSIONS {
        let ids = || (version.ids)();
        let (trace, span, _) = side_by_side(version, || tracing::info_span!("question").in_scope(ids)).0;
        let dropped = ExistingTrace::try_from((trace, span, false)).expect("ids");
        let (_, spans) = alone(|| scope().existing_trace(dropped).expect("ids").run(|| make_calls(version.ids)));
        assert!(calls(&spans).is_empty(), "{}", version.name);
    }
}

#[test]
fn outside_of_a_span_there_are_no_ids_to_continue() {
    for version in VERSIONS {
        let (ids, ..) = side_by_side(version, || (version.ids)());
        assert!(scope().existing_trace(ids).is_err(), "{}", version.name);
    }
}
