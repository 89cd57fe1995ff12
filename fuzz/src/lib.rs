//! What the fuzz targets hold accepted input against: another JSON reader.

use std::collections::HashSet;
use std::fmt;

use chargewarden_ocpp::{Payload, Value};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

/// Panics unless the other reader finds the same in the frame and the payload as we did.
pub fn assert_unambiguous(frame: &[u8], payload: &Payload<'_>) {
    if let Err(error) = serde_json::from_slice::<Plain>(frame) {
        panic!("accepted, but {error}: {}", String::from_utf8_lossy(frame));
    }
    let other: Json = serde_json::from_slice(payload.bytes()).expect("a part of valid JSON");
    assert_same(Value::Obj(payload.root()), &other);
}

/// Panics unless both readers found the same value.
fn assert_same(ours: Value<'_>, other: &Json) {
    match (ours, other) {
        (Value::Null, Json::Null) => {}
        (Value::Bool(ours), Json::Bool(other)) => assert_eq!(ours, *other),
        (Value::Num(text), Json::Number(other)) => {
            // The other reader rounds the last bit its own way.
            let (one, two) = (ours.num().expect("a number"), other.as_f64().expect("a number"));
            assert!((one - two).abs() <= one.abs() * f64::EPSILON + f64::MIN_POSITIVE, "{text}");
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
                assert_same(value, other.get(name.as_ref()).expect("a name both found"));
                assert_same(ours.get(&name).expect("a name we found"), &other[name.as_ref()]);
            }
        }
        (ours, other) => panic!("{ours:?} is not {other}"),
    }
}

/// JSON in which no object has a name twice.
struct Plain;

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Plain, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

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
                return Err(A::Error::custom("a name is there twice"));
            }
        }
        Ok(Plain)
    }
}
