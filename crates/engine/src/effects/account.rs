//! Accounts that a text asks to be paid to.

/// Length of an IBAN (ISO 13616).
const IBAN_CHARACTERS: std::ops::RangeInclusive<usize> = 15..=34;

/// Whether a text names one: an IBAN whose check digits are right, or the address of a wallet.
pub(super) fn is_named(text: &str) -> bool {
    let wallet = |word: &str| is_wallet(word.trim_matches(|c: char| !c.is_ascii_alphanumeric()));
    text.split(|c: char| c.is_whitespace() || c == ':').any(wallet) || has_iban(text)
}

/// Bech32 (`bc1…`), Ethereum (`0x…`).
fn is_wallet(word: &str) -> bool {
    let rest = |prefix: &str| {
        let head = word.get(..prefix.len())?;
        head.eq_ignore_ascii_case(prefix).then(|| word.get(prefix.len()..).unwrap_or(""))
    };
    let bech32 =
        |rest: &str| (25..=70).contains(&rest.len()) && rest.chars().all(|c| c.is_ascii_alphanumeric());
    let hex = |rest: &str| rest.len() == 40 && rest.chars().all(|c| c.is_ascii_hexdigit());
    rest("bc1").is_some_and(bech32) || rest("ltc1").is_some_and(bech32) || rest("0x").is_some_and(hex)
}

/// Written in one piece or in groups.
fn has_iban(text: &str) -> bool {
    let bytes: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b' ' | b'-')).collect();
    bytes.windows(4).enumerate().any(|(at, head)| {
        let [a, b, c, d] = head else { return false };
        let begins =
            a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_digit() && d.is_ascii_digit();
        let rest = bytes.get(at..).unwrap_or_default();
        let run = rest.iter().take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()).count();
        begins
            && IBAN_CHARACTERS
                .filter(|length| *length <= run)
                .any(|length| rest.get(..length).is_some_and(is_iban))
    })
}

/// The check of ISO 7064, MOD 97-10.
fn is_iban(text: &[u8]) -> bool {
    let (head, rest) = text.split_at(4.min(text.len()));
    let digits = rest.iter().chain(head).flat_map(|byte| match byte {
        b'0'..=b'9' => [None, Some(u32::from(byte - b'0'))],
        _ => {
            let value = u32::from(byte.saturating_sub(b'A')) + 10;
            [Some(value / 10), Some(value % 10)]
        }
    });
    digits.flatten().fold(0, |rest, digit| (rest * 10 + digit) % 97) == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_and_numbers_are_not() {
        for text in [
            "IBAN DE89 3704 0044 0532 0130 00",
            "pay to GB82WEST12345698765432 please",
            "BTC: bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
            "0x52908400098527886E0F7030069857D2E4169EE7",
        ] {
            assert!(is_named(text), "{text}");
        }
        for text in [
            "0.49 EUR/kWh, after 4 h 0.10 EUR/min.",
            "Need help? Call 0800 123456, station DE-AB12 3456 7890 1234",
            "DE*ABC*E123456*1",
            "bc1",
            "Open Mon.-Fri. 6.00-22.00",
        ] {
            assert!(!is_named(text), "{text}");
        }
    }
}
