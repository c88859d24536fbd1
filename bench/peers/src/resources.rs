//! The resources that this process has used.

use std::time::Duration;

use stats_alloc::INSTRUMENTED_SYSTEM;

/// The processor time and the allocations of all threads of this process.
#[derive(Clone, Copy)]
pub struct Used {
    pub processor: Duration,
    /// Zero if the program does not install the counting allocator.
    pub allocations: usize,
}

impl Used {
    /// The resources used since the start of the process.
    pub fn now() -> Used {
        let stats = INSTRUMENTED_SYSTEM.stats();
        let processor = cpu_time::ProcessTime::now().as_duration();
        Used { processor, allocations: stats.allocations + stats.reallocations }
    }

    /// The resources used since `self`.
    pub fn until_now(self) -> Used {
        let now = Used::now();
        let processor = now.processor.saturating_sub(self.processor);
        Used { processor, allocations: now.allocations.saturating_sub(self.allocations) }
    }
}

/// The resident memory in bytes, where the system has `/proc`.
pub fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}
