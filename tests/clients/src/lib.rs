//! Client crates that write content of their own, under our guards. They are many and slow to build, so
//! they are no part of the workspace: `cd tests/clients && cargo test --locked`.
