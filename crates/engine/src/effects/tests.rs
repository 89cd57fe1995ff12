//! Messages as text in, effects as text out.

mod catalogue;
mod conversation;

use chargewarden_ocpp::{Action, Limits, Payload, Side, Timestamp, Version};
use chargewarden_policy::effect::{AttributeValue, Effect, Url};

use super::{Effects, Message, MessageKind, RequestMemo, translate};

/// Our clock in tests: 2026-03-01T02:00:00Z.
const NOW_MS: i64 = 1_772_330_400_000;

fn now() -> Timestamp {
    Timestamp::from_millis(NOW_MS)
}

/// Effects on one line each; what is absent, empty or false is left out.
fn told(effects: &[Effect]) -> String {
    effects.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn line(effect: &Effect) -> String {
    let mut line = effect.kind().name().to_owned();
    effect.attributes(&mut |name, value| {
        let text = match value {
            AttributeValue::Flag(false) => return,
            AttributeValue::Flag(true) => {
                line.push_str(&format!(" {name}"));
                return;
            }
            AttributeValue::Long(number) => number.to_string(),
            AttributeValue::Text("") => return,
            AttributeValue::Text(text) => text.to_owned(),
            AttributeValue::Texts([]) => return,
            AttributeValue::Texts(texts) => texts.join(","),
            AttributeValue::Time(time) => time.to_string().replace(".000", ""),
            AttributeValue::Url(url) => brief(url),
            AttributeValue::Token(token) => token.expose().to_owned(),
        };
        line.push_str(&format!(" {name}={text}"));
    });
    line
}

fn brief(url: &Url) -> String {
    let mut text = if url.readable {
        format!("{}://{}:{}{}", url.scheme, url.host, url.port, url.path)
    } else {
        "?".into()
    };
    for (set, mark) in [(url.credentials, "+cred"), (url.private, "+private"), (url.suspicious, "+odd")] {
        if set {
            text.push_str(mark);
        }
    }
    text
}

fn version(name: &str) -> Version {
    name.parse().unwrap_or_else(|_| panic!("no version {name}"))
}

/// Effects of a call or a SEND, written `version side Action {payload}`; with ` => {answer}` or
/// ` => !Code` of the answer to it.
fn effects(text: &str) -> Effects {
    let mut words = text.splitn(4, ' ');
    let mut word = || words.next().unwrap_or_else(|| panic!("too short: {text}"));
    let version = version(word());
    let from = if word() == "csms" { Side::Csms } else { Side::Station };
    let action = word();
    let (call, answer) = match word().split_once(" => ") {
        Some((call, answer)) => (call, Some(answer)),
        None => (text.splitn(4, ' ').last().unwrap(), None),
    };
    let action = Action::parse(version, action).unwrap_or_else(|| panic!("{action} is not in {version}"));
    let spec = action.spec(version).unwrap();
    let request = read(call, spec.request);
    let kind = if spec.response.is_some() { MessageKind::Call } else { MessageKind::Send };
    let call = Message {
        version,
        from,
        action,
        kind,
        payload: &request,
        error: None,
        description: None,
        request: None,
        now: now(),
    };
    let Some(answer) = answer else { return translate(&call) };
    let memo = RequestMemo::of(&call);
    let mut message = Message { from: from.other(), request: Some(&memo), ..call };
    if let Some(code) = answer.strip_prefix('!') {
        message.kind = MessageKind::Error;
        message.error = Some(code);
        return translate(&message);
    }
    let response = read(answer, spec.response.unwrap());
    message.kind = MessageKind::Result;
    message.payload = &response;
    translate(&message)
}

fn read<'a>(text: &'a str, shape: &'static chargewarden_ocpp::Object) -> Payload<'a> {
    Payload::parse(text, shape, &Limits::default()).unwrap_or_else(|problem| panic!("{text}: {problem}"))
}
