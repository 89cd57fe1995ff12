//! What each layer is worth, in one table.

use chargewarden_drill::attack::{Level, Row};

use super::findings::{Findings, Found};
use crate::command::say;

/// Prints a column a level: how many entries and attacks each stops.
pub(super) fn print(levels: &[(Level, Findings)]) {
    let Some((_, first)) = levels.first() else { return };
    say(format_args!("{:<6} {:<48}{}", "", "", columns(levels, |level, _| level.name().to_owned())));
    for (place, found) in first.entries.iter().enumerate() {
        let cells = columns(levels, |_, findings| findings.entries.get(place).map_or_else(String::new, cell));
        say(format_args!("{:<6} {:<48}{cells}", found.id, found.name));
    }
    let all = |of: &dyn Fn(&Found) -> (usize, usize)| {
        columns(levels, |_, findings| {
            let (part, whole) =
                findings.entries.iter().map(of).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            format!("{part} of {whole}")
        })
    };
    say(format_args!("\n{:<55}{}", "entries stopped", all(&|found| (usize::from(found.held()), 1))));
    say(format_args!(
        "{:<55}{}",
        "attacks stopped",
        all(&|found| (found.rows.iter().filter(|row| row.held()).count(), found.rows.len()))
    ));
    say(format_args!("{:<55}{}", "work hindered", all(&|found| (found.hindered(), found.twins.len()))));
}

/// Attacks of an entry that a level stops, of how many.
fn cell(found: &Found) -> String {
    let stopped = found.rows.iter().filter(|row| Row::held(row)).count();
    match found.rows.len() {
        0 => "-".to_owned(),
        all if stopped == all => "stopped".to_owned(),
        all => format!("{stopped} of {all}"),
    }
}

fn columns(levels: &[(Level, Findings)], cell: impl Fn(Level, &Findings) -> String) -> String {
    levels.iter().map(|(level, findings)| format!("{:>12}", cell(*level, findings))).collect()
}
