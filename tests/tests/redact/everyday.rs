//! Everyday spans and log records outside of calls arrive whole.

use llm_trace::{Capture, Policy, RedactLogProcessor, RedactProcessor};
use llm_trace_tests::collector::Collector;
use opentelemetry::KeyValue;
use opentelemetry::logs::{LogRecord as _, Logger as _, LoggerProvider as _};
use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
use opentelemetry_sdk::logs::{SdkLoggerProvider, SimpleLogProcessor};
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};

/// Spans of web servers, databases, queues and clouds, by name, with their texts.
#[rustfmt::skip]
const SPANS: &[(&str, &[(&str, &str)])] = &[
    ("GET /users/{id}", &[
        ("http.request.method", "GET"), ("http.route", "/users/{id}"), ("url.path", "/users/42"),
        ("url.query", "page=2&next_page_token=abc&sort=name"), ("url.scheme", "https"),
        ("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"),
        ("server.address", "api.example.com"), ("network.protocol.version", "1.1"), ("client.address", "10.0.0.1"),
        ("otel.name", "GET /users/{id}"), ("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("request_id", "01HQ3K5N4T6M"), ("exception.type", "x::E"),
    ]),
    ("HTTP", &[
        ("http.url", "https://shop.example/search?q=red%20shoes&page=3#top"), ("http.user_agent", "curl/8.0"),
        ("http.client_ip", "203.0.113.5"), ("http.host", "shop.example:8443"),
    ]),
    ("request", &[
        ("method", "GET"), ("uri", "/items?limit=10&cursor=eyJpZCI6MX0"), ("version", "HTTP/1.1"),
        ("headers", "{\"host\": \"localhost:3000\", \"user-agent\": \"curl/8.4.0\", \"accept\": \"*/*\"}"),
        ("latency", "2 ms"), ("status", "200"), ("classification", "Status code: 500 Internal Server Error"),
    ]),
    ("login", &[
        ("uri", "/auth/token"), ("auth.method", "password"), ("grant_type", "authorization_code"),
        ("auth.scheme", "Bearer"), ("auth", "oidc"), ("oauth.flow", "client_credentials"), ("token_type", "Bearer"),
        ("scope", "read:items write:items"), ("token.kind", "access"), ("next_token", "eyJ"),
        ("http.response.header.content_type", "application/json"), ("session.state", "active"),
    ]),
    ("sqlx::query", &[
        ("summary", "SELECT id, name FROM …"),
        ("db.statement", "SELECT id, name FROM users WHERE email = $1 AND deleted_at IS NULL ORDER BY id LIMIT 10"),
        ("rows_affected", "0"), ("rows_returned", "3"), ("elapsed", "1.234ms"), ("elapsed_secs", "0.001234"),
    ]),
    ("sqlx::query 2", &[
        ("db.statement", "SELECT * FROM sessions WHERE token = $1 AND user_id = $2"),
        ("db.query.text", "UPDATE users SET password = ?, updated_at = now() WHERE id = ?"),
        ("db.query.summary", "UPDATE users"), ("db.collection.name", "api_keys"), ("db.namespace", "app"),
    ]),
    ("sqlx::query 3", &[
        ("db.query.text", "SELECT api_key FROM keys WHERE api_key = :key AND secret IN (?, ?)"),
        ("db.statement", "INSERT INTO tokens (token, secret) VALUES ($1, $2) ON CONFLICT (token) DO UPDATE SET secret = EXCLUDED.secret"),
    ]),
    ("diesel", &[
        ("db.query.text", "SELECT \"t\".\"password_hash\" FROM \"t\" WHERE \"t\".\"api_key\" = $1 -- binds: []"),
        ("db.system", "postgresql"), ("db.name", "app"), ("db.user", "app_rw"),
    ]),
    ("GET", &[
        ("db.system.name", "redis"), ("db.statement", "GET session:42"), ("db.operation.name", "GET"),
        ("db.redis.database_index", "0"), ("server.address", "redis.internal"),
    ]),
    ("redis 2", &[
        ("db.query.text", "SET user:42:token ? EX 3600"), ("db.query.text2", "HMSET cart:1 key value"),
        ("redis.key", "session:42"), ("cache.key", "user:42:profile"), ("cache.hit", "true"),
    ]),
    ("orders publish", &[
        ("messaging.system", "kafka"), ("messaging.destination.name", "orders"),
        ("messaging.operation.type", "publish"), ("messaging.kafka.message.key", "order-42"),
        ("messaging.kafka.message.offset", "42"), ("messaging.destination.partition.id", "3"),
        ("messaging.client.id", "svc-1"), ("messaging.consumer.group.name", "billing"),
        ("messaging.message.id", "m-1"), ("messaging.message.conversation_id", "c-1"),
    ]),
    ("orders process", &[
        ("messaging.rabbitmq.destination.routing_key", "orders.created"), ("partition_key", "tenant-7"),
        ("dedup_key", "d-1"), ("idempotency_key", "8e03978e-40d5"), ("message.body.size", "100"),
        ("message", "processed 10 orders in 12 ms"),
    ]),
    ("grpc", &[
        ("rpc.system", "grpc"), ("rpc.service", "shop.v1.Orders"), ("rpc.method", "GetOrder"),
        ("rpc.grpc.status_code", "0"), ("grpc.status", "OK"), ("grpc.message", "order 42 not found"),
        ("rpc.message.type", "SENT"),
    ]),
    ("S3.GetObject", &[
        ("rpc.service", "S3"), ("aws.s3.key", "reports/2024/q1.csv"), ("aws.s3.bucket", "reports"),
        ("aws.dynamodb.table_names", "Users"), ("aws.lambda.invoked_arn", "arn:aws:lambda:us-east-1:123:function:f"),
        ("aws.secretsmanager.secret.arn", "arn:aws:secretsmanager:us-east-1:123456789012:secret:App-x"),
        ("faas.invocation_id", "1"), ("cloud.resource_id", "arn:aws:ecs:us-east-1:1:task/x"),
    ]),
    ("k8s", &[
        ("k8s.secret.name", "db-credentials"), ("k8s.secret.namespace", "default"), ("container.image.name", "app"),
        ("process.command_line", "/usr/bin/app --port 8080 --log info"), ("process.executable.path", "/usr/bin/app"),
        ("service.criticality", "high"),
    ]),
    ("feature", &[
        ("feature_flag.key", "new-checkout"), ("feature_flag.result.variant", "on"),
        ("experiment", "a/b: variant=blue"), ("graphql.document", "query { user(id: 1) { name token } }"),
        ("graphql.operation.name", "user"),
    ]),
    ("job", &[
        ("job.id", "17"), ("job.queue", "emails"), ("job.args", "{\"to\": \"team\", \"retries\": 3}"),
        ("cron", "*/5 * * * *"), ("text", "sent 3 emails"), ("query", "status:open"), ("name", "nightly"),
        ("description", "Nightly export"), ("result", "ok"), ("response", "200 OK"), ("request", "GET /x"),
        ("body", "{}"), ("event", "started"), ("reason", "no changes"), ("state", "running"),
    ]),
    ("validate", &[
        ("message", "password must have at least 8 characters"), ("field", "password"),
        ("hint", "the token is expired; key: rotate; the secret: none"),
    ]),
    ("s", &[
        ("message", "token bucket: refilled 10 tokens, key=tenant-7 left=90"),
        ("note", "basic information about this"), ("note2", "Bearer authentication is used"),
    ]),
    ("t", &[
        ("message", "retrying in 3s: connection reset by peer (os error 104)"),
        ("m2", "listening on http://0.0.0.0:8080"), ("m4", "connected to postgres://db:5432/app"),
        ("m5", "mailto:ann@example.com"), ("m6", "git@github.com:org/repo.git"),
        ("m7", "ssh://git@github.com/org/repo"), ("m8", "see https://medium.com/@ann/post"),
    ]),
    ("u", &[
        ("user.id", "42"), ("enduser.id", "42"), ("session.id", "s-1"), ("user.roles", "admin"), ("tenant", "acme"),
        ("org", "acme"),
    ]),
    ("v", &[
        ("message", "config loaded: Config { port: 8080, secret_key_base: None, cookie_name: \"sid\", auth: Basic, key: \"a\" }"),
        ("m2", "using credential provider: EnvProvider"), ("m3", "authorization: allowed by policy admin"),
        ("m4", "api key: present"), ("m5", "secret: loaded from vault"), ("m7", "token: valid until 2026-01-01"),
    ]),
    ("w", &[
        ("authorization.decision", "allow"), ("authorization.policy", "orders:read"), ("auth.token.type", "jwt"),
        ("password.strength", "weak"), ("password_policy", "strict"), ("cookie.consent", "granted"),
        ("secret.version", "3"), ("secret_path", "kv/data/app"), ("credentials.provider", "irsa"),
        ("token.source", "env"), ("api_key_name", "ci"), ("csrf.token.valid", "yes"), ("max_token", "4k"),
    ]),
    ("elastic", &[
        ("db.operation.parameter.id", "1"), ("db.elasticsearch.path_parts.index", "i"),
        ("http.request.body.size", "3"), ("url.full", "https://es:9200/i/_search?pretty=true&routing=key"),
        ("db.query.text", "{\"query\": {\"term\": {\"api_key\": \"?\"}}}"),
    ]),
    ("mongo", &[
        ("db.query.text", "{\"find\": \"users\", \"filter\": {\"token\": \"?\"}}"),
        ("db.mongodb.collection", "users"),
    ]),
    ("lapin", &[
        ("messaging.destination.routing_key", "a.b"), ("x-routing-key", "a.b"), ("x_partition_key", "p"),
        ("x-request-id", "r"), ("x-amz-key-id", "k"), ("primary_key", "id"), ("sort_key", "name"),
        ("foreign_key", "user_id"),
    ]),
    ("tracing-actix-web", &[
        ("http.client_ip", "1.1.1.1"), ("request_id", "r"), ("exception.details", "x"), ("otel.status_code", "OK"),
        ("http.flavor", "1.1"),
    ]),
    ("hyper", &[
        ("conn", "http 1.1"), ("message", "flushed 137 bytes"), ("message2", "parsed 8 headers"),
        ("message3", "incoming body is content-length (25 bytes)"),
    ]),
    ("deadpool", &[
        ("db.client.connection.pool.name", "main"), ("db.client.connection.state", "idle"),
        ("pool", "size=10 idle=3"),
    ]),
    ("sea-orm", &[
        ("stmt", "SELECT \"cake\".\"id\" FROM \"cake\" LIMIT 1"), ("elapsed", "813.1us"),
        ("record", "Model { id: 1, name: \"Cheese\" }"),
    ]),
];

#[test]
fn spans_and_log_records_of_other_crates_outside_of_calls_arrive_whole() {
    let open = Policy::new().capture(Capture::SpanAndEvent);
    for policy in [Policy::new(), open.clone(), open.mask_output(true), Policy::new().lock_masked()] {
        let got = Collector::start();
        let spans = RedactProcessor::new(SimpleSpanProcessor::new(got.exporter()), policy.clone());
        let provider = SdkTracerProvider::builder().with_span_processor(spans).build();
        let records = RedactLogProcessor::new(SimpleLogProcessor::new(got.log_exporter()), policy.clone());
        let loggers = SdkLoggerProvider::builder().with_log_processor(records).build();
        for (name, attributes) in SPANS {
            let mut span = provider.tracer("app").start(*name);
            span.set_attributes(attributes.iter().map(|(key, text)| KeyValue::new(*key, *text)));
            span.end();
            let mut record = loggers.logger("app").create_log_record();
            record.add_attributes(attributes.iter().copied());
            loggers.logger("app").emit(record);
        }
        let logs = got.logs();
        assert_eq!(logs.len(), SPANS.len());
        for ((name, attributes), log) in SPANS.iter().zip(logs) {
            let span = got.span(name);
            for (key, text) in *attributes {
                assert_eq!(span.attribute(key), Some((*text).into()), "{name}: {key} {policy:?}");
                assert_eq!(log.attribute(key), Some((*text).into()), "{name}: {key} {policy:?}");
            }
        }
    }
}
