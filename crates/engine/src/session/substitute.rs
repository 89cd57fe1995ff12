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
//!
//! Where it is not a party that refuses but we who fail, a station is not told that a token is invalid, which would end
//! its charging: it gets CALLERROR `InternalError` and tries again.

use chargewarden_ocpp::refusal;
use chargewarden_ocpp::{Action, ErrorCode, Payload, Timestamp, Version};

use super::lane::Asked;
use super::refuse::{ACKNOWLEDGED, OWN_STATUS, Told};
use super::{Said, Session};
use crate::effects::RequestMemo;
use crate::verdict::Denied;

/// What is said of a token that was not accepted.
const INVALID: &str = "Invalid";

/// Seconds after which a station tries to boot again when we told it to wait.
const BOOT_RETRY_S: u32 = 60;

impl Session {
    /// The answer of a CSMS was refused: what the station gets.
    pub(super) fn substitute(
        &self,
        said: Said<'_>,
        asked: &Asked,
        answer: Option<&Payload<'_>>,
        now: Timestamp,
        denied: &Denied,
        text: &str,
    ) -> Told {
        let own = self.harmless(said.action, asked, answer, now);
        let own = own.filter(|(_, _, code)| *code != INVALID || denied.is_deliberate());
        match own {
            Some((payload, how, code)) => Told { text: refusal::result(said.id, &payload), how, code },
            None if denied.is_deliberate() => self.error(said.id, ErrorCode::SecurityError, text),
            None => self.error(said.id, ErrorCode::InternalError, text),
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
            return Some((format!("{{{token}}}"), OWN_STATUS, INVALID));
        }
        if action == Action::StartTransaction {
            let number = answer?.root().int("transactionId")?;
            return Some((format!(r#"{{"transactionId":{number},{token}}}"#), OWN_STATUS, INVALID));
        }
        if action == Action::TransactionEvent && matches!(asked.memo, RequestMemo::Token(_)) {
            return Some((format!("{{{token}}}"), OWN_STATUS, INVALID));
        }
        let empty = action.spec(self.version)?.response.is_some_and(|response| response.required == 0);
        if empty { acknowledged("{}") } else { None }
    }
}

/// The payload of an answer to `BootNotification`.
pub(super) fn registration(status: &str, now: Timestamp) -> String {
    format!(r#"{{"status":"{status}","currentTime":"{now}","interval":{BOOT_RETRY_S}}}"#)
}
