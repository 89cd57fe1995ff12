//! What does not fit, while the reader still knows where it is.

use crate::scan::Misread;
use crate::violation::Rule;

/// Characters of a peer's text that a fault may repeat.
const EXCERPT: usize = 40;

/// What does not fit, on its way up to the root.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) rule: Rule,
    pub(crate) detail: String,
    pub(crate) offset: usize,
    /// Innermost first.
    steps: Vec<Step>,
}

/// One step from the root towards the fault.
#[derive(Debug)]
pub(crate) enum Step {
    Member(String),
    Item(usize),
}

/// What the checks return; the box keeps the good case small.
pub(crate) type Checked<T = ()> = Result<T, Box<Fault>>;

impl Fault {
    #[cold]
    pub(crate) fn new(rule: Rule, offset: usize, detail: impl Into<String>) -> Box<Fault> {
        Box::new(Fault { rule, detail: detail.into(), offset, steps: Vec::new() })
    }

    #[cold]
    pub(crate) fn inside(mut self: Box<Fault>, step: Step) -> Box<Fault> {
        self.steps.push(step);
        self
    }

    /// The path as people write it.
    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        for step in self.steps.iter().rev() {
            match step {
                Step::Member(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                Step::Item(index) => path.push_str(&format!("[{index}]")),
            }
        }
        path
    }
}

impl From<Misread> for Box<Fault> {
    #[cold]
    fn from(misread: Misread) -> Box<Fault> {
        let detail = if misread.rule == Rule::Surrogate {
            "half of a surrogate pair"
        } else if misread.rule == Rule::NumberSize {
            "a number beyond what every reader reads alike"
        } else {
            "not JSON"
        };
        Fault::new(misread.rule, misread.offset, detail)
    }
}

/// A number that is too small or too great.
#[cold]
pub(crate) fn out_of_range<T: std::fmt::Display>(
    start: usize,
    value: T,
    min: Option<T>,
    max: Option<T>,
) -> Box<Fault> {
    let allowed = match (min, max) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("{min} or more"),
        (None, Some(max)) => format!("{max} or less"),
        (None, None) => "anything".to_owned(),
    };
    Fault::new(Rule::Range, start, format!("{value} is not {allowed}"))
}

/// A part of a peer's text that may be shown.
pub(crate) fn excerpt(text: &str) -> String {
    let shown = printable(text);
    let more = if text.chars().nth(EXCERPT).is_some() { "…" } else { "" };
    format!("`{shown}{more}`")
}

/// The beginning of a peer's text, without what could change how a log or a terminal shows the rest.
pub(crate) fn printable(text: &str) -> String {
    text.chars().take(EXCERPT).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_from_the_root() {
        let fault = Fault::new(Rule::Type, 0, "").inside(Step::Member("limit".to_owned()));
        let fault =
            fault.inside(Step::Item(3)).inside(Step::Item(0)).inside(Step::Member("period".to_owned()));
        assert_eq!(fault.inside(Step::Member("schedule".to_owned())).path(), "schedule.period[0][3].limit");
    }

    #[test]
    fn excerpts_are_short_and_printable() {
        assert_eq!(excerpt("a\n\u{1b}[2J"), "`a\u{fffd}\u{fffd}[2J`");
        assert_eq!(excerpt(&"é".repeat(41)), format!("`{}…`", "é".repeat(40)));
    }
}
