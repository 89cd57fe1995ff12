//! What holds for any input.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::HashSet;
use std::fmt;

use chargewarden_ocpp::{
    Action, ActionSpec, Frame, Header, Limits, Object, Payload, Timestamp, Value, Version, sample,
};
use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

fn message() -> impl Strategy<Value = (Version, &'static ActionSpec)> {
    let of =
        |version| Action::ALL.into_iter().filter_map(move |action| Some((version, action.spec(version)?)));
    let all: Vec<_> = Version::ALL.into_iter().flat_map(of).collect();
    proptest::sample::select(all)
}

fn shape() -> impl Strategy<Value = &'static Object> {
    (message(), any::<bool>()).prop_map(|((_, spec), answer)| match spec.response {
        Some(response) if answer => response,
        _ => spec.request,
    })
}

/// JSON in which no object has a name twice, as another reader sees it.
struct Plain;

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Plain, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Plain;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON without duplicate names")
            }
            fn visit_bool<E>(self, _: bool) -> Result<Plain, E> {
                Ok(Plain)
            }
            fn visit_i64<E>(self, _: i64) -> Result<Plain, E> {
                Ok(Plain)
            }
            fn visit_u64<E>(self, _: u64) -> Result<Plain, E> {
                Ok(Plain)
            }
            fn visit_f64<E>(self, _: f64) -> Result<Plain, E> {
                Ok(Plain)
            }
            fn visit_str<E>(self, _: &str) -> Result<Plain, E> {
                Ok(Plain)
            }
            fn visit_unit<E>(self) -> Result<Plain, E> {
                Ok(Plain)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Plain, A::Error> {
                while items.next_element::<Plain>()?.is_some() {}
                Ok(Plain)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Plain, A::Error> {
                let mut names = HashSet::new();
                while let Some((name, Plain)) = members.next_entry::<String, Plain>()? {
                    if !names.insert(name) {
                        return Err(serde::de::Error::custom("a name twice"));
                    }
                }
                Ok(Plain)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Whether the frame is a message of this version; an accepted one must read the same everywhere.
fn accepted(bytes: &[u8], version: Version, answer: &'static Object) -> bool {
    let Ok(frame) = Frame::open(bytes, version, &Limits::default()) else { return false };
    let payload = match frame.header() {
        Header::Call { action, .. } | Header::Send { action, .. } => {
            frame.read(action.spec(version).unwrap().request)
        }
        Header::Result { .. } => frame.read(answer),
        Header::Error { .. } | Header::ResultError { .. } => frame.read_any(),
    };
    let Ok(payload) = payload else { return false };
    assert!(serde_json::from_slice::<Plain>(bytes).is_ok(), "{}", String::from_utf8_lossy(bytes));
    let other: Json = serde_json::from_slice(payload.bytes()).unwrap();
    assert_same(Value::Obj(payload.root()), &other);
    true
}

/// Whether both readers found the same value.
fn assert_same(ours: Value<'_>, other: &Json) {
    match (ours, other) {
        (Value::Null, Json::Null) => {}
        (Value::Bool(ours), Json::Bool(other)) => assert_eq!(ours, *other),
        (Value::Num(text), Json::Number(other)) => {
            // The other reader rounds the last bit its own way.
            let (one, two) = (ours.num().unwrap(), other.as_f64().unwrap());
            assert!((one - two).abs() <= one.abs() * f64::EPSILON, "{text}");
            if let Some(other) = other.as_i64() {
                assert_eq!(ours.int(), Some(other));
            }
        }
        (Value::Str(ours), Json::String(other)) => assert_eq!(&ours.text(), other),
        (Value::Arr(ours), Json::Array(other)) => {
            assert_eq!(ours.iter().count(), other.len());
            ours.iter().zip(other).for_each(|(ours, other)| assert_same(ours, other));
        }
        (Value::Obj(ours), Json::Object(other)) => {
            assert_eq!(ours.entries().count(), other.len());
            for (name, value) in ours.entries() {
                assert_same(value, &other[name.as_ref()]);
                assert_same(ours.get(&name).unwrap(), &other[name.as_ref()]);
            }
        }
        (ours, other) => panic!("{ours:?} is not {other}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn samples_are_accepted_and_read_as_others_read_them((version, spec) in message(), seed: u64) {
        let payload = sample::arbitrary(spec.request, seed);
        let number = if spec.response.is_some() { 2 } else { 6 };
        let frame = format!(r#"[{number},"17","{}",{payload}]"#, spec.action);
        prop_assert!(accepted(frame.as_bytes(), version, spec.request), "{frame}");
        if let Some(response) = spec.response {
            let frame = format!(r#"[3,"17",{}]"#, sample::arbitrary(response, seed));
            prop_assert!(accepted(frame.as_bytes(), version, response), "{frame}");
        }
    }

    #[test]
    fn a_changed_byte_is_refused_or_unambiguous(
        (version, spec) in message(), seed: u64, at: prop::sample::Index, byte: u8, kind in 0..4,
    ) {
        let number = if spec.response.is_some() { 2 } else { 6 };
        let frame = format!(r#"[{number},"17","{}",{}]"#, spec.action, sample::arbitrary(spec.request, seed));
        let mut bytes = frame.into_bytes();
        let at = at.index(bytes.len());
        match kind {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            2 => drop(bytes.remove(at)),
            _ => bytes[at] ^= 1 << (byte % 8),
        }
        accepted(&bytes, version, spec.request);
    }

    #[test]
    fn any_text_is_refused_or_unambiguous(
        version in proptest::sample::select(Version::ALL.to_vec()),
        text in r#"[\[\]{}",:\\0-9eE.+a-z \-]{0,40}|\[[2-6],"[a-z]{0,3}",("[A-Za-z]{0,3}",){0,2}\{[a-z0-9":,{}\[\]]{0,20}\}\]"#,
        shape in shape(),
    ) {
        accepted(text.as_bytes(), version, shape);
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>, shape in shape()) {
        for version in Version::ALL {
            accepted(&bytes, version, shape);
        }
    }

    #[test]
    fn a_member_is_found_twice_however_it_is_escaped(shape in shape(), seed: u64, pick: prop::sample::Index, mask: u64) {
        let payload = sample::arbitrary(shape, seed);
        let read = Payload::parse(&payload, shape, &Limits::default()).unwrap();
        let members: Vec<_> = read.root().entries().collect();
        prop_assume!(!members.is_empty());
        let (name, value) = &members[pick.index(members.len())];
        let escaped: String = name
            .chars()
            .enumerate()
            .map(|(index, c)| if mask >> (index % 64) & 1 == 1 { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() })
            .collect();
        let twice = format!("{},\"{escaped}\":{}}}", payload.strip_suffix('}').unwrap(), value.json());
        let violation = Payload::parse(&twice, shape, &Limits::default()).unwrap_err();
        prop_assert_eq!(violation.rule.name(), "duplicate", "{}", twice);
        prop_assert_eq!(violation.path, name.as_ref());
    }

    #[test]
    fn timestamps_read_back(millis in -62_167_219_200_000_i64..=253_402_300_799_999) {
        let time = Timestamp::from_millis(millis);
        prop_assert_eq!(Timestamp::parse(&time.to_string()), Ok(time));
    }

    #[test]
    fn any_timestamp_can_be_written(millis: i64) {
        prop_assert!(Timestamp::from_millis(millis).to_string().ends_with('Z'));
    }
}
