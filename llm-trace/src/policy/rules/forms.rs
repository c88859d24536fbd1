//! Common forms of secrets and personal data that the rules must find, and texts that they must keep.

use super::tests::all;

/// Each text holds the word `S3CR3T`, or the characters after `|`, which the rules must remove.
#[rustfmt::skip]
const FOUND: &[(&str, &str)] = &[
    // Assignments.
    ("OPENAI_API_KEY=S3CR3Tabc", "S3CR3T"), ("export OPENAI_API_KEY=S3CR3T", "S3CR3T"),
    ("ANTHROPIC_API_KEY='S3CR3T'", "S3CR3T"), ("DB_PASSWORD=S3CR3T", "S3CR3T"), ("DB_PASSWORD=\"S3 CR3T\"", "CR3T"),
    ("POSTGRES_PASSWORD: S3CR3T", "S3CR3T"), ("password=S3CR3T", "S3CR3T"), ("password: S3CR3T", "S3CR3T"),
    ("Password: S3CR3T\n", "S3CR3T"), ("passwd = S3CR3T", "S3CR3T"), ("secret=S3CR3T", "S3CR3T"),
    ("client_secret=S3CR3T&grant=x", "S3CR3T"), ("AWS_SECRET_ACCESS_KEY=S3CR3T/abc+def", "S3CR3T"),
    ("aws_session_token = S3CR3T", "S3CR3T"), ("token=S3CR3T", "S3CR3T"), ("access_token: S3CR3T", "S3CR3T"),
    ("refresh_token=S3CR3T", "S3CR3T"), ("auth_token = \"S3CR3T\"", "S3CR3T"), ("api-key: S3CR3T", "S3CR3T"),
    ("apiKey: \"S3CR3T\"", "S3CR3T"), ("x-api-key: S3CR3T", "S3CR3T"), ("X-Goog-Api-Key: S3CR3T", "S3CR3T"),
    ("private_key=S3CR3T", "S3CR3T"), ("AccountKey=S3CR3T;EndpointSuffix=x", "S3CR3T"),
    ("SharedAccessKey=S3CR3T", "S3CR3T"), ("passphrase: S3CR3T", "S3CR3T"), ("export GITHUB_TOKEN=S3CR3T", "S3CR3T"),
    ("--api-key=S3CR3T", "S3CR3T"), ("JWT_SIGNING_KEY=S3CR3T", "S3CR3T"), ("credentials=S3CR3T", "S3CR3T"),
    // JSON, escaped JSON, Rust's and Python's notations.
    ("{\"password\": \"S3CR3T\"}", "S3CR3T"), ("{\"password\":\"S3CR3T\"}", "S3CR3T"),
    ("{\\\"password\\\": \\\"S3CR3T\\\"}", "S3CR3T"), ("{\"api_key\":\"S3CR3T\",\"a\":1}", "S3CR3T"),
    ("{'api_key': 'S3CR3T'}", "S3CR3T"), ("{\"clientSecret\": \"S3CR3T\"}", "S3CR3T"),
    ("Config { api_key: \"S3CR3T\", n: 1 }", "S3CR3T"), ("Config { api_key: Some(\"S3CR3T\") }", "S3CR3T"),
    ("Secret { password: SecretString(\"S3CR3T\") }", "S3CR3T"), ("\"accessToken\": \"S3CR3T\"", "S3CR3T"),
    // Headers and URLs.
    ("Authorization: Bearer S3CR3Tabc", "S3CR3T"), ("authorization: bearer S3CR3Tabc", "S3CR3T"),
    ("Authorization: Basic S3CR3Tabc=", "S3CR3T"), ("Authorization: token S3CR3T", "S3CR3T"),
    ("{\"authorization\": \"Bearer S3CR3T\"}", "S3CR3T"), ("-H 'Authorization: Bearer S3CR3Tabc'", "S3CR3T"),
    ("Proxy-Authorization: Basic S3CR3Tabc", "S3CR3T"), ("Cookie: session=S3CR3T; b=2", "S3CR3T"),
    ("Set-Cookie: sid=S3CR3T; Path=/", "S3CR3T"), ("curl https://u:S3CR3T@host/x", "S3CR3T"),
    ("postgres://app:S3CR3T@db:5432/app", "S3CR3T"), ("redis://:S3CR3T@cache:6379", "S3CR3T"),
    ("https://us#r:S3CR3T@host/", "S3CR3T"), ("https://us?r:S3CR3T@host/", "S3CR3T"),
    ("https://h/v1beta/models?key=S3CR3T", "S3CR3T"), ("https://h/a?x=1&sig=S3CR3T%3D&se=2", "S3CR3T"),
    ("https://h/?access_token=S3CR3T#top", "S3CR3T"), ("mongodb+srv://a:S3CR3T@c.example/x", "S3CR3T"),
    // Keys of providers.
    ("sk-S3CR3Tabcdefghijklmnop", "S3CR3T"), ("sk-proj-S3CR3T_abcdefghijkl-mno", "S3CR3T"),
    ("sk-ant-api03-S3CR3Tabcdefghijklmnop", "S3CR3T"), ("sk-or-v1-S3CR3Tabcdef0123456789", "S3CR3T"),
    ("AIzaS3CR3TA1234567890abcdefghijklmnopqr", "S3CR3T"), ("gsk_S3CR3Tabcdefghijklmnop", "S3CR3T"),
    ("hf_S3CR3Tabcdefghijklmnopq", "S3CR3T"), ("xai-S3CR3Tabcdefghijklmnopq", "S3CR3T"),
    ("pplx-S3CR3Tabcdefghijklmnopq", "S3CR3T"), ("r8_S3CR3Tabcdefghijklmnopq", "S3CR3T"),
    ("nvapi-S3CR3Tabcdefghijklmnopq", "S3CR3T"), ("AKIAS3CR3TFODNN7EXAM", "S3CR3T"),
    ("ghp_S3CR3Tabcdefghijklmnopqrstuvwx", "S3CR3T"), ("github_pat_S3CR3Tabcdefghijklmnopq", "S3CR3T"),
    ("glpat-S3CR3Tabcdefghijklmnopq", "S3CR3T"), ("xoxb-S3CR3T-1234567890-abcdef", "S3CR3T"),
    ("xapp-1-S3CR3Tabcdefghijklmnopqrs", "S3CR3T"), ("sk_live_S3CR3Tabcdefghij", "S3CR3T"),
    ("whsec_S3CR3Tabcdefghijk", "S3CR3T"), ("SG.S3CR3Tabcdefghij.klmnopqrstuvwxyz", "S3CR3T"),
    ("npm_S3CR3Tabcdefghijklmnopqrstuvwxyz", "S3CR3T"), ("GOCSPX-S3CR3Tabcdefghijklmno", "S3CR3T"),
    ("lsv2_pt_S3CR3Tabcdefghijklmnop", "S3CR3T"), ("tvly-S3CR3Tabcdefghijk", "S3CR3T"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJS3CR3TIiOiIxIn0.abc-_1", "S3CR3T"),
    ("-----BEGIN PRIVATE KEY-----\nS3CR3T\n-----END PRIVATE KEY-----", "S3CR3T"),
    ("-----BEGIN RSA PRIVATE KEY-----\\nS3CR3T\\n-----END RSA PRIVATE KEY-----", "S3CR3T"),
    ("\"-----BEGIN EC PRIVATE KEY-----\\\\nS3CR3T!", "S3CR3T"),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\nS3CR3T", "S3CR3T"),
    ("-----BEGIN ENCRYPTED PRIVATE KEY-----\r\nProc-Type: 4,S3CR3T\r\n", "S3CR3T"),
    // Cards.
    ("4111111111111111", "4111"), ("4111 1111 1111 1111", "1111"), ("4111-1111-1111-1111", "1111"),
    ("4111 1111 1111 1111 123", "4111"), ("4111 1111 1111 1111 12/29", "4111"), ("4111111111111111, 737", "4111"),
    ("card:5500005555555559 exp 0130", "5500"), ("378282246310005", "3782"), ("3782 822463 10005 1234", "3782"),
    ("6011111111111117", "6011"), ("4111\u{a0}1111\u{a0}1111\u{a0}1111", "1111"),
    ("4111\u{200b}1111\u{200b}1111\u{200b}1111", "1111"), ("4111\u{2011}1111\u{2011}1111\u{2011}1111", "1111"),
    ("4111 1111 1111 1111 4111 1111 1111 1111", "1111"),
    // Mail, banks, addresses, phones.
    ("ada@example.com", "ada"), ("Ada <ada.lovelace+x@mail.example.co.uk>", "lovelace"), ("bob@exämple.de", "bob"),
    ("ada\u{200b}@example.com", "ada"), ("mailto:ada@example.com?subject=x", "ada"),
    ("DE89 3704 0044 0532 0130 00", "3704"), ("GB82WEST12345698765432", "WEST"),
    ("DE89\u{a0}3704\u{a0}0044\u{a0}0532\u{a0}0130\u{a0}00", "3704"), ("FR14 2004 1010 0505 0001 3M02 606 thanks", "2004"),
    ("192.168.0.1", "168"), ("from 10.0.0.7:443", "10.0"), ("10.1.2.3, refused", "10.1"), ("2001:db8::1", "db8"),
    ("2001:db8::1: connection refused", "db8"), ("[2001:db8::1]:443", "db8"), ("2001:db8::8a2e:370:7334, text", "370"),
    ("fe80::1%eth0", "fe80"), ("2001:0db8:85a3:0000:0000:8a2e:0370:7334", "85a3"), ("::ffff:192.0.2.128", "192"),
    ("+49 30 901820", "901"), ("(555) 123-4567", "123"), ("030 / 90182000", "901"), ("+1-202-555-0143", "555"),
    ("0049 30 901820", "901"), ("+44\u{a0}20\u{a0}7946\u{a0}0958", "7946"),
];

#[rustfmt::skip]
const STAYS: &[&str] = &[
    "", "nothing", "order 4111 1111 1111 1112", "DE00370400440532013000", "at 12:30:45 on 2024-05-17",
    "version 1.2.3 of std::fmt and a::b", "999.999.999.999", "unix 1716000000123", "user@host", "risk-averse-and-so-on",
    "task-force", "sk-short", "hf_x", "a bearer of news", "basic authentication failed", "Bearer token missing",
    "the password is wrong", "enter your password:", "password: null", "api_key: None", "token=", "max_tokens: 100",
    "\"max_tokens\": 4096", "input_tokens=12", "tokens: 1234", "stop_token=</s>", "next_page_token: abc",
    "idempotency_key=abc-1", "unexpected token: end of input", "monkey=banana", "keyboard: qwerty", "key = value",
    "primary_key: id", "cache_key=user:1", "sort_key: name", "https://host:443/v1", "https://host/@user/post",
    "https://example.com/a?b=c&d=e", "git@", "@mention", "x@y", "12:30", "12:30:45.123", "a:b:c", "::", "a1::b2::c", ":", "=",
    "2024-05-17T12:30:45Z", "v1.2.3.4.5", "1.2.3", "$1,234,567.89", "0.30000000000000004", "ISBN 978-3-16-148410-0",
    "123e4567-e89b-12d3-a456-426614174000", "deadbeef", "sha256:abc", "rust::path::to::item", "serde_json::Value",
    "100000", "2147483647", "gpt-4o-2024-08-06", "claude-sonnet-4-5-20250929", "the secret of success", "cookies are tasty",
];

#[test]
fn everyday_forms_are_found() {
    assert!(FOUND.len() >= 120, "{}", FOUND.len());
    let missed: Vec<_> = FOUND
        .iter()
        .flat_map(|(form, hidden)| [(*form).to_owned(), format!("so: {form} and more")].map(|text| (text, hidden)))
        .filter(|(text, hidden)| all(text).contains(**hidden))
        .map(|(text, _)| format!("{text:?} became {:?}", all(&text)))
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn what_only_looks_like_one_stays() {
    assert!(STAYS.len() >= 60, "{}", STAYS.len());
    let found: Vec<_> = STAYS.iter().filter(|text| all(text) != **text).map(|text| (text, all(text))).collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_time_is_linear() {
    for piece in
        ["\":\"", ":", "1", "1 ", "a@", "-----BEGIN PRIVATE KEY-----!", "sk-", "DE89", "key=", "+4", "eyJ", "::1"]
    {
        let time = |len: usize| {
            let text = piece.repeat(len / piece.len());
            let begun = std::time::Instant::now();
            all(&text);
            begun.elapsed().as_secs_f64()
        };
        let (short, long) = (time(4_000), time(32_000));
        assert!(long < short.max(0.02) * 40.0, "{piece:?}: {short} s, then {long} s");
    }
}
