use super::*;
use crate::credentials::keys::is_credential_word;
use crate::semconv::{Fact, FactKind};

const INPUT: Class = Class::Content(Side::Input, None);
const OUTPUT: Class = Class::Content(Side::Output, None);
const WORD: Class = Class::Fact(IdentifierKind::Word);
const NAME: Class = Class::Fact(IdentifierKind::Name);

#[test]
fn content_of_known_tools_is_content() {
    for (key, expected) in [
        ("gen_ai.prompt", INPUT),
        ("gen_ai.prompt.0.content", INPUT),
        ("gen_ai.prompt.name", NAME),
        ("gen_ai.prompt.variable.city", INPUT),
        ("gen_ai.completion.0.content", OUTPUT),
        ("llm.prompts.0.content", INPUT),
        ("llm.prompt_template.variables", INPUT),
        ("llm.output_messages.0.message.content", OUTPUT),
        ("langfuse.observation.input", INPUT),
        ("langfuse.trace.output", OUTPUT),
        ("langfuse.user.id", Class::Identity),
        ("ai.prompt.messages", INPUT),
        ("ai.response.text", OUTPUT),
        ("http.request.header.authorization", Class::Secret),
        ("http.request.header.x-request-id", Class::Unknown),
        ("gen_ai.request.model", NAME),
        ("gen_ai.response.model", WORD),
        ("gen_ai.request.tools.0.description", INPUT),
        ("message", Class::Unknown),
        ("url.full", Class::Unknown),
        ("db.query.text", Class::Unknown),
        // A key below a convention's prefix is not a fact unless it is listed.
        ("gen_ai.request.prompt", Class::Unknown),
        ("openai.request.body", Class::Unknown),
        ("llm_trace.anything", Class::Unknown),
        ("process.command_line", Class::Unknown),
        ("log.record.original", Class::Unknown),
    ] {
        assert_eq!(class(key), expected, "{key}");
    }
}

#[test]
fn facts_of_our_own_are_known_by_their_kind_of_text() {
    for fact in Fact::ALL {
        let (key, class) = (fact.key(), class(fact.key()));
        match fact.row().kind {
            // These are facts of llm-trace's own calls, where their length and number are limited. For other crates
            // they are unknown.
            _ if matches!(fact, Fact::RequestStopSequences | Fact::EvaluationLabel | Fact::RequestPromptName) => {}
            FactKind::Identifier => assert!(matches!(class, Class::Fact(_)), "{key}: {class:?}"),
            FactKind::Identity => assert_eq!(class, Class::Identity, "{key}"),
            FactKind::Number => assert!(matches!(class, Class::Fact(_) | Class::Unknown), "{key}: {class:?}"),
            FactKind::Free => {}
        }
    }
}

#[test]
fn keys_of_conventions_are_known_as_such() {
    for key in ["gen_ai.x", "llm.headers", "ai.model.id", "genkit:input", "gcp.vertex.agent.data", "input.value"] {
        assert!(known(key).convention, "{key}");
    }
    for key in ["input", "gen_air.x", "gcp.vertex.agents", "airport.code", "http.route", "output"] {
        assert!(!known(key).convention, "{key}");
    }
}

#[test]
fn credentials_are_found_however_they_are_spelled() {
    for key in [
        "password",
        "db.password",
        "DB_PASSWORD",
        "passwd",
        "api_key",
        "apiKey",
        "API-KEY",
        "OPENAI_API_KEY",
        "openai.api.key",
        "x-api-key",
        "http.request.header.x_api_key",
        "http.request.header.x-goog-api-key",
        "x-functions-key",
        "X_RapidAPI_Key",
        "authorization",
        "Proxy-Authorization",
        "http.request.header.cookie",
        "http.response.header.set_cookie",
        "set-cookie",
        "secret",
        "client_secret",
        "clientSecret",
        "AWS_SECRET_ACCESS_KEY",
        "aws.access_key_id",
        "access_token",
        "refreshToken",
        "id_token",
        "token",
        "auth_token",
        "x-amz-security-token",
        "csrf_token",
        "private_key",
        "privateKeyPem",
        "signing.key",
        "credentials",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "connection_string",
        "API_KEY_2",
        "session_token",
        "passphrase",
        "password_reset_token",
        "Ocp-Apim-Subscription-Key",
        "X-Amz-Signature",
    ] {
        assert!(is_credential(key), "{key}");
    }
}

#[test]
fn keys_that_only_look_like_a_credentials_stay() {
    for key in [
        "stop_token",
        "next_page_token",
        "nextPageToken",
        "idempotency_key",
        "idempotency-key",
        "continuation_token",
        "max_tokens",
        "gen_ai.usage.input_tokens",
        "gen_ai.token.type",
        "token_count",
        "eos_token",
        "pad_token",
        "keyboard",
        "monkey",
        "key",
        "cache_key",
        "sort.key",
        "tokenizer",
        "aws.secretsmanager.secret.arn",
        "time_to_first_token",
        "ms_per_token",
        "authority",
        "author",
        "passenger",
        "compass",
        "primary_key",
        "partition_key",
        "secret_name",
        "password_reset",
        "api_key_id",
        "x_request_key",
        "pagination_token",
        "authorization_server",
        "authorization_endpoint",
        "next_token",
        "x-routing-key",
        "x_partition_key",
        "x-idempotency-key",
        "authorization.policy",
        "password_strength",
        "cookie.consent",
        "secret_path",
        "k8s.secret.namespace",
    ] {
        assert!(!is_credential(key), "{key}");
    }
    for key in ["key", "pwd", "url.sig", "auth", "pass"] {
        assert!(is_credential_word(key) && !is_credential(key), "{key}");
    }
    assert!(!is_credential_word("monkey") && !is_credential_word("author") && !is_credential_word("bypass"));
}

#[test]
fn identifiers_are_short_and_have_no_control_characters() {
    let long = "x".repeat(257);
    for (text, word, name) in [
        ("gpt-4o", true, true),
        ("", true, true),
        ("My agent", false, true),
        ("a\u{a0}b", false, true),
        ("a\nb", false, false),
        ("a\u{1b}[0m", false, false),
        (long.as_str(), false, false),
        (&long[..256], true, true),
    ] {
        assert_eq!((IdentifierKind::Word.fits(text), IdentifierKind::Name.fits(text)), (word, name), "{text:?}");
    }
}

#[test]
fn a_list_of_identifiers_is_bounded() {
    let fits = |count: usize, word: &'static str| IdentifierKind::Word.fits_all((0..count).map(|_| Some(word)));
    assert!(fits(64, "stop") && !fits(65, "stop") && !fits(2, "two words"));
    assert!(!IdentifierKind::Word.fits_all([None].into_iter()));
}
