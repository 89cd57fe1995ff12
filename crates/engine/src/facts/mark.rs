//! By what something is known again that must not be kept itself.

use chargewarden_evidence::ContentKey;
use serde::{Deserialize, Serialize};

/// The first 8 bytes of a keyed hash of an id token or a secret. Without the key it tells nothing of what it stands for;
/// among a million tokens two share one with a chance of 1 in 10^7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mark(u64);

impl Mark {
    /// The mark of a text. Texts that mean the same have to be given in the same spelling.
    pub(crate) fn of(key: &ContentKey, text: &str) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = key.token(text).0;
        Self(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_tells_equal_from_different_and_survives_json() {
        let key = ContentKey::new(&[1; 32]);
        let mark = Mark::of(&key, "deadbeef");
        assert_eq!(mark, Mark::of(&key, "deadbeef"));
        assert_ne!(mark, Mark::of(&key, "deadbeee"));
        assert_ne!(mark, Mark::of(&ContentKey::new(&[2; 32]), "deadbeef"));
        let stored = serde_json::to_string(&mark).unwrap();
        assert_eq!(serde_json::from_str::<Mark>(&stored).unwrap(), mark);
    }
}
