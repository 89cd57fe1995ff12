//! The table that people read.

use chargewarden_drill::attack::{Kind, Leak, Row};

use super::findings::{Findings, Found};
use crate::command::say;

/// Characters of an entry's name.
const NAME: usize = 46;
/// Characters of what stopped it.
const STOPPED: usize = 44;
/// Characters of a message that is shown.
const MESSAGE: usize = 160;
/// Messages shown of a row.
const SHOWN: usize = 2;

/// Prints it: a line an entry, and below it what did not end as it should; with `all`, every row.
pub(super) fn print(findings: &Findings, all: bool) {
    say(format_args!(
        "{:<4} {:<NAME$} {:>6} {:>7} {:>7}  {:<STOPPED$} {:>7}",
        "", "attack", "tried", "reached", "fleet", "stopped by", "work"
    ));
    for found in &findings.entries {
        entry(found, all);
    }
    let held = findings.entries.iter().filter(|found| found.held()).count();
    let hindered: usize = findings.entries.iter().map(Found::hindered).sum();
    let (attacks, twins): (usize, usize) = findings
        .entries
        .iter()
        .fold((0, 0), |sum, found| (sum.0 + found.rows.len(), sum.1 + found.twins.len()));
    say(format_args!(
        "\n{held} of {} entries held, in {attacks} attacks; {hindered} of {twins} pieces of work hindered.",
        findings.entries.len()
    ));
    say(
        "tried: messages. reached: those that got through before the first that did not. fleet: stations affected in the whole campaign.",
    );
}

fn entry(found: &Found, all: bool) {
    let (tried, reached, percent) = found.worst();
    let work = match (found.hindered(), found.twins.len()) {
        (_, 0) => "-".to_owned(),
        (0, twins) => format!("{twins} ok"),
        (hindered, twins) => format!("{hindered} of {twins}"),
    };
    // What must not get through at all is not measured by what it affects.
    let fleet = percent.map_or_else(|| "-".to_owned(), |percent| format!("{percent:.1}%"));
    let mark = if found.held() && found.hindered() == 0 { "" } else { "  <--" };
    say(format_args!(
        "{:<4} {:<NAME$} {tried:>6} {reached:>7} {fleet:>7}  {:<STOPPED$} {work:>7}{mark}",
        found.id,
        short(found.name, NAME),
        short(&found.stopped_by().join(" "), STOPPED),
    ));
    for row in found.rows.iter().filter(|row| all || !row.held()) {
        attack(row);
    }
    for twin in found.twins.iter().filter(|twin| all || !twin.passed()) {
        let total = twin.tally.total();
        let verdict = if twin.passed() { "passed" } else { "HINDERED" };
        say(format_args!("       {verdict:<8} {}: {} of {} passed", twin.twin, total.reached, total.tried));
        twin.tally.leaks.iter().take(SHOWN).for_each(message);
    }
}

fn attack(row: &Row) {
    let total = row.tally.total();
    let verdict = if row.held() { "held" } else { "LEAKED" };
    let of = match row.kind {
        Kind::Cumulative => format!(
            "{} stations affected ({:.1} %), {} before the first block",
            row.tally.affected.len(),
            row.percent(),
            total.before_block
        ),
        Kind::Hard | Kind::Report | Kind::Answer | Kind::Transport => {
            format!("{} of {} got through", total.reached, total.tried)
        }
    };
    let versions: Vec<String> = row
        .tally
        .by_version
        .iter()
        .map(|(version, count)| format!("{version}: {}/{}", count.reached, count.tried))
        .collect();
    say(format_args!(
        "       {verdict:<8} {}, {}: {of} ({})",
        row.attack,
        row.intensity.name(),
        versions.join(", ")
    ));
    if !row.held() {
        row.tally.leaks.iter().take(SHOWN).for_each(message);
    }
}

fn message(leak: &Leak) {
    let text = format!("{} {} {}", leak.station, leak.action, leak.payload);
    say(format_args!("                {}", short(&text, MESSAGE)));
    if !leak.stoppers.is_empty() || !leak.doubts.is_empty() {
        say(format_args!(
            "                  by {} doubts {}",
            leak.stoppers.join(" "),
            leak.doubts.join(" ")
        ));
    }
}

fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}
