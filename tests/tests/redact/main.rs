//! What leaves the process, on encoded OTLP bytes: a different sentinel in every place content
//! can be, times outcomes, times masks.

mod authors;
mod conventions;
mod facts;
mod guards;
mod log_guard;
mod matrix;
mod off;
mod operations;
mod other_crates;
mod rig;
mod signals;
mod support;
mod valid;
