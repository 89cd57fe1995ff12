//! `chargewarden policy explain`: a frame and a state in; effects, verdict and reasons out.

use std::{io::Read, path::PathBuf, sync::Arc};

use anyhow::{Context, anyhow, bail};
use chargewarden_engine::effects::{Message, MessageKind, RequestMemo, translate};
use chargewarden_ocpp::{Action, Frame, Header, Limits, Payload, Side, Version, Violation};
use chargewarden_policy::{
    Circumstances, Doubts, Finding, MessageFacts, Policies, Ruling, Subject,
    effect::{AttributeValue, Effect},
};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use super::state::State;
use crate::{Exit, command::say};

/// Options of `policy explain`.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The version of OCPP: `1.6`, `2.0.1` or `2.1`.
    #[arg(long)]
    version: Version,
    /// Who sends the frame.
    #[arg(long, value_enum)]
    from: From,
    /// Bundles to ask: directories, or `baseline` for the shipped pack.
    #[arg(long = "bundle", value_name = "DIR", default_value = "baseline")]
    bundles: Vec<String>,
    /// A JSON file with what a session would know (station, model, firmware, booted, now, ...).
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
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
        let case = Case { version: self.version, from, state: &state, policies: &policies };
        let explained = match case.explain(frame.as_bytes(), call.as_deref().map(str::as_bytes))? {
            Ok(explained) => explained,
            Err(violation) => {
                self.print_violation(&violation);
                return Ok(Exit::Finding);
            }
        };
        if self.json {
            explained.print_json()?
        } else {
            explained.print()
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
            let place = if place == "baseline" { "builtin:baseline" } else { place };
            bundles.push(Arc::new(super::bundle(place).map_err(|found| anyhow!("{found}"))?));
        }
        Ok(Policies::new(bundles))
    }

    fn read_state(&self) -> anyhow::Result<State> {
        let Some(path) = &self.state else { return Ok(State::default()) };
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

struct Case<'a> {
    version: Version,
    from: Side,
    state: &'a State,
    policies: &'a Policies,
}

struct Explained {
    action: Action,
    effects: Vec<Effect>,
    ruling: Ruling,
}

impl Case<'_> {
    fn explain(&self, bytes: &[u8], call: Option<&[u8]>) -> anyhow::Result<Result<Explained, Violation>> {
        let limits = Limits::default();
        let frame = match Frame::open(bytes, self.version, &limits) {
            Ok(frame) => frame,
            Err(violation) => return Ok(Err(violation)),
        };
        let (kind, action, error) = match frame.header() {
            Header::Call { action, .. } => (MessageKind::Call, action, None),
            Header::Send { action, .. } => (MessageKind::Send, action, None),
            Header::Result { .. } => (MessageKind::Result, self.called(call)?, None),
            Header::Error { code, .. } | Header::ResultError { code, .. } => {
                (MessageKind::Error, self.called(call)?, Some(code.to_string()))
            }
        };
        let spec = action
            .spec(self.version)
            .ok_or_else(|| anyhow!("OCPP {} has no {}", self.version, action.name()))?;
        let read = match kind {
            MessageKind::Call | MessageKind::Send => frame.read(spec.request),
            MessageKind::Result => match spec.response {
                Some(response) => frame.read(response),
                None => bail!("{} has no answer", action.name()),
            },
            MessageKind::Error => frame.read_any(),
        };
        let payload = match read {
            Ok(payload) => payload,
            Err(violation) => return Ok(Err(violation)),
        };
        let request = match call {
            Some(call) if matches!(kind, MessageKind::Result | MessageKind::Error) => Some(self.memo(call)?),
            Some(_) | None => None,
        };
        let now = self.state.now()?;
        let message = Message {
            version: self.version,
            from: self.from,
            action,
            kind,
            payload: &payload,
            error: error.as_deref(),
            description: frame.header().description(),
            request: request.as_ref(),
            now,
        };
        let effects = translate(&message).into_vec();
        let ruling = self.rule(&message, bytes.len(), &effects)?;
        Ok(Ok(Explained { action, effects, ruling }))
    }

    fn rule(&self, message: &Message<'_>, bytes: usize, effects: &[Effect]) -> anyhow::Result<Ruling> {
        let circumstances = Circumstances {
            from: self.from,
            message: MessageFacts {
                version: self.version,
                action: message.action.name(),
                bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
                answer: matches!(message.kind, MessageKind::Result | MessageKind::Error),
            },
            session: self.state.session()?,
            doubts: Doubts::NONE,
            now: message.now,
        };
        let subject = Subject::new(self.state.about(self.version)?, self.policies);
        Ok(self.policies.decide(&subject, &circumstances, effects))
    }

    fn called(&self, call: Option<&[u8]>) -> anyhow::Result<Action> {
        let Some(call) = call else {
            bail!("this frame is an answer: give the call it answers with --answer-to")
        };
        match Frame::open(call, self.version, &Limits::default())
            .map_err(|violation| anyhow!("--answer-to: {violation}"))?
            .header()
        {
            Header::Call { action, .. } => Ok(action),
            Header::Send { .. }
            | Header::Result { .. }
            | Header::Error { .. }
            | Header::ResultError { .. } => {
                bail!("--answer-to is not a CALL")
            }
        }
    }

    /// What the session would remember of the call.
    fn memo(&self, call: &[u8]) -> anyhow::Result<RequestMemo> {
        let action = self.called(Some(call))?;
        let wrong = |violation: Violation| anyhow!("--answer-to: {violation}");
        let spec =
            action.spec(self.version).ok_or_else(|| anyhow!("no {} in this version", action.name()))?;
        let frame = Frame::open(call, self.version, &Limits::default()).map_err(wrong)?;
        let payload: Payload<'_> = frame.read(spec.request).map_err(wrong)?;
        let now = self.state.now()?;
        Ok(RequestMemo::of(&Message {
            version: self.version,
            from: self.from.other(),
            action,
            kind: MessageKind::Call,
            payload: &payload,
            error: None,
            description: None,
            request: None,
            now,
        }))
    }
}

impl Explained {
    fn print(&self) {
        say(format_args!("action   {}", self.action.name()));
        for effect in &self.effects {
            say(format_args!("effect   {}", effect.kind().name()));
            for (name, value) in attributes(effect) {
                say(format_args!("           {name} = {value}"));
            }
        }
        let code = self.ruling.verdict.code().map(|code| format!(": {code}")).unwrap_or_default();
        say(format_args!("verdict  {}{code}", self.ruling.verdict.name()));
        for cause in self.ruling.causes() {
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

    fn print_json(&self) -> anyhow::Result<()> {
        let effects: Vec<Value> = self
            .effects
            .iter()
            .map(|effect| {
                let attributes: Map<String, Value> = attributes(effect).into_iter().collect();
                json!({ "name": effect.kind().name(), "attributes": attributes })
            })
            .collect();
        let causes: Vec<_> = self.ruling.causes().collect();
        say(serde_json::to_string_pretty(&json!({
            "action": self.action.name(),
            "effects": effects,
            "verdict": self.ruling.verdict.name(),
            "reason": self.ruling.verdict.code(),
            "causes": causes,
        }))?);
        Ok(())
    }
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
