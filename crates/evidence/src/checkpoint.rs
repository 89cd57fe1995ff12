//! Checkpoints (C2SP `tlog-checkpoint`): a signed statement of how long the log is and what its root is.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::note::{self, NoteError, NoteKey, NoteSigner};
use crate::{Hash, merkle::Frontier};

/// A tree head: what a checkpoint's text says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name. It is also the name of the key that signs.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
    /// Further lines, opaque. The format recommends none, and we write none.
    pub extensions: Vec<String>,
}

/// What is wrong with a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note around it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text, though properly signed, is no checkpoint.
    #[error("not a checkpoint: {0}")]
    Malformed(&'static str),
}

impl Checkpoint {
    /// The head of the log `origin` that has grown to `frontier`.
    pub fn of(origin: &str, frontier: &Frontier) -> Self {
        Self {
            origin: origin.to_owned(),
            size: frontier.size(),
            root: frontier.root(),
            extensions: Vec::new(),
        }
    }

    /// The text that is signed.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.0));
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// The signed note.
    pub fn sign(&self, signer: &NoteSigner) -> String {
        signer.sign(&self.text())
    }

    /// Reads a signed note and verifies `key`'s signature.
    pub fn open(note: &str, key: &NoteKey) -> Result<Self, CheckpointError> {
        Self::parse(note::open(note, key)?)
    }

    fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines =
            text.strip_suffix('\n').ok_or(CheckpointError::Malformed("it does not end"))?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointError::Malformed("it has fewer than three lines"));
        };
        let size: u64 = size
            .parse()
            .ok()
            .filter(|number: &u64| number.to_string() == size)
            .ok_or(CheckpointError::Malformed("the second line is no size"))?;
        let root = STANDARD
            .decode(root)
            .ok()
            .and_then(|root| <[u8; 32]>::try_from(root).ok())
            .ok_or(CheckpointError::Malformed("the third line is no root hash"))?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if origin.is_empty() || extensions.iter().any(String::is_empty) {
            return Err(CheckpointError::Malformed("it has an empty line"));
        }
        Ok(Self { origin: origin.to_owned(), size, root: Hash(root), extensions })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::leaf_hash;

    fn checkpoint() -> Checkpoint {
        let mut frontier = Frontier::new();
        frontier.push(leaf_hash(b"a"));
        Checkpoint::of("cso.example/evidence", &frontier)
    }

    #[test]
    fn reads_back_when_signed_by_the_key() {
        let signer = NoteSigner::new("cso.example/evidence", &[3; 32]).unwrap();
        for extensions in [vec![], vec!["one".to_owned(), "two".to_owned()]] {
            let checkpoint = Checkpoint { extensions, ..checkpoint() };
            assert_eq!(Checkpoint::open(&checkpoint.sign(&signer), signer.public()), Ok(checkpoint));
        }
    }

    #[test]
    fn has_the_three_lines_of_the_format() {
        assert_eq!(
            checkpoint().text(),
            "cso.example/evidence\n1\nAippeebat6pa5MPl5F9+l3ESp+Y1k4INvsHsc4ok+Tw=\n"
        );
    }

    #[test]
    fn signed_nonsense_is_refused() {
        let signer = NoteSigner::new("log", &[3; 32]).unwrap();
        let root = STANDARD.encode([0; 32]);
        for text in [
            "log\n1\n".to_owned(),
            format!("log\n01\n{root}\n"),
            format!("log\n-1\n{root}\n"),
            "log\n1\nAAAA\n".to_owned(),
            format!("\n1\n{root}\n"),
        ] {
            assert!(matches!(
                Checkpoint::open(&signer.sign(&text), signer.public()),
                Err(CheckpointError::Malformed(_))
            ));
        }
    }
}
