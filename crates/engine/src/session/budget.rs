//! How much wrong a peer may do before the session ends.

/// Violations of one side, forgiven with time.
#[derive(Debug, Default)]
pub(super) struct Budget {
    spent: u32,
    since_ms: u64,
}

impl Budget {
    /// Counts one violation; false when it was one too many.
    pub(super) fn spend(&mut self, now_ms: u64, max: u32, forgiven_ms: u64) -> bool {
        if self.spent == 0 {
            self.since_ms = now_ms;
        }
        let forgiven = now_ms.saturating_sub(self.since_ms) / forgiven_ms.max(1);
        let forgiven = u32::try_from(forgiven).unwrap_or(u32::MAX).min(self.spent);
        self.spent = self.spent - forgiven + 1;
        self.since_ms += u64::from(forgiven) * forgiven_ms;
        self.spent <= max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_ends_it_and_time_forgives() {
        let mut budget = Budget::default();
        assert!((0..20).all(|_| budget.spend(0, 20, 1000)));
        assert!(!budget.spend(0, 20, 1000));
        let mut budget = Budget::default();
        assert!((0..1000u64).all(|n| budget.spend(n * 1000, 20, 1000)));
        assert!((0..1000u64).any(|n| !budget.spend(1_000_000 + n * 900, 20, 1000)));
    }
}
