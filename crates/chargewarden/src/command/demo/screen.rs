//! How the demo looks: one block an order, from the evidence of what was decided.

use std::io::{IsTerminal, Write};

use chargewarden_evidence::{EffectNote, Message, Verdict};

use super::script::Order;

/// Columns before the text of a block.
const MARGIN: usize = 11;

/// Characters of a block's text before it is broken.
const WIDTH: usize = 96;

/// Where the demo is shown. Colours only on a terminal, and not where `NO_COLOR` is set.
pub(super) struct Screen {
    colours: bool,
}

#[derive(Clone, Copy)]
enum Ink {
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Blue,
}

impl Screen {
    pub(super) fn new() -> Self {
        Self { colours: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() }
    }

    /// A heading of an act.
    pub(super) fn act(&self, title: &str) {
        say(&format!("\n{}\n", self.ink(Ink::Bold, title)));
    }

    /// A line of the story.
    pub(super) fn tell(&self, text: &str) {
        for line in wrapped(text, WIDTH) {
            say(&format!("  {line}"));
        }
    }

    /// An order and what the evidence says of it.
    pub(super) fn block(&self, order: &Order, seq: u64, message: &Message) {
        say(&format!(
            "  {} {} {} {}",
            self.ink(Ink::Blue, "console ▸"),
            self.ink(Ink::Bold, order.station),
            order.action,
            self.ink(Ink::Dim, &format!("“{}”", order.pretext)),
        ));
        for effect in &message.effects {
            self.field("would", Ink::Dim, &effect_line(effect));
        }
        let (word, ink) = match &message.verdict {
            Verdict::Forward => ("PASSED", Ink::Green),
            Verdict::Refuse { .. } => ("REFUSED", Ink::Red),
            Verdict::Hold { .. } => ("HELD", Ink::Yellow),
        };
        let mut why: Vec<String> = Vec::new();
        for cause in &message.causes {
            let line = match cause.text.is_empty() {
                true => format!("{}/{}", cause.party, cause.policy),
                false => format!("{} ({}/{})", cause.text, cause.party, cause.policy),
            };
            if !why.contains(&line) {
                why.push(line);
            }
        }
        if why.is_empty() {
            why.push(message.verdict.reason().to_owned());
        }
        for (n, line) in why.iter().enumerate() {
            self.field(if n == 0 { word } else { "" }, ink, line);
        }
        self.field("evidence", Ink::Dim, &format!("#{seq}"));
        say("");
    }

    /// The closing table.
    pub(super) fn tally(&self, rows: &[(&str, String)]) {
        for (name, value) in rows {
            say(&format!("  {:<42} {}", name, self.ink(Ink::Bold, value)));
        }
    }

    /// The last line, good or bad.
    pub(super) fn verdict(&self, good: bool, text: &str) {
        say(&format!("\n  {}\n", self.ink(if good { Ink::Green } else { Ink::Red }, text)));
    }

    fn field(&self, name: &str, ink: Ink, text: &str) {
        for (n, line) in wrapped(text, WIDTH - MARGIN).iter().enumerate() {
            let name = if n == 0 { name } else { "" };
            say(&format!("    {} {line}", self.ink(ink, &format!("{name:<9}"))));
        }
    }

    fn ink(&self, ink: Ink, text: &str) -> String {
        if !self.colours {
            return text.to_owned();
        }
        let code = match ink {
            Ink::Bold => "1",
            Ink::Dim => "2",
            Ink::Red => "1;31",
            Ink::Green => "1;32",
            Ink::Yellow => "1;33",
            Ink::Blue => "34",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// An effect as a line: its name, then what is known about it.
fn effect_line(effect: &EffectNote) -> String {
    let attributes: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(effect.attributes.as_json()).unwrap_or_default();
    let known: Vec<String> = attributes.iter().filter_map(|(name, value)| known(name, value)).collect();
    match known.is_empty() {
        true => effect.name.to_string(),
        false => format!("{}  {}", effect.name, known.join(", ")),
    }
}

fn known(name: &str, value: &serde_json::Value) -> Option<String> {
    use serde_json::Value;
    let name = name.replace('_', " ");
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Bool(true) => Some(name),
        Value::Number(number) => Some(format!("{name} {number}")),
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(format!("{name} {text}")),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().filter_map(Value::as_str).collect();
            (!items.is_empty()).then(|| format!("{name} {}", items.join(" ")))
        }
        Value::Object(_) => Some(format!("{name} {value}")),
    }
}

/// Breaks at blanks. A word that is longer than a line stays whole.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { continue };
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// A closed pipe ends the showing, not the demo.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
