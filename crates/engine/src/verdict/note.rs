//! Effects and causes as evidence writes them.

use chargewarden_evidence::{AttributeWriter, Attributes, Cause, ContentKey, EffectNote, Side, Word};
use chargewarden_policy as policy;
use chargewarden_policy::effect::{AttributeValue, Effect};

pub(crate) fn side(side: chargewarden_ocpp::Side) -> Side {
    match side {
        chargewarden_ocpp::Side::Station => Side::Station,
        chargewarden_ocpp::Side::Csms => Side::Csms,
    }
}

pub(super) fn cause(cause: &policy::Cause) -> Cause {
    Cause {
        party: cause.party.as_ref().map_or_else(String::new, |party| party.as_str().to_owned()),
        policy: cause.policy.as_ref().map_or_else(|| rule(cause), |policy| policy.to_string().into()),
        effect: cause.effect.map_or_else(Default::default, |effect| effect.name().into()),
        text: cause.reason.to_string(),
    }
}

/// Where no policy spoke: what that is called.
fn rule(cause: &policy::Cause) -> Word {
    cause.code.map_or_else(Word::default, |code| code.name().into())
}

/// An effect with its attributes. Id tokens become keyed hashes; URLs have lost credentials and path already.
pub(super) fn effect(effect: &Effect, key: &ContentKey) -> EffectNote {
    let mut writer = None;
    effect.attributes(&mut |name, value| {
        let so_far = writer.take().unwrap_or_else(Attributes::object);
        writer = Some(write(so_far, name, value, key));
    });
    EffectNote {
        name: effect.kind().name().into(),
        attributes: writer.map_or(Attributes::NONE, AttributeWriter::finish),
    }
}

fn write(
    writer: AttributeWriter,
    name: &str,
    value: AttributeValue<'_>,
    key: &ContentKey,
) -> AttributeWriter {
    match value {
        AttributeValue::Flag(flag) => writer.flag(name, flag),
        AttributeValue::Long(number) => writer.int(name, number),
        AttributeValue::Text(text) => writer.text(name, text),
        AttributeValue::Texts(texts) => writer.texts(name, texts),
        AttributeValue::Time(time) => writer.text(name, &time.to_string()),
        AttributeValue::Url(url) => writer.text(name, &shown(url)),
        AttributeValue::Token(token) => writer.text(name, &key.token(token.expose()).to_string()),
    }
}

/// `https://host:443`, with what is remarkable about it behind.
fn shown(url: &policy::effect::Url) -> String {
    let mut text = if url.readable {
        format!("{}://{}:{}", url.scheme, url.host, url.port)
    } else {
        "unreadable".to_owned()
    };
    for (flag, word) in
        [(url.credentials, " credentials"), (url.private, " private"), (url.suspicious, " suspicious")]
    {
        if flag {
            text.push_str(word);
        }
    }
    text
}
