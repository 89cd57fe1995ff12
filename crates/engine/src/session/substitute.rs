//! What a caller gets in place of an answer that was refused.
//!
//! The message itself was delivered, so a plain acknowledgement is true; nothing that the refused answer granted is
//! granted. Where OCPP has no words for that, the caller gets a CALLERROR.
//!
//! | Answer of a CSMS to | Instead |
//! |---|---|
//! | `BootNotification` | `Pending`, with our time, to be tried again in a minute |
//! | `Heartbeat` | our time |
//! | `Authorize` | the token is `Invalid` |
//! | `StartTransaction` | the number of the CSMS, so that the transaction can be ended, and the token is `Invalid` |
//! | `StopTransaction`, `MeterValues`, `TransactionEvent`, … | an acknowledgement; a token in it is `Invalid` |
//! | anything else | CALLERROR `SecurityError` |

use chargewarden_ocpp::refusal;
use chargewarden_ocpp::{Action, ErrorCode, Payload, Side, Timestamp, Version};

use super::Session;
use super::lane::Asked;
use super::refuse::{ACKNOWLEDGED, OWN_STATUS, Told};
use crate::effects::RequestMemo;

/// Seconds after which a station tries to boot again when we told it to wait.
const BOOT_RETRY_S: u32 = 60;

impl Session {
    /// The answer of `from` to a call of the other side was refused.
    pub(super) fn substitute(
        &self,
        from: Side,
        action: Action,
        id: &str,
        asked: &Asked,
        answer: Option<&Payload<'_>>,
        now: Timestamp,
        text: &str,
    ) -> Told {
        let own = match from {
            Side::Csms => self.harmless(action, asked, answer, now),
            Side::Station => None,
        };
        match own {
            Some((payload, how, code)) => Told { text: refusal::result(id, &payload), how, code },
            None => self.error(id, ErrorCode::SecurityError, text),
        }
    }

    fn harmless(
        &self,
        action: Action,
        asked: &Asked,
        answer: Option<&Payload<'_>>,
        now: Timestamp,
    ) -> Option<(String, &'static str, &'static str)> {
        let token = match self.version {
            Version::V16 => r#""idTagInfo":{"status":"Invalid"}"#,
            Version::V201 | Version::V21 => r#""idTokenInfo":{"status":"Invalid"}"#,
        };
        let acknowledged = |payload: &str| Some((payload.to_owned(), ACKNOWLEDGED, ""));
        if action == Action::BootNotification {
            return Some((registration("Pending", now), OWN_STATUS, "Pending"));
        }
        if action == Action::Heartbeat {
            return Some((format!(r#"{{"currentTime":"{now}"}}"#), ACKNOWLEDGED, ""));
        }
        if action == Action::Authorize {
            return Some((format!("{{{token}}}"), OWN_STATUS, "Invalid"));
        }
        if action == Action::StartTransaction {
            let number = answer?.root().int("transactionId")?;
            return Some((format!(r#"{{"transactionId":{number},{token}}}"#), OWN_STATUS, "Invalid"));
        }
        if action == Action::TransactionEvent && matches!(asked.memo, RequestMemo::Token(_)) {
            return Some((format!("{{{token}}}"), OWN_STATUS, "Invalid"));
        }
        let empty = action.spec(self.version)?.response.is_some_and(|response| response.required == 0);
        if empty { acknowledged("{}") } else { None }
    }
}

/// The payload of an answer to `BootNotification`.
pub(super) fn registration(status: &str, now: Timestamp) -> String {
    format!(r#"{{"status":"{status}","currentTime":"{now}","interval":{BOOT_RETRY_S}}}"#)
}
