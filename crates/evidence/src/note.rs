//! Signed notes (C2SP `signed-note`): a text, an empty line, and lines with signatures of the text.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The longest note that is read, in bytes.
pub const NOTE_BYTES_MAX: usize = 256 * 1024;
/// The most signatures that a note may carry: the log's own and those of witnesses. The format asks for at least 16.
pub const SIGNATURES_MAX: usize = 64;

/// The type byte of an Ed25519 signature in a key id and an encoded key.
const ED25519: u8 = 1;
/// How a private key begins.
const PRIVATE_START: &str = "PRIVATE+KEY+";
/// How a signature line begins.
const SIGNATURE_START: &str = "\u{2014} ";

/// What is wrong with a note or a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not a signed note.
    #[error("not a signed note: {0}")]
    Malformed(&'static str),
    /// Not a key name.
    #[error("`{0}` cannot name a key: it must not be empty nor contain spaces, control characters or `+`")]
    KeyName(String),
    /// Not a key.
    #[error("not a key of the form `name+id+key`: {0}")]
    Key(&'static str),
    /// Signed, but not by this key.
    #[error("not signed by `{expected}`, but by {found}")]
    OtherKey {
        /// The key looked for, as name and id.
        expected: String,
        /// The keys found, as names and ids.
        found: String,
    },
    /// The signature of this key does not fit the text.
    #[error("the signature of `{0}` does not fit: the note was changed or forged")]
    Signature(String),
}

/// The public half of a key that signs notes: what verifiers hold. Written as `name+id+key`.
#[derive(Clone, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

impl NoteKey {
    /// Reads the form `name+id+key`, as [`fmt::Display`] writes it.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.trim_end_matches('\n').splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key("parts are missing"));
        };
        let key = STANDARD.decode(key).map_err(|_| NoteError::Key("the key is no base64"))?;
        let Some((&ED25519, key)) = key.split_first() else {
            return Err(NoteError::Key("the key is not of type Ed25519"));
        };
        let key = key
            .try_into()
            .ok()
            .and_then(|key| VerifyingKey::from_bytes(key).ok())
            .ok_or(NoteError::Key("the key is no Ed25519 key"))?;
        let key = Self::new(name, key)?;
        if id != key.id_text() {
            return Err(NoteError::Key("the id is not that of the key"));
        }
        Ok(key)
    }

    /// The key's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn new(name: &str, key: VerifyingKey) -> Result<Self, NoteError> {
        if !is_key_name(name) {
            return Err(NoteError::KeyName(name.to_owned()));
        }
        let digest: [u8; 32] = Sha256::new()
            .chain_update(name)
            .chain_update([b'\n', ED25519])
            .chain_update(key.as_bytes())
            .finalize()
            .into();
        let [a, b, c, d, ..] = digest;
        Ok(Self { name: name.to_owned(), id: [a, b, c, d], key })
    }

    fn id_text(&self) -> String {
        id_text(self.id)
    }
}

impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![ED25519];
        key.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, self.id_text(), STANDARD.encode(key))
    }
}

impl fmt::Debug for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The private half: signs notes. Wiped from memory when dropped, never printed.
#[derive(Clone)]
pub struct NoteSigner {
    public: NoteKey,
    key: SigningKey,
}

impl NoteSigner {
    /// A key from its name and 32 secret bytes from a random source; the caller wipes its copy.
    pub fn new(name: &str, secret: &[u8; 32]) -> Result<Self, NoteError> {
        let key = SigningKey::from_bytes(secret);
        Ok(Self { public: NoteKey::new(name, key.verifying_key())?, key })
    }

    /// Reads the form that [`NoteSigner::to_private_text`] writes.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        const NO_KEY: NoteError = NoteError::Key("not a private key of the form `PRIVATE+KEY+name+id+key`");
        let rest = text.trim_end_matches('\n').strip_prefix(PRIVATE_START).ok_or(NO_KEY)?;
        let mut parts = rest.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NO_KEY);
        };
        let key = Zeroizing::new(STANDARD.decode(key).map_err(|_| NO_KEY)?);
        let Some((&ED25519, secret)) = key.split_first() else { return Err(NO_KEY) };
        let signer = Self::new(name, secret.try_into().map_err(|_| NO_KEY)?)?;
        if id != signer.public.id_text() {
            return Err(NoteError::Key("the id is not that of the key"));
        }
        Ok(signer)
    }

    /// The private key in the form `PRIVATE+KEY+name+id+key` that the format's first implementation uses for key files.
    pub fn to_private_text(&self) -> Zeroizing<String> {
        let mut key = Zeroizing::new(vec![ED25519]);
        key.extend_from_slice(self.key.as_bytes());
        let key = Zeroizing::new(STANDARD.encode(&*key));
        Zeroizing::new(format!("{PRIVATE_START}{}+{}+{}", self.public.name, self.public.id_text(), *key))
    }

    /// The public half.
    pub fn public(&self) -> &NoteKey {
        &self.public
    }

    /// Signs a text, which must end in a newline: the whole note.
    pub fn sign(&self, text: &str) -> String {
        let mut signature = self.public.id.to_vec();
        signature.extend_from_slice(&self.key.sign(text.as_bytes()).to_bytes());
        format!("{text}\n{SIGNATURE_START}{} {}\n", self.public.name, STANDARD.encode(signature))
    }
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteSigner({}, ..)", self.public)
    }
}

/// The text of a note, ending in a newline, once `key`'s signature of it has been verified. Signatures of other keys are
/// not looked at.
pub fn open<'a>(note: &'a str, key: &NoteKey) -> Result<&'a str, NoteError> {
    let (text, signatures) = parse(note)?;
    let mut verified = false;
    for line in signatures.iter().filter(|line| line.name == key.name && line.id == key.id) {
        let signature =
            Signature::from_slice(&line.signature).map_err(|_| NoteError::Signature(key.name.clone()))?;
        key.key
            .verify_strict(text.as_bytes(), &signature)
            .map_err(|_| NoteError::Signature(key.name.clone()))?;
        verified = true;
    }
    if verified {
        return Ok(text);
    }
    let found: Vec<_> =
        signatures.iter().map(|line| format!("`{}+{}`", line.name, id_text(line.id))).collect();
    Err(NoteError::OtherKey { expected: format!("{}+{}", key.name, key.id_text()), found: found.join(", ") })
}

struct SignatureLine<'a> {
    name: &'a str,
    id: [u8; 4],
    signature: Vec<u8>,
}

fn parse(note: &str) -> Result<(&str, Vec<SignatureLine<'_>>), NoteError> {
    if note.len() > NOTE_BYTES_MAX {
        return Err(NoteError::Malformed("it is too long"));
    }
    if note.chars().any(|character| character < ' ' && character != '\n') {
        return Err(NoteError::Malformed("it contains control characters"));
    }
    let end =
        note.rfind("\n\n").ok_or(NoteError::Malformed("there is no empty line before the signatures"))?;
    let (text, rest) = note.split_at_checked(end + 1).ok_or(NoteError::Malformed("it ends early"))?;
    let lines = rest
        .strip_prefix('\n')
        .and_then(|lines| lines.strip_suffix('\n'))
        .ok_or(NoteError::Malformed("the last line does not end"))?;
    let signatures: Vec<_> = lines
        .split('\n')
        .take(SIGNATURES_MAX + 1)
        .map(signature_line)
        .collect::<Option<_>>()
        .ok_or(NoteError::Malformed("a line after the empty line is no signature"))?;
    if signatures.len() > SIGNATURES_MAX {
        return Err(NoteError::Malformed("it has too many signatures"));
    }
    Ok((text, signatures))
}

fn signature_line(line: &str) -> Option<SignatureLine<'_>> {
    let (name, signature) = line.strip_prefix(SIGNATURE_START)?.split_once(' ')?;
    let signature = STANDARD.decode(signature).ok()?;
    let (id, signature) = signature.split_first_chunk::<4>()?;
    is_key_name(name).then(|| SignatureLine { name, id: *id, signature: signature.to_vec() })
}

fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

fn id_text(id: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of Go's `golang.org/x/mod/sumdb/note`, the format's first implementation.
    const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\
        \n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn the_known_note_verifies() {
        let key = NoteKey::parse(KEY).unwrap();
        assert_eq!(key.to_string(), KEY);
        assert!(open(NOTE, &key).unwrap().ends_with("your problem is.\n"));
    }

    #[test]
    fn changes_and_foreign_keys_are_told_apart() {
        let key = NoteKey::parse(KEY).unwrap();
        let changed = NOTE.replace("answer", "cause");
        assert_eq!(open(&changed, &key), Err(NoteError::Signature("PeterNeumann".into())));
        let signer = NoteSigner::new("PeterNeumann", &[9; 32]).unwrap();
        let foreign = signer.sign("text\n");
        assert!(matches!(open(&foreign, &key), Err(NoteError::OtherKey { .. })));
        assert_eq!(open(&foreign, signer.public()), Ok("text\n"));
        // A witness's line below does not disturb.
        let both = foreign.clone() + NOTE.lines().last().unwrap() + "\n";
        assert_eq!(open(&both, signer.public()), Ok("text\n"));
    }

    #[test]
    fn malformed_notes_and_keys() {
        let key = NoteKey::parse(KEY).unwrap();
        for note in [
            "",
            "text\n",
            "text\n\n",
            "text\n\nno signature\n",
            "te\rxt\n\n\u{2014} a AAAAAAAA\n",
            &NOTE[..200],
        ] {
            assert!(matches!(open(note, &key), Err(NoteError::Malformed(_))), "{note:?}");
        }
        for text in [
            "",
            "a+b",
            &KEY.replace("c74f", "c74e"),
            &KEY.replace("+ARpc", "+AhpC"),
            &KEY.replace("Peter", "Peter "),
        ] {
            assert!(NoteKey::parse(text).is_err(), "{text}");
        }
        assert!(matches!(NoteSigner::new("a b", &[0; 32]), Err(NoteError::KeyName(_))));
    }

    #[test]
    fn a_private_key_reads_back() {
        let signer = NoteSigner::new("cso.example/evidence", &[9; 32]).unwrap();
        let text = signer.to_private_text();
        assert!(text.starts_with("PRIVATE+KEY+cso.example/evidence+"));
        assert_eq!(NoteSigner::parse(&text).unwrap().public(), signer.public());
        assert!(NoteSigner::parse(&signer.public().to_string()).is_err());
        assert!(NoteSigner::parse(&text.replace("cso", "cnp")).is_err());
    }

    #[test]
    fn a_private_key_is_never_printed() {
        let printed = format!("{:?}", NoteSigner::new("log", &[0x41; 32]).unwrap());
        assert!(printed.starts_with("NoteSigner(log+") && !printed.contains("41414141"), "{printed}");
    }
}
