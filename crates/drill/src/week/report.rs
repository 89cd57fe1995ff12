//! What came of the week.

use std::fmt;

use serde::Serialize;

use super::{OPERATORS, Week};
use crate::world::{Book, Stopped};

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Days that were played.
    pub days: u32,
    /// The seed.
    pub seed: u64,
    /// Charging sessions that began.
    pub sessions: u32,
    /// Messages that were decided.
    pub messages: u64,
    /// What was refused, most often first.
    pub refused: Vec<Line>,
    /// What was held for people, most often first.
    pub held: Vec<Line>,
    /// Holds for each operator in a week.
    pub holds_per_operator_week: f64,
    /// Who was watched or set apart.
    pub placed: Vec<(String, u32)>,
    /// Policies that wanted to be heard of.
    pub alerts: Vec<(String, u32)>,
    /// Doubts that were raised.
    pub doubts: Vec<(String, u32)>,
}

/// Something that did not pass, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// How often.
    pub times: u32,
    /// Who said it.
    pub from: String,
    /// What.
    pub action: String,
    /// Party and policy or limit of each cause.
    pub causes: Vec<String>,
    /// What was odd.
    pub doubts: Vec<String>,
}

impl Report {
    pub(super) fn of(week: Week, sessions: u32, book: Book) -> Self {
        let held = lines(book.held);
        let holds: u32 = held.iter().map(|line| line.times).sum();
        let operator_weeks = f64::from(OPERATORS) * f64::from(week.days) / 7.0;
        Self {
            days: week.days,
            seed: week.seed,
            sessions,
            messages: book.messages,
            refused: lines(book.refused),
            holds_per_operator_week: f64::from(holds) / operator_weeks.max(f64::MIN_POSITIVE),
            held,
            placed: book.placed.into_iter().collect(),
            alerts: book.alerts.into_iter().collect(),
            doubts: book.doubts.into_iter().collect(),
        }
    }

    /// Messages that were refused.
    pub fn refusals(&self) -> u32 {
        self.refused.iter().map(|line| line.times).sum()
    }

    /// Whether nothing was refused, and people were asked less than once a week each.
    pub fn is_good(&self) -> bool {
        self.refused.is_empty() && self.holds_per_operator_week < 1.0
    }
}

fn lines(stopped: std::collections::BTreeMap<Stopped, u32>) -> Vec<Line> {
    let mut lines: Vec<Line> = stopped
        .into_iter()
        .map(|(Stopped { from, action, causes, doubts }, times)| Line {
            times,
            from: from.to_owned(),
            action,
            causes,
            doubts,
        })
        .collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.times));
    lines
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { days, seed, sessions, messages, .. } = self;
        writeln!(f, "{days} days (seed {seed}): {sessions} charging sessions, {messages} messages")?;
        writeln!(f, "refused: {}", self.refusals())?;
        self.refused.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        let per = self.holds_per_operator_week;
        writeln!(
            f,
            "held: {} ({per:.2} for each operator and week)",
            self.held.iter().map(|line| line.times).sum::<u32>()
        )?;
        self.held.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        for (what, counts) in
            [("set apart or watched", &self.placed), ("alerts", &self.alerts), ("doubts", &self.doubts)]
        {
            writeln!(f, "{what}: {}", counts.iter().map(|(_, times)| times).sum::<u32>())?;
            counts.iter().try_for_each(|(name, times)| writeln!(f, "  {times:>6} {name}"))?;
        }
        Ok(())
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { times, from, action, causes, doubts } = self;
        write!(f, "{times:>6} {action} of the {from}: {}", causes.join(", "))?;
        if doubts.is_empty() { Ok(()) } else { write!(f, " ({})", doubts.join(", ")) }
    }
}
