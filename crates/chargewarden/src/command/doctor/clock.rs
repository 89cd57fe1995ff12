//! Our clock against that of a CSMS.

use std::time::{Duration, SystemTime};

use super::finding::{Code, Finding};

/// More than this and stations, whose clocks the CSMS sets, live in another time than our policies and evidence.
const SKEW_WARNING: Duration = Duration::from_secs(30);

/// More than this is worth a word; `Date` has whole seconds, and the network takes some.
const SKEW_NOTICE: Duration = Duration::from_secs(5);

/// What `Date` in an answer says about the clocks. `asked` and `answered` are ours, around the request.
pub(crate) fn judge(
    name: &str,
    date: Option<&str>,
    asked: SystemTime,
    answered: SystemTime,
) -> Option<Finding> {
    let place = format!("csms {name}");
    let Some(theirs) = date.and_then(|date| httpdate::parse_http_date(date).ok()) else {
        return Some(Finding::new(
            Code::ClockUnknown,
            place,
            "its answers have no `Date`, so its clock cannot be compared with ours",
            "compare the clocks by other means: both should follow a time server",
        ));
    };
    let (early, late) = bounds(theirs, asked, answered);
    let (off, direction) = if early > Duration::ZERO { (early, "ahead of") } else { (late, "behind") };
    let code = match off {
        off if off > SKEW_WARNING => Code::ClockSkew,
        off if off > SKEW_NOTICE => Code::ClockSkewSmall,
        _ => return None,
    };
    let round_trip = answered.duration_since(asked).unwrap_or_default();
    let precision = Duration::from_secs(1) + round_trip;
    Some(Finding::new(
        code,
        place,
        format!(
            "its clock is at least {} s {direction} ours (`Date` has whole seconds; within {:.1} s)",
            off.as_secs(),
            precision.as_secs_f64()
        ),
        "let both follow a time server: certificates, revocation lists and schedules depend on it",
    ))
}

/// How far theirs is certainly ahead of ours, and how far behind. It was made between `asked` and `answered`, and is cut
/// to the second.
fn bounds(theirs: SystemTime, asked: SystemTime, answered: SystemTime) -> (Duration, Duration) {
    let ahead = theirs.duration_since(answered).unwrap_or_default();
    let behind = asked.duration_since(theirs + Duration::from_secs(1)).unwrap_or_default();
    (ahead, behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Tue, 15 Nov 1994 08:12:31 GMT";

    fn code(date: &str, ours: i64) -> Option<&'static str> {
        let theirs = httpdate::parse_http_date(DATE).unwrap();
        let asked = if ours < 0 {
            theirs - Duration::from_secs(ours.unsigned_abs())
        } else {
            theirs + Duration::from_secs(ours.unsigned_abs())
        };
        let answered = asked + Duration::from_millis(200);
        judge("main", Some(date), asked, answered).map(|finding| finding.code.code())
    }

    #[test]
    fn skew_is_what_is_certain() {
        assert_eq!(code(DATE, 0), None);
        assert_eq!(code(DATE, 6), None, "within a second of the bound");
        assert_eq!(code(DATE, 8), Some("clock-skew-small"));
        assert_eq!(code(DATE, -8), Some("clock-skew-small"));
        assert_eq!(code(DATE, 40), Some("clock-skew"));
        assert_eq!(code(DATE, -40), Some("clock-skew"));
        assert_eq!(code("yesterday", 0), Some("clock-unknown"));
    }
}
