//! Replays recorded exchanges through annotated functions and prints the exported spans.
//!
//! `replay DIR [--profile core|latest] [--compat openinference|litellm]` prints one JSON line for each exchange below
//! DIR on stdout, and nothing else. Capture, masks and profile are read from the environment.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use llm_trace::{Compat, Profile};
use llm_trace_tests::replay::{Replay, exchanges, line};

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("replay: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<bool, String> {
    let (mut dir, mut profile, mut compat) = (None, None, None);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--profile" => {
                profile = Some(match words.next().as_deref() {
                    Some("core") => Profile::Core,
                    Some("latest") => Profile::Latest,
                    other => return Err(format!("--profile takes core or latest, not {other:?}")),
                });
            }
            "--compat" => {
                compat = Some(match words.next().as_deref() {
                    Some("openinference") => Compat::OpenInference,
                    Some("litellm") => Compat::LiteLlm,
                    other => return Err(format!("--compat takes openinference or litellm, not {other:?}")),
                });
            }
            _ if word.starts_with("--") => return Err(format!("no option {word}")),
            _ => dir = Some(PathBuf::from(word)),
        }
    }
    let dir = dir.ok_or("name a directory of exchanges")?;
    let replay = Replay::new(move || {
        let layer = match profile {
            Some(profile) => llm_trace::layer().with_profile(profile),
            None => llm_trace::layer(),
        };
        match compat {
            Some(compat) => layer.with_compat(compat),
            None => layer,
        }
    })?;
    let mut out = std::io::stdout().lock();
    let mut all = true;
    for (id, exchange) in exchanges(&dir)? {
        match replay.exchange(&exchange) {
            Ok(span) => writeln!(out, "{}", line(&id, &span)).map_err(|error| error.to_string())?,
            Err(error) => {
                eprintln!("replay: {error}");
                all = false;
            }
        }
    }
    Ok(all)
}
