//! Judges payloads line by line: `version TAB action TAB request|response TAB payload` in, `ok` or
//! `rule path` out. Used by `tests/agreement/agreement.py` to hold the catalogue against a reference.
#![allow(clippy::disallowed_methods, reason = "a program, not the crate")]

use std::io::{self, BufRead, Write};

use chargewarden_ocpp::{Action, Limits, Object, Payload, Version};

/// The agreement is about shapes, not about the size of frames.
const LIMITS: Limits = Limits { frame_bytes: 16 << 20, depth: Limits::DEPTH, tokens: 1 << 20 };

fn main() -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().split(b'\n') {
        let line = line?;
        match judge(&line) {
            Ok(verdict) => writeln!(out, "{verdict}")?,
            Err(problem) => return Err(io::Error::new(io::ErrorKind::InvalidData, problem)),
        }
    }
    out.flush()
}

/// The verdict on one line; an error if the line itself makes no sense.
fn judge(line: &[u8]) -> Result<String, String> {
    let line = std::str::from_utf8(line).map_err(|error| error.to_string())?;
    let mut fields = line.splitn(4, '\t');
    let (Some(version), Some(action), Some(part), Some(payload)) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(format!("not four fields: {line}"));
    };
    let shape = shape(version, action, part)?;
    Ok(match Payload::parse(payload, shape, &LIMITS) {
        Ok(_) => "ok".to_owned(),
        Err(violation) => format!("{} {}", violation.rule, violation.path.escape_debug()),
    })
}

fn shape(version: &str, action: &str, part: &str) -> Result<&'static Object, String> {
    let version: Version = version.parse().map_err(|error| format!("{error}"))?;
    let spec = Action::parse(version, action).and_then(|action| action.spec(version));
    let spec = spec.ok_or_else(|| format!("OCPP {version} has no `{action}`"))?;
    match part {
        "request" => Ok(spec.request),
        "response" => spec.response.ok_or_else(|| format!("`{action}` is not answered")),
        other => Err(format!("`{other}` is neither request nor response")),
    }
}
