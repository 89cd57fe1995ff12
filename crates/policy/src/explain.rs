//! A ruling told to people: what would have happened, who decided, and why.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::effect::{AttributeValue, Effect};
use crate::requirement::{Alert, Requirement};
use crate::ruling::{Cause, Finding, Ruling, Verdict};

/// A ruling in a form that can be written as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// `forward`, `refuse` or `hold`.
    pub verdict: &'static str,
    /// Reason code of a refusal or hold.
    pub code: Option<&'static str>,
    /// Who must approve a hold.
    pub approvals: Option<Requirement>,
    /// The most urgent alert.
    pub alert: Option<Alert>,
    /// Whether the sender is to be set apart.
    pub quarantine: bool,
    /// What the message would do.
    pub effects: Vec<Told>,
    /// What every party's policies found.
    pub causes: Vec<Cause>,
}

/// An effect with its attributes.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// Its name.
    pub effect: &'static str,
    /// Its attributes, without what is secret.
    pub attributes: Map<String, Value>,
}

/// Puts a ruling about `effects` into words that machines read.
pub fn explain(effects: &[Effect], ruling: &Ruling) -> Explanation {
    Explanation {
        verdict: ruling.verdict.name(),
        code: ruling.verdict.code().map(|code| code.name()),
        approvals: match &ruling.verdict {
            Verdict::Hold(requirement) => Some(requirement.clone()),
            Verdict::Forward | Verdict::Refuse(_) => None,
        },
        alert: ruling.alert(),
        quarantine: ruling.quarantine(),
        effects: effects.iter().map(told).collect(),
        causes: ruling.causes().cloned().collect(),
    }
}

fn told(effect: &Effect) -> Told {
    let mut attributes = Map::new();
    effect.attributes(&mut |name, value| {
        attributes.insert(name.to_owned(), json(value));
    });
    Told { effect: effect.kind().name(), attributes }
}

fn json(value: AttributeValue<'_>) -> Value {
    match value {
        AttributeValue::Flag(flag) => flag.into(),
        AttributeValue::Long(number) => number.into(),
        AttributeValue::Text(text) => text.into(),
        AttributeValue::Texts(texts) => texts.to_vec().into(),
        AttributeValue::Time(at) => at.to_string().into(),
        AttributeValue::Token(_) => "(hidden)".into(),
        AttributeValue::Url(url) => {
            let mut parts = Map::new();
            parts.insert("scheme".to_owned(), url.scheme.as_str().into());
            parts.insert("host".to_owned(), url.host.as_str().into());
            parts.insert("port".to_owned(), url.port.into());
            parts.insert("path".to_owned(), url.path.as_str().into());
            let marks = [
                ("unreadable", !url.readable),
                ("credentials", url.credentials),
                ("private", url.private),
                ("suspicious", url.suspicious),
            ];
            for (mark, _) in marks.into_iter().filter(|(_, set)| *set) {
                parts.insert(mark.to_owned(), true.into());
            }
            Value::Object(parts)
        }
    }
}

/// Tells a ruling about `effects` in a few lines.
///
/// ```text
/// REFUSED: policy-denied, alert critical
/// would have done
///   repoint            url=wss://evil.example:443/ocpp means=network-profile …
/// because
///   cso  forbids repoint [repoint]: stations are moved by their owner, not over OCPP
/// ```
pub fn render(effects: &[Effect], ruling: &Ruling) -> String {
    let mut out = String::new();
    let _ = match &ruling.verdict {
        Verdict::Forward => write!(out, "FORWARDED"),
        Verdict::Refuse(code) => write!(out, "REFUSED: {code}"),
        Verdict::Hold(requirement) => write!(out, "HELD until approved by {requirement}"),
    };
    if let Some(level) = ruling.alert() {
        let _ = write!(out, ", alert {level}");
    }
    if ruling.quarantine() {
        out.push_str(", quarantine");
    }
    out.push_str(match ruling.verdict {
        Verdict::Forward => "\ndoes\n",
        Verdict::Refuse(_) => "\nwould have done\n",
        Verdict::Hold(_) => "\nwould do\n",
    });
    if effects.is_empty() {
        out.push_str("  nothing that is known\n");
    }
    for effect in effects {
        let _ = writeln!(out, "  {}", line(effect));
    }
    out.push_str("because\n");
    for cause in ruling.causes() {
        let _ = writeln!(out, "  {}", because(cause));
    }
    out
}

/// An effect and its attributes in one line: `restart immediate=true`.
pub fn line(effect: &Effect) -> String {
    let mut out = effect.kind().name().to_owned();
    effect.attributes(&mut |name, value| {
        let _ = match value {
            AttributeValue::Flag(flag) => write!(out, " {name}={flag}"),
            AttributeValue::Long(number) => write!(out, " {name}={number}"),
            AttributeValue::Text(text) => write!(out, " {name}={}", quoted(text)),
            AttributeValue::Texts(texts) => {
                let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
                write!(out, " {name}=[{}]", texts.join(","))
            }
            AttributeValue::Time(at) => write!(out, " {name}={at}"),
            AttributeValue::Token(_) => write!(out, " {name}=(hidden)"),
            AttributeValue::Url(url) if !url.readable => write!(out, " {name}=(unreadable)"),
            AttributeValue::Url(url) => {
                let secret = if url.credentials { "(hidden)@" } else { "" };
                let address = format!("{}://{secret}{}:{}{}", url.scheme, url.host, url.port, url.path);
                write!(out, " {name}={}", quoted(&address))
            }
        };
    });
    out
}

/// A text from a peer: plain if it is plain, else in quotes with everything odd escaped.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '=' | '[' | ']');
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { format!("{text:?}") }
}

fn because(cause: &Cause) -> String {
    let mut out = String::new();
    if let Some(party) = &cause.party {
        let _ = write!(out, "{party}  ");
    }
    out.push_str(match cause.finding {
        Finding::Permitted => "permits",
        Finding::Forbidden => "forbids",
        Finding::Held => "holds",
        Finding::NotPermitted => "does not permit",
        Finding::Failed => "could not judge",
        Finding::Undecidable => "undecidable",
    });
    if let Some(effect) = cause.effect {
        let _ = write!(out, " {effect}");
    }
    if let Some(policy) = &cause.policy {
        let _ = write!(out, " [{policy}]");
    }
    if let Some(hold) = &cause.hold {
        let _ = write!(out, " until {hold}");
    }
    if !cause.reason.is_empty() {
        let _ = write!(out, ": {}", cause.reason);
    }
    out
}
