//! Texts with credentials, and texts that only resemble them.

use super::*;

#[test]
fn credentials_in_texts_are_found() {
    for (text, expected) in [
        (r#"{"authorization": "Bearer abc.DEF-123"}"#, r#"{"authorization": "Bearer [REDACTED]"}"#),
        (r#"{"authorization": "token abc"}"#, r#"{"authorization": "[REDACTED]"}"#),
        (
            "headers={\"x-api-key\": \"k1\", \"host\": \"h\"}",
            "headers={\"x-api-key\": \"[REDACTED]\", \"host\": \"h\"}",
        ),
        ("Authorization: Bearer abcdefgh", "Authorization: Bearer [REDACTED]"),
        ("Authorization: Basic dXNlcjpwYXNz, next", "Authorization: Basic [REDACTED]"),
        ("sent bearer 0123456789 there", "sent bearer [REDACTED] there"),
        ("https://g.example/v1?key=AIzaX&alt=sse", "https://g.example/v1?key=[REDACTED]&alt=sse"),
        ("error for url (https://h/p?a=1&sig=s%2B1)", "error for url (https://h/p?a=1&sig=[REDACTED])"),
        ("https://user:pw@host/path", "https://[REDACTED]@host/path"),
        ("https://us#er:p?w@host/path", "https://[REDACTED]@host/path"),
        ("redis://:pw@host:6379", "redis://[REDACTED]@host:6379"),
        ("https://h/?next=https://user:pw@x", "https://h/?next=https://[REDACTED]@x"),
        (
            "OPENAI_API_KEY=sk-1 DB_PASSWORD='a b' HOME=/root",
            "OPENAI_API_KEY=[REDACTED] DB_PASSWORD='[REDACTED]' HOME=/root",
        ),
        (r#"{\"password\": \"hunter2\"}"#, r#"{\"password\": \"[REDACTED]\"}"#),
        ("Config { api_key: Some(\"k\"), model: \"m\" }", "Config { api_key: Some(\"[REDACTED]\"), model: \"m\" }"),
        ("Cookie: a=1; session=2\nHost: h", "Cookie: [REDACTED]\nHost: h"),
        ("password: 12345", "password: [REDACTED]"),
        ("postgres://app:p,S;E'T@db/x", "postgres://[REDACTED]@db/x"),
        ("https://h/?key=abc,SEN|T')x&a=1#b", "https://h/?key=[REDACTED]')x&a=1#b"),
        ("password=abc;SENT", "password=[REDACTED]"),
        ("Password=abc;Server=db, token=x, a", "Password=[REDACTED];Server=db, token=[REDACTED], a"),
        ("token: SENTabcdefghijkl", "token: [REDACTED]"),
        ("api_key=[SENTABC", "api_key=[REDACTED]"),
        ("password=hunter2(x", "password=[REDACTED]"),
        ("password=hunter2 {", "password=[REDACTED] {"),
        (r#"[("x-api-key", "k1"), ("host", "h")]"#, r#"[("x-api-key", "[REDACTED]"), ("host", "h")]"#),
        (r#"{"x-api-key": ["a", "k]1"], "host": ["h"]}"#, r#"{"x-api-key": [REDACTED], "host": ["h"]}"#),
        (r#"{\"x-api-key\": [\"k1\"], \"host\": 1}"#, r#"{\"x-api-key\": [REDACTED], \"host\": 1}"#),
        ("api_key: Some(\n    \"k1\",\n)", "api_key: Some(\n    \"[REDACTED]\",\n)"),
        ("api_key: Some(Secret(\"k1\")), a: 1", "api_key: Some(Secret(\"[REDACTED]\")), a: 1"),
        ("api_key: Secret { inner: \"k1\" }, a: 1", "api_key: [REDACTED], a: 1"),
        (r#""api_key" => "k1""#, r#""api_key" => "[REDACTED]""#),
        (r#"{"password": "a\"b", "c": 1}"#, r#"{"password": "[REDACTED]", "c": 1}"#),
        (r#"{\"password\": \"a\\\"b\", \"c\": 1}"#, r#"{\"password\": \"[REDACTED]\", \"c\": 1}"#),
        ("https://h/p?alt=sse\\u0026key=k1", "https://h/p?alt=sse\\u0026key=[REDACTED]"),
        (r"https:\/\/user:pw@host\/path", r"https:\/\/[REDACTED]@host\/path"),
        ("é password=é!", "é password=[REDACTED]"),
        ("Bearer \"k1k2k3k4\" is wrong", "Bearer \"[REDACTED]\" is wrong"),
        ("Bearer <k1k2k3k4>", "Bearer <[REDACTED]>"),
        ("Bearer: k1", "Bearer: [REDACTED]"),
        ("Bearer=\"k1\"", "Bearer=\"[REDACTED]\""),
        ("api_key: b\"k1\", a", "api_key: b\"[REDACTED]\", a"),
        ("api_key: r#\"k1\"#", "api_key: r#\"[REDACTED]\"#"),
        ("api_key: `k1` is wrong", "api_key: `[REDACTED]` is wrong"),
        ("the API key: k1 is wrong", "the API key: [REDACTED] is wrong"),
        ("headers['x-api-key'] = 'k1'", "headers['x-api-key'] = '[REDACTED]'"),
        ("headers[authorization]=k1", "headers[authorization]=[REDACTED]"),
        ("https://user:(k1)@host", "https://[REDACTED]@host"),
        ("https://h/?%6Bey=k1&a=b", "https://h/?%6Bey=[REDACTED]&a=b"),
        ("https://h/?api%5Fkey=k1", "https://h/?api%5Fkey=[REDACTED]"),
        ("/?u=https%3A%2F%2Fy%2F%3Fapi_key%3Dk1%26b%3D1", "/?u=https%3A%2F%2Fy%2F%3Fapi_key%3D[REDACTED]%26b%3D1"),
        ("next=%2Fcb%3Ftoken%3dk1", "next=%2Fcb%3Ftoken%3d[REDACTED]"),
        ("u=https%3a%2f%2fuser%3Apw%40host%2F", "u=https%3a%2f%2f[REDACTED]%40host%2F"),
        ("https://h/p?X-Amz-Signature=k1&a=b", "https://h/p?X-Amz-Signature=[REDACTED]&a=b"),
        ("a=Bearer%20k1k2k3k4&b", "a=Bearer%20[REDACTED]&b"),
        ("app --api-key k1 --port 1", "app --api-key [REDACTED] --port 1"),
        ("--token 'a b'", "--token '[REDACTED]'"),
        ("--password=k1", "--password=[REDACTED]"),
        (r#"["app", "--token", "k1", "--port"]"#, r#"["app", "--token", "[REDACTED]", "--port"]"#),
        ("api-key\t=\tk1", "api-key\t=\t[REDACTED]"),
        ("Incorrect API key provided: k1. Find it", "Incorrect API key provided: [REDACTED] Find it"),
        ("password = :k1", "password = [REDACTED]"),
        ("a.token = b.tokens", "a.token = [REDACTED]"),
        ("key: -----BEGIN EC PRIVATE KEY-----\nk1\n-----END EC PRIVATE KEY-----, a", "key: [REDACTED], a"),
        ("-----BEGIN PRIVATE KEY-----\\nk1", "[REDACTED]"),
        ("a=-------BEGIN PRIVATE KEY-----\nk1\n------END PRIVATE KEY-----\na", "a=[REDACTED]\na"),
        ("-----begin private key-----\nk1\n-----end private key-----\na", "[REDACTED]\na"),
        ("a=-----BEGIN%20RSA%20PRIVATE%20KEY-----%0Ak1%0A-----END%20RSA%20PRIVATE%20KEY-----&b", "a=[REDACTED]&b"),
        (r#"{"api\u005fkey":"k1"}"#, r#"{"api\u005fkey":"[REDACTED]"}"#),
        (r#"{\"\\u0061pi\\u005fkey\":\"k1\"}"#, r#"{\"\\u0061pi\\u005fkey\":\"[REDACTED]\"}"#),
        ("%22api_key%22%3A%22k1%22%2C%22a%22%3A1", "%22api_key%22%3A%22[REDACTED]%22%2C%22a%22%3A1"),
        ("%22api_key%22%3A+%22k1%22", "%22api_key%22%3A[REDACTED]"),
        ("password=ab&k1", "password=[REDACTED]"),
        ("password=ab&user=c", "password=[REDACTED]&user=c"),
        ("password = <k1>", "password = <[REDACTED]>"),
        ("password: “a k1”, b", "password: “[REDACTED]”, b"),
        ("password = «a k1", "password = «[REDACTED]"),
        ("api_key[0]=k1", "api_key[0]=[REDACTED]"),
        ("(api_key): k1", "(api_key): [REDACTED]"),
        ("**api_key**: k1, **Password:** k2", "**api_key**: [REDACTED], **Password:** [REDACTED]"),
        ("password = ***k1", "password = ***[REDACTED]"),
        ("api_key: Key(\"a\", \"k1\"), b: 1", "api_key: [REDACTED], b: 1"),
        (r#""api_key: Key(\"a\", \"k1\"), b: 1""#, r#""api_key: [REDACTED], b: 1""#),
        ("Bearer+k1k2k3k4", "Bearer+[REDACTED]"),
        ("https://user:pa/k1@host/a", "https://[REDACTED]@host/a"),
        ("password: must", "password: [REDACTED]"),
        ("password: \"no way\"", "password: \"[REDACTED]\""),
        ("password: not4you, at", "password: [REDACTED], at"),
        ("password: one two", "password: [REDACTED] two"),
        ("token: 5123", "token: [REDACTED]"),
    ] {
        assert_eq!(clean(text).0, expected);
    }
}

#[test]
fn other_texts_stay() {
    for text in [
        "",
        "=",
        ":",
        "://",
        "://@",
        "key",
        "key=",
        "a: b = c",
        "basic authentication failed",
        "Bearer token missing",
        "stop_token=</s>",
        "next_page_token: 3",
        "monkey=banana",
        "https://host/@user/a:b",
        "https://host:443/v1",
        "password: null",
        "api_key: None",
        "token=[REDACTED]",
        "max_tokens: 100, time: 12:30",
        "unexpected token: end of input",
        r#"{"api_keys": [], "secrets": {}}"#,
        "Entry { key: \"a\" }",
        "PWD=/home",
        "SELECT token FROM t WHERE token = $1 AND secret = ? AND api_key = :api_key AND password = %s",
        "INSERT INTO t (token) VALUES ($1) ON CONFLICT (token) DO UPDATE SET token = EXCLUDED.token",
        "JOIN b ON a.token = b.token",
        r#"{"find": "users", "filter": {"token": "?"}}"#,
        "api key: missing",
        "secret: loaded from vault",
        "authorization: allowed by policy admin",
        "password: incorrect",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-x",
        "ssh://git@github.com/org/repo",
        "pass --api-key to log in, or --token and --secret --help",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "100%3 of 20% is %20, 5%:",
        "\u{1f600}: \u{1f600}=",
        "password: must be at least 8 characters",
        "api_key: field required",
        "secret: not found",
        "authorization: must be given",
        "token: 5",
        "Incorrect API key provided: see https://h/keys.",
        "api key: missing.",
        "https://h/x?code=k1&zz=k2, https://h/x?k1",
        "password: ****",
        "verify(token): a, f(token)=b",
        "https://host:443/a@b ssh://git@host:org/repo@v1",
    ] {
        assert_eq!(clean(text), (Cow::Borrowed(text), 0), "{text}");
    }
}

#[test]
fn documents_inside_of_documents_are_searched_five_times() {
    let mut text = serde_json::json!({"api_key": "k1"}).to_string();
    for _ in 0..=5 {
        assert!(!clean(&text).0.contains("k1"), "{text}");
        text = serde_json::Value::from(text).to_string();
    }
}

#[test]
fn the_time_is_linear() {
    let pieces = [
        "\":\"",
        "key=",
        "password=\"",
        "bearer ",
        "://",
        "a@",
        "=",
        " ",
        "\\\"",
        "api_key: Some(",
        "api_key: [",
        "(\"key\",",
        "secret: {\"",
        "authorization: ok ",
        "token = a.token ",
        "%3D",
        "%3A%2F%2F",
        "%40",
        "Bearer%20",
        "--token ",
        "key provided: ",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----",
        "%",
        "token:",
        "authorization:\\\\'missing ",
        "api_key=[A ",
        "?token:[A]a",
        "authorization:\\\\'[A]",
        "abc",
        "missing",
        "'",
        ",",
        "\\u005f",
        "\\\\",
        "api_key: Key('a",
        "(token): ",
        "api_key[0]",
        "password=“",
        "password=a&",
        "://a:b/",
        "**",
        "-----END",
        "------",
        "Bearer+",
        "not ",
        "%22",
    ];
    for pair in pieces.iter().flat_map(|one| pieces.map(|other| format!("{one}{other}"))) {
        let text = pair.repeat(50_000 / pair.len());
        let begun = std::time::Instant::now();
        let _ = clean(&text);
        assert!(begun.elapsed().as_secs() < 5, "{pair:?} took {:?}", begun.elapsed());
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC*|[a-z=:/@\"'\\\\ ]*|((password|bearer|key|://|Some|%3D|%40|--)[=: \"(@é%]{0,3})*") {
        let _ = clean(&text);
    }
}
