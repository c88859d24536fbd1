//! Measures rows and prints them.

use std::hint::black_box;
use std::time::Duration;

use super::goals::Goal;
use super::timing::nanos as time;

/// One row of the table.
struct Row {
    name: String,
    /// The number of operations in one call.
    per: u64,
    /// The minimum time of one call.
    total: f64,
    /// The row whose cost is subtracted.
    less: Option<String>,
    allocations: u64,
    bytes: u64,
    /// The peak of allocated bytes.
    peak: u64,
    /// The number of bytes in the span's attributes, if they are measured.
    exported: Option<u64>,
    /// The row that this one is compared with, if not the baseline.
    base: Option<String>,
}

/// All rows, of one run.
pub(crate) struct Table {
    rows: Vec<Row>,
    word: Option<String>,
}

/// The measuring time of a row in each pass.
const BUDGET: Duration = Duration::from_millis(250);

impl Table {
    pub(crate) fn new(word: Option<String>) -> Self {
        Self { rows: Vec::new(), word }
    }

    /// Measures `f`; `per` is the number of operations in one call.
    pub(crate) fn row<R>(&mut self, name: &str, per: u64, f: impl FnMut() -> R) -> f64 {
        self.row_against(name, per, None, f)
    }

    /// Like [`row`](Self::row), with the ratio to another row.
    pub(crate) fn row_against<R>(&mut self, name: &str, per: u64, base: Option<&str>, f: impl FnMut() -> R) -> f64 {
        self.measured(name, per, base, None, f)
    }

    /// Like [`row`](Self::row), minus the cost of another row.
    pub(crate) fn row_beyond<R>(&mut self, name: &str, per: u64, less: &str, f: impl FnMut() -> R) -> f64 {
        self.measured(name, per, None, Some(less), f)
    }

    fn measured<R>(
        &mut self,
        name: &str,
        per: u64,
        base: Option<&str>,
        less: Option<&str>,
        mut f: impl FnMut() -> R,
    ) -> f64 {
        let floor = self.rows.first().is_none_or(|row| row.name == name);
        if !floor && self.word.as_ref().is_some_and(|word| !name.contains(word.as_str())) {
            return 0.0;
        }
        let total = time(BUDGET, &mut f);
        if let Some(row) = self.rows.iter_mut().find(|row| row.name == name) {
            row.total = row.total.min(total);
            return self.nanos(name).unwrap_or_default();
        }
        let counted = allocation_counter::measure(|| {
            black_box(f());
        });
        let other = self.rows.iter().find(|row| Some(row.name.as_str()) == less);
        let other = other.map_or((0, 0), |row| (row.allocations, row.bytes));
        self.rows.push(Row {
            name: name.to_owned(),
            per,
            total,
            less: less.map(str::to_owned),
            allocations: counted.count_total.saturating_sub(other.0) / per,
            bytes: counted.bytes_total.saturating_sub(other.1) / per,
            peak: counted.bytes_max,
            exported: None,
            base: base.map(str::to_owned),
        });
        self.nanos(name).unwrap_or_default()
    }

    /// The time of one operation of a row.
    fn nanos(&self, name: &str) -> Option<f64> {
        let row = self.rows.iter().find(|row| row.name == name)?;
        let less = row.less.as_deref().and_then(|less| self.nanos(less)).unwrap_or_default();
        Some((row.total - less) / row.per as f64)
    }

    /// Sets the number of exported bytes of a row.
    pub(crate) fn exports(&mut self, name: &str, bytes: u64) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.name == name) {
            row.exported = Some(bytes);
        }
    }

    pub(crate) fn print(&self) {
        let Some(floor) = self.rows.first().map(|row| row.total) else { return };
        println!("| what | ns | × floor | allocations | bytes | peak | against | goal |");
        println!("|---|---:|---:|---:|---:|---:|---|---|");
        for Row { name, allocations, bytes, peak, exported, base, .. } in &self.rows {
            let Some(nanos) = self.nanos(name) else { continue };
            let base = base.as_deref().and_then(|base| Some((base, self.nanos(base)?)));
            let against = base.map(|(base, of)| format!("{:.2} × {base}", nanos / of)).unwrap_or_default();
            let goals = Goal::of(name).into_iter().filter_map(|goal| goal.judge(nanos, |name| self.nanos(name)));
            let goals = goals.chain(exported.map(|exported| held(*peak, exported))).collect::<Vec<_>>().join("; ");
            let times = nanos / floor;
            println!("| {name} | {nanos:.1} | {times:.2} | {allocations} | {bytes} | {peak} | {against} | {goals} |");
        }
    }
}

/// Whether a call's peak memory is at most twice the size of its export.
fn held(peak: u64, exported: u64) -> String {
    let is_met = if peak <= 2 * exported { "met" } else { "missed" };
    format!("peak ≤ 2 × {exported} bytes exported: {is_met}, {:.2} ×", peak as f64 / exported as f64)
}
