//! `chargewarden policy explain`: a frame and a state in; effects, verdict and reasons out.

use std::{
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, anyhow, bail};
use chargewarden_drill::trial::{self, Explained, Given, Unexplained};
use chargewarden_ocpp::{Limits, Side, Timestamp, Version, Violation};
use chargewarden_policy::{
    Assumed, Doubt, Doubts, Finding, Policies,
    effect::{AttributeValue, Effect},
    pack,
};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use crate::{Exit, command::say, config::BUILTIN_PREFIX};

/// Options of `policy explain`.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The version of OCPP: `1.6`, `2.0.1` or `2.1`.
    #[arg(long)]
    version: Version,
    /// Who sends the frame.
    #[arg(long, value_enum)]
    from: From,
    /// Bundles to ask: directories, or shipped packs such as `cso-baseline`.
    #[arg(long = "bundle", value_name = "DIR", default_value = "cso-baseline")]
    bundles: Vec<String>,
    /// A JSON file with what a session would know (station, model, firmware, booted, now, ...).
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Something odd about the message, such as `session_running`; may be repeated.
    #[arg(long = "doubt", value_name = "NAME")]
    doubts: Vec<String>,
    /// For an answer: the CALL it answers, as a frame or a file that holds it.
    #[arg(long, value_name = "FRAME|FILE")]
    answer_to: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// The frame, such as `[2,"1","Reset",{"type":"Hard"}]`; a file that holds it; or `-` for standard input.
    frame: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum From {
    Station,
    Csms,
}

impl Explain {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        let policies = self.policies()?;
        let frame = read(&self.frame)?;
        let call = self.answer_to.as_deref().map(read).transpose()?;
        let state = self.read_state()?;
        let from = match self.from {
            From::Station => Side::Station,
            From::Csms => Side::Csms,
        };
        let given = Given {
            version: self.version,
            from,
            frame: frame.as_bytes(),
            call: call.as_deref().map(str::as_bytes),
            assumed: &state,
            doubts: self.doubts()?,
            now: Timestamp::from_millis(crate::gateway::stamp().as_millis()),
        };
        let explained = match trial::explain(&given, &policies) {
            Ok(explained) => explained,
            Err(Unexplained::Violation(violation)) => {
                self.print_violation(&violation);
                return Ok(Exit::Finding);
            }
            Err(Unexplained::NoCall) => {
                bail!("this frame is an answer: give the call it answers with --answer-to")
            }
            Err(error) => return Err(error.into()),
        };
        if self.json {
            print_json(&explained)?
        } else {
            print(&explained)
        }
        Ok(if explained.ruling.verdict == chargewarden_policy::Verdict::Forward {
            Exit::Ok
        } else {
            Exit::Finding
        })
    }

    fn policies(&self) -> anyhow::Result<Policies> {
        let mut bundles = Vec::new();
        for place in &self.bundles {
            let shipped = pack::find(place).is_some() && !Path::new(place).exists();
            let place = if shipped { format!("{BUILTIN_PREFIX}{place}") } else { place.clone() };
            bundles.push(Arc::new(super::bundle(&place).map_err(|found| anyhow!("{found}"))?));
        }
        Ok(Policies::new(bundles))
    }

    fn doubts(&self) -> anyhow::Result<Doubts> {
        let doubt = |name: &String| {
            Doubt::parse(name).with_context(|| format!("--doubt: there is no doubt `{name}`"))
        };
        self.doubts.iter().map(doubt).collect()
    }

    fn read_state(&self) -> anyhow::Result<Assumed> {
        let Some(path) = &self.state else { return Ok(Assumed::default()) };
        let place = path.display();
        let text = std::fs::read(path).with_context(|| format!("`{place}`"))?;
        serde_json::from_slice(&text).with_context(|| format!("`{place}`"))
    }

    fn print_violation(&self, violation: &Violation) {
        if self.json {
            say(json!({ "verdict": "refuse", "violation": violation.to_string(), "path": violation.path }));
        } else {
            say(format_args!("verdict  refuse: the frame is not valid OCPP {}", self.version));
            say(format_args!("because  {violation}"));
        }
    }
}

/// A frame given as itself, as a file, or on standard input.
fn read(given: &str) -> anyhow::Result<String> {
    let limit = u64::try_from(Limits::default().frame_bytes).unwrap_or(u64::MAX) + 2;
    let text = match given {
        "-" => {
            let mut text = String::new();
            std::io::stdin().take(limit).read_to_string(&mut text).context("standard input")?;
            text
        }
        frame if frame.trim_start().starts_with('[') => frame.to_owned(),
        file => std::fs::read_to_string(file)
            .with_context(|| format!("`{file}` is neither a frame nor a readable file"))?,
    };
    Ok(text.trim().to_owned())
}

fn print(explained: &Explained) {
    say(format_args!("action   {}", explained.action.name()));
    for effect in &explained.effects {
        say(format_args!("effect   {}", effect.kind().name()));
        for (name, value) in attributes(effect) {
            say(format_args!("           {name} = {value}"));
        }
    }
    let code = explained.ruling.verdict.code().map(|code| format!(": {code}")).unwrap_or_default();
    say(format_args!("verdict  {}{code}", explained.ruling.verdict.name()));
    for cause in explained.ruling.causes() {
        let word = match cause.finding {
            Finding::Permitted => "permits",
            Finding::Forbidden => "forbids",
            Finding::Held => "holds",
            Finding::NotPermitted => "does not permit",
            Finding::Failed => "failed on",
            Finding::Undecidable => "cannot decide",
        };
        let party = cause.party.as_ref().map(ToString::to_string).unwrap_or_default();
        let policy = cause.policy.as_deref().unwrap_or("no policy");
        let effect = cause.effect.map_or("the message", |effect| effect.name());
        let reason = if cause.reason.is_empty() { String::new() } else { format!(": {}", cause.reason) };
        say(format_args!("because  {party} {policy} {word} {effect}{reason}"));
    }
}

fn print_json(explained: &Explained) -> anyhow::Result<()> {
    let effects: Vec<Value> = explained
        .effects
        .iter()
        .map(|effect| {
            let attributes: Map<String, Value> = attributes(effect).into_iter().collect();
            json!({ "name": effect.kind().name(), "attributes": attributes })
        })
        .collect();
    let causes: Vec<_> = explained.ruling.causes().collect();
    say(serde_json::to_string_pretty(&json!({
        "action": explained.action.name(),
        "effects": effects,
        "verdict": explained.ruling.verdict.name(),
        "reason": explained.ruling.verdict.code(),
        "causes": causes,
    }))?);
    Ok(())
}

/// Attributes for people. Id tokens are not shown: explanations get pasted into tickets.
fn attributes(effect: &Effect) -> Vec<(String, Value)> {
    let mut attributes = Vec::new();
    effect.attributes(&mut |name, value| {
        let value = match value {
            AttributeValue::Flag(flag) => json!(flag),
            AttributeValue::Long(number) => json!(number),
            AttributeValue::Text(text) => json!(text),
            AttributeValue::Texts(texts) => json!(texts),
            AttributeValue::Time(time) => json!(time.to_string()),
            AttributeValue::Url(url) => json!({
                "scheme": url.scheme, "host": url.host, "port": url.port, "readable": url.readable,
            }),
            AttributeValue::Token(_) => json!("(token)"),
        };
        attributes.push((name.to_owned(), value));
    });
    attributes
}
