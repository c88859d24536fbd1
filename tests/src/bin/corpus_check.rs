//! Reads recorded exchanges and reports for each provider and API which facts are read correctly.
//!
//! `corpus_check DIR [--only provider/api] [--readers] [--by-shape] [--extra] [--disputed FILE]`
//!
//! The check uses exported data: each exchange runs through an annotated function and is read back from a collector as
//! OTLP. `--readers` calls the readers directly; `--by-shape` withholds the provider and the path from them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use llm_trace::{Capture, Policy};
use llm_trace_tests::corpus::compare::{Finding, Verdict, compare};
use llm_trace_tests::corpus::disputed::{self, Dispute};
use llm_trace_tests::corpus::exchange::{Exchange, How, find};
use llm_trace_tests::replay::Replay;

fn main() -> ExitCode {
    match Arguments::parse().and_then(|arguments| run(&arguments)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("corpus_check: {error}");
            ExitCode::from(2)
        }
    }
}

struct Arguments {
    dirs: Vec<PathBuf>,
    only: Option<String>,
    readers: bool,
    by_shape: bool,
    extra: bool,
    disputed: PathBuf,
}

impl Arguments {
    fn parse() -> Result<Self, String> {
        let disputed = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/disputed.toml");
        let mut parsed = Self { dirs: Vec::new(), only: None, readers: false, by_shape: false, extra: false, disputed };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--only" => parsed.only = Some(value()?),
                "--disputed" => parsed.disputed = value()?.into(),
                "--readers" => parsed.readers = true,
                "--by-shape" => parsed.by_shape = true,
                "--extra" => parsed.extra = true,
                _ if word.starts_with("--") => return Err(format!("no option {word}")),
                _ => parsed.dirs.push(word.into()),
            }
        }
        if parsed.dirs.is_empty() { Err("name a directory of exchanges".to_owned()) } else { Ok(parsed) }
    }
}

/// The number of right, wrong, missing, extra and disputed values of a fact.
#[derive(Clone, Copy, Default)]
struct Count {
    verdicts: [usize; 4],
    argued: usize,
}

#[derive(Default)]
struct Group {
    exchanges: usize,
    facts: BTreeMap<String, Count>,
}

fn run(arguments: &Arguments) -> Result<bool, String> {
    let disputes = disputed::load(&arguments.disputed)?;
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    let mut disagreements = Vec::new();
    let how = How { by_shape: arguments.by_shape, ..How::default() };
    let policy = || llm_trace::layer().with_policy(Policy::new().capture(Capture::Span));
    let replay = if arguments.readers || arguments.by_shape { None } else { Some(Replay::new(policy)?) };
    for dir in &arguments.dirs {
        for dir in find(dir)? {
            let exchange = Exchange::load(&dir)?;
            let name = exchange.group();
            if arguments.only.as_ref().is_some_and(|only| !is_part(&name, only)) {
                continue;
            }
            let group = groups.entry(name).or_default();
            group.exchanges += 1;
            let reading = match &replay {
                Some(replay) => replay.reading(&exchange)?,
                None => exchange.read(&how),
            };
            for finding in compare(&exchange.expected, &reading) {
                let argued = count(group, &disputes, &exchange, &finding);
                let shown = match finding.verdict {
                    Verdict::Right => false,
                    Verdict::Extra => arguments.extra,
                    Verdict::Wrong | Verdict::Missing => !argued,
                };
                if shown {
                    disagreements.push((dir.clone(), finding));
                }
            }
        }
    }
    print(&groups);
    for (dir, finding) in &disagreements {
        let Finding { fact, verdict, expected, actual } = finding;
        println!("{verdict:?} {fact} in {}", dir.display());
        println!("    known {}", short(&expected.to_string()));
        println!("    read  {}", short(&actual.to_string()));
    }
    let open = disagreements.iter().filter(|(_, finding)| finding.verdict != Verdict::Extra).count();
    println!("{open} disagreements that are not argued");
    Ok(open == 0)
}

/// Whether `only` is this group, its provider or its API.
fn is_part(group: &str, only: &str) -> bool {
    let (provider, api) = group.split_once('/').unwrap_or((group, ""));
    group == only || provider == only || api == only
}

/// Counts a finding; returns whether it is disputed.
fn count(group: &mut Group, disputes: &[Dispute], exchange: &Exchange, finding: &Finding) -> bool {
    let count = group.facts.entry(finding.fact.clone()).or_default();
    let disagrees = matches!(finding.verdict, Verdict::Wrong | Verdict::Missing);
    let argued = disagrees && disputes.iter().any(|dispute| dispute.covers(exchange, finding));
    if argued {
        count.argued += 1;
    } else {
        count.verdicts[finding.verdict as usize] += 1;
    }
    argued
}

fn print(groups: &BTreeMap<String, Group>) {
    for (name, group) in groups {
        let sum = |at: usize| group.facts.values().map(|count| count.verdicts[at]).sum::<usize>();
        let argued = group.facts.values().map(|count| count.argued).sum::<usize>();
        let (right, wrong, missing) = (sum(0), sum(1), sum(2));
        let percent = 100.0 * (right + argued) as f64 / (right + argued + wrong + missing).max(1) as f64;
        println!("{name}: {} exchanges, {percent:.2} % of facts", group.exchanges);
        for (fact, Count { verdicts: [right, wrong, missing, extra], argued }) in &group.facts {
            println!(
                "  {fact:<30} right {right:>4}  wrong {wrong:>3}  missing {missing:>3}  argued {argued:>3}  extra {extra:>3}"
            );
        }
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(400) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
