//! What must be remembered of a call to understand its answer.

use chargewarden_ocpp::Version;
use chargewarden_policy::effect::Token;

use super::{Message, field};

/// What a call said that its answer does not repeat. Kept small: there is one for each open call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RequestMemo {
    /// Nothing is needed.
    #[default]
    Nothing,
    /// The token that a report presented.
    Token(Token),
    /// Whose data the call carried.
    Vendor {
        /// `vendorId` as stated.
        vendor: String,
        /// `messageId` as stated, empty where absent.
        message: String,
    },
    /// The charging profile that new limits are asked for.
    Profile(i64),
}

impl RequestMemo {
    /// What to remember of a call until it is answered.
    pub fn of(call: &Message<'_>) -> Self {
        use chargewarden_ocpp::Action;
        let root = call.payload.root();
        #[expect(clippy::wildcard_enum_match_arm, reason = "few answers depend on their call")]
        match call.action {
            Action::Authorize | Action::StartTransaction | Action::StopTransaction
                if call.version == Version::V16 =>
            {
                field::tag(root).map_or(Self::Nothing, Self::Token)
            }
            Action::Authorize | Action::TransactionEvent => {
                field::token(root).map_or(Self::Nothing, |(token, _)| Self::Token(token))
            }
            Action::DataTransfer => Self::Vendor {
                vendor: field::text(root, "vendorId"),
                message: field::text(root, "messageId"),
            },
            Action::PullDynamicScheduleUpdate => {
                root.int("chargingProfileId").map_or(Self::Nothing, Self::Profile)
            }
            _ => Self::Nothing,
        }
    }
}
