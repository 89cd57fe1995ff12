//! What a text is for, by the member that it stands in.

use chargewarden_ocpp::{Obj, Value};

/// What a text is for. The less it should hold, the more is odd in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// An id, a serial number, a token, a version, a name: words of machines.
    Name,
    /// A URL or a host.
    Address,
    /// Free text for people, of one line.
    Line,
    /// What a display shows; may have lines and, where the standard says so, HTML.
    Content,
    /// The value of a setting or a variable: anything, but it often ends in a script of the station.
    Setting,
    /// A vendor's own data, often a document within a text.
    Data,
    /// Certificates, signatures, signed readings, secrets: not for reading.
    Opaque,
}

impl Class {
    /// Of the texts in the member `name` of `holder`. What is not listed is a name.
    pub(super) fn of(holder: Obj<'_>, name: &str) -> Self {
        match name {
            "apnPassword"
            | "basicAuthPassword"
            | "certificate"
            | "certificateChain"
            | "csr"
            | "digestValue"
            | "exiRequest"
            | "exiResponse"
            | "ocspResult"
            | "password"
            | "priceScheduleSignature"
            | "publicKey"
            | "signature"
            | "signedMeterData"
            | "signingCertificate" => Self::Opaque,
            "location" | "ocppCsmsUrl" | "receiptUrl" | "remoteLocation" | "responderURL" | "server"
            | "urls" => Self::Address,
            "additionalInfo"
            | "address1"
            | "address2"
            | "city"
            | "country"
            | "extraInfo"
            | "failureReason"
            | "info"
            | "overstayRuleDescription"
            | "priceScheduleDescription"
            | "salesTariffDescription"
            | "serviceName"
            | "statusInfo"
            | "taxRuleName"
            | "techInfo"
            | "vendorInfo" => Self::Line,
            "content" => Self::Content,
            "actualValue" | "attributeValue" | "v" | "value" | "valuesList" => Self::of_value(holder),
            "data" | "priceAlgorithm" => Self::Data,
            _ => Self::Name,
        }
    }

    /// Of a value: what it is a value of says how it is to be read.
    fn of_value(holder: Obj<'_>) -> Self {
        let sibling = |name: &str| {
            let is_member = holder.shape().is_some_and(|shape| shape.member(name).is_some());
            is_member.then(|| holder.get(name)).flatten()
        };
        if let Some(format) = is_reading(holder).then(|| sibling("format")) {
            // 1.6: a number as a text, or a signed reading.
            let signed = format.and_then(Value::text).is_some_and(|format| format == "SignedData");
            return if signed { Self::Opaque } else { Self::Name };
        }
        let named = sibling("key").and_then(Value::text);
        let variable = || sibling("variable").and_then(Value::obj).and_then(|it| it.text("name"));
        let secret = named.or_else(variable).is_some_and(|name| names_secret(&name.to_ascii_lowercase()));
        if secret { Self::Opaque } else { Self::Setting }
    }

    /// How what is written in the text once more has to be undone, for a reader that does so.
    pub(super) fn decodes(self) -> Option<fn(&str) -> Option<String>> {
        match self {
            Self::Name => Some(percent_decoded),
            Self::Data => Some(unescaped),
            // A URL's escapes belong to it; the URL itself is judged apart.
            Self::Address | Self::Line | Self::Content | Self::Setting | Self::Opaque => None,
        }
    }
}

fn is_reading(holder: Obj<'_>) -> bool {
    holder.shape().is_some_and(|shape| shape.member("format").is_some() && shape.member("value").is_some())
}

/// Whether a setting of this name holds a secret: any text will do for one.
fn names_secret(name: &str) -> bool {
    ["password", "secret", "passphrase", "authorizationkey", "credential", "psk"]
        .iter()
        .any(|word| name.contains(word))
}

/// `%3C` undone; none where nothing is to be undone.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once('%') {
        bytes.extend_from_slice(plain.as_bytes());
        let byte = escape.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(b'%'));
        rest = byte.and_then(|_| escape.get(2..)).unwrap_or(escape);
    }
    bytes.extend_from_slice(rest.as_bytes());
    changed(text, String::from_utf8_lossy(&bytes).into_owned())
}

/// `\u003c` undone, as in a JSON document within a text; none where nothing is to be undone.
fn unescaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once("\\u") {
        out.push_str(plain);
        let digits = escape.get(..4);
        let character =
            digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32);
        match character {
            Some(character) => {
                out.push(character);
                rest = escape.get(4..).unwrap_or_default();
            }
            None => {
                out.push_str("\\u");
                rest = escape;
            }
        }
    }
    out.push_str(rest);
    changed(text, out)
}

fn changed(before: &str, after: String) -> Option<String> {
    (before != after).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_once_and_halves_are_left() {
        assert_eq!(percent_decoded("a%3Cb%3e").as_deref(), Some("a<b>"));
        assert_eq!(percent_decoded("50% of %"), None);
        assert_eq!(percent_decoded("%zz%4"), None);
        assert_eq!(percent_decoded("%c3%a4%"), Some("ä%".to_owned()));
        assert_eq!(unescaped(r"a\u003cb"), Some("a<b".to_owned()));
        assert_eq!(unescaped(r"C:\users\u00"), None);
    }
}
