//! What must be remembered of a call to understand its answer.

use chargewarden_ocpp::Obj;
use chargewarden_policy::effect::Token;

use super::Message;

/// What a call said that its answer does not repeat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RequestMemo {
    /// Nothing is needed.
    #[default]
    Nothing,
    /// The token that the call presented.
    Token(Token),
    /// Whose data the call carried.
    Vendor {
        /// `vendorId` as stated.
        vendor: String,
        /// `messageId` as stated, empty where absent.
        message: String,
    },
}

impl RequestMemo {
    /// What to remember of a call until it is answered.
    pub fn of(call: &Message<'_>) -> Self {
        let shape = call.payload.root().shape();
        let has = |name: &str| shape.is_some_and(|shape| shape.member(name).is_some());
        let root = call.payload.root();
        if has("vendorId") && has("messageId") {
            return Self::Vendor { vendor: text(root, "vendorId"), message: text(root, "messageId") };
        }
        if has("idTag") {
            return root.text("idTag").map_or(Self::Nothing, |tag| Self::Token(Token::new(tag)));
        }
        if has("idToken") {
            let token = root.obj("idToken").and_then(|token| token.text("idToken"));
            return token.map_or(Self::Nothing, |token| Self::Token(Token::new(token)));
        }
        Self::Nothing
    }
}

fn text(object: Obj<'_>, name: &str) -> String {
    object.text(name).map(std::borrow::Cow::into_owned).unwrap_or_default()
}
