use super::*;

fn scrub(rules: &ScrubRules, text: &str) -> (String, Vec<String>) {
    let mut hits = Vec::new();
    let clean = rules.scrub(text, &Place::of(TextKind::Text), &mut |rule| hits.push(rule.to_owned()));
    (clean.unwrap_or_else(|| text.to_owned()), hits)
}

pub(super) fn all(text: &str) -> String {
    scrub(&ScrubRules::all(), text).0
}

#[test]
fn every_rule_has_a_pattern_that_compiles() {
    for rule in Rule::ALL {
        assert!(rule.regex().is_some(), "{rule:?}");
    }
}

#[test]
fn keys_of_providers_are_found() {
    for key in [
        "sk-abcdefghijklmnopqrstuvwxyz012345",
        "sk-proj-abc_DEF-0123456789abcdef",
        "sk-ant-api03-abcdefghij_klmnop-qrstuvwx",
        "sk-or-v1-0123456789abcdef0123456789abcdef",
        "AIzaSyA1234567890abcdefghijklmnopqrstuv",
        "AKIAIOSFODNN7EXAMPLE",
        "gsk_abcdefghijklmnopqrstuvwx",
        "hf_abcdefghijklmnopqrstuvwx",
        "xai-abcdefghijklmnopqrstuvwx",
        "pplx-abcdefghijklmnopqrstuvwx",
        "r8_abcdefghijklmnopqrstuvwx",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "github_pat_abcdefghijklmnopqrstuvwxyz",
        "xoxb-1234567890-abcdef",
        "sk-lf-01234567-89ab-cdef-0123-456789abcdef",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc+/=\n-----END RSA PRIVATE KEY-----",
    ] {
        assert_eq!(all(&format!("use {key} now")), "use [API_KEY] now", "{key}");
    }
    for word in ["risk-averse-and-so-on", "task-force", "sk-short", "hf_x"] {
        assert_eq!(all(word), word);
    }
}

#[test]
fn tokens_are_found() {
    assert_eq!(all("Authorization: Bearer abcdef.123456"), "Authorization: [TOKEN]");
    assert_eq!(all("api_key=0123456789abcdef!"), "[TOKEN]");
    assert_eq!(all("{\"password\": \"hunter2hunter2\"}"), "{\"[TOKEN]\"}");
    assert_eq!(all("t eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_1 t"), "t [JWT] t");
    assert_eq!(all("a bearer of news"), "a bearer of news");
}

#[test]
fn personal_data_are_found() {
    assert_eq!(all("mail ada.lovelace+x@example.co.uk, bob@exämple.de."), "mail [EMAIL], [EMAIL].");
    assert_eq!(all("IBAN DE89 3704 0044 0532 0130 00 and GB82WEST12345698765432"), "IBAN [IBAN] and [IBAN]");
    assert_eq!(all("card 4111 1111 1111 1111, or 5500005555555559."), "card [CARD], or [CARD].");
    assert_eq!(all("from 192.168.0.1 and 2001:db8::1"), "from [IP] and [IP]");
    assert_eq!(all("call +49 30 901820 or (555) 123-4567 or 030 / 90182000"), "call [PHONE] or [PHONE] or [PHONE]");
}

#[test]
fn what_only_looks_alike_stays() {
    for text in [
        "order 4111 1111 1111 1112",
        "DE00370400440532013000",
        "at 12:30:45 on 2024-05-17",
        "version 1.2.3 of std::fmt and a::b",
        "999.999.999.999",
        "unix 1716000000123",
        "user@host",
    ] {
        assert_eq!(all(text), text);
    }
}

#[test]
fn users_can_choose_rules_and_add_patterns() {
    let rules = ScrubRules::none().with(Rule::Ip).pattern("customer", r"C-\d+").expect("a pattern");
    assert_eq!(
        scrub(&rules, "C-12 at 10.0.0.1, C-13, a@b.de"),
        (
            "[CUSTOMER] at [IP], [CUSTOMER], a@b.de".to_owned(),
            vec!["customer".to_owned(), "customer".to_owned(), "ip".to_owned()]
        )
    );
    let error = ScrubRules::none().pattern("bad", "(").expect_err("no pattern");
    assert!(error.to_string().contains("\"bad\""), "{error}");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_rules_panic(text in "\\PC*|[0-9 :.a-f@-]*") {
        all(&text);
    }
}
