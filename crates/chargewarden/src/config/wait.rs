//! Times in configuration: a number and a unit, `500ms`, `20s`, `5m`, `1h`.

use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A time span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Wait(pub Duration);

/// The longest wait that makes sense anywhere: a day.
const MAX: Duration = Duration::from_secs(86_400);

impl FromStr for Wait {
    type Err = String;

    fn from_str(text: &str) -> Result<Wait, String> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let millis = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => {
                return Err(format!(
                    "`{text}` is not a time: write a number and a unit, such as `500ms`, `20s`, `5m`"
                ));
            }
        };
        let wait = number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(millis))
            .map(Duration::from_millis);
        match wait {
            Some(wait) if wait <= MAX => Ok(Wait(wait)),
            Some(_) => Err(format!("`{text}` is longer than a day")),
            None => Err(format!(
                "`{text}` is not a time: write a number and a unit, such as `500ms`, `20s`, `5m`"
            )),
        }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        match () {
            () if millis != 0 && millis.is_multiple_of(3_600_000) => write!(f, "{}h", millis / 3_600_000),
            () if millis != 0 && millis.is_multiple_of(60_000) => write!(f, "{}m", millis / 60_000),
            () if millis.is_multiple_of(1_000) => write!(f, "{}s", millis / 1_000),
            () => write!(f, "{millis}ms"),
        }
    }
}

impl TryFrom<String> for Wait {
    type Error = String;

    fn try_from(text: String) -> Result<Wait, String> {
        text.parse()
    }
}

impl From<Wait> for String {
    fn from(wait: Wait) -> String {
        wait.to_string()
    }
}

impl JsonSchema for Wait {
    fn schema_name() -> Cow<'static, str> {
        "Wait".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]+(ms|s|m|h)$",
            "description": "A time span of at most a day: a number and a unit."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes() {
        for text in ["0s", "500ms", "20s", "5m", "1h", "90s", "24h"] {
            assert_eq!(text.parse::<Wait>().unwrap().to_string(), text);
        }
        for text in
            ["", "5", "s", "5 s", "-5s", "5d", "25h", "99999999999999999999s", "18446744073709551615h"]
        {
            assert!(text.parse::<Wait>().is_err(), "{text}");
        }
    }
}
