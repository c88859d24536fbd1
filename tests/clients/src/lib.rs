//! Tests with client crates that write content to their own telemetry. These crates have many dependencies and build
//! slowly, so they are not in the workspace: `cd tests/clients && cargo test --locked`.
