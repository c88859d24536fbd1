//! Every message attribute is valid by the conventions' schemas, in their strict form.

use llm_trace::internal::Content;
use llm_trace_tests::corpus::exchange::{Exchange, How, corpus};
use llm_trace_tests::corpus::schemas::{ATTRIBUTES, Schemas};

/// The schema violations in the attributes of the whole corpus.
fn invalid(content: Content, is_tested: impl Fn(&Exchange, &str) -> bool) -> Vec<String> {
    let schemas = Schemas::load();
    let mut wrong = Vec::new();
    for exchange in corpus().unwrap() {
        let reading = exchange.read(&How { content, ..How::default() });
        for name in ATTRIBUTES {
            if !is_tested(&exchange, name) {
                continue;
            }
            wrong.extend(
                schemas.invalid(&reading.attributes, name).map(|what| format!("{}: {what}", exchange.dir.display())),
            );
        }
    }
    wrong
}

#[test]
fn every_message_attribute_of_the_corpus_is_valid() {
    // Tool parameters that the server rejected need not be a valid schema.
    let is_refused = |exchange: &Exchange| exchange.expected.get("error").is_some();
    let wrong = invalid(Content::Full, |exchange, name| name != "gen_ai.tool.definitions" || !is_refused(exchange));
    assert!(wrong.is_empty(), "{} invalid:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn masked_messages_of_the_corpus_are_valid_too() {
    let wrong = invalid(Content::Masked, |_, _| true);
    assert!(wrong.is_empty(), "{} invalid:\n{}", wrong.len(), wrong.join("\n"));
}
