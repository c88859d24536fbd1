//! Exported content, tested on encoded OTLP bytes: a different sentinel in every content field, for all outcomes and
//! masks.

mod authors;
mod conventions;
mod disguises;
mod everyday;
mod facts;
mod guards;
mod log_guard;
mod matrix;
mod off;
mod operations;
mod other_crates;
mod rig;
mod signals;
mod stricter;
mod support;
mod switches;
mod valid;
