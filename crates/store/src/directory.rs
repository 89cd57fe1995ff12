//! The data directory: who owns it, what is in it, and the keys kept there.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chargewarden_evidence::{ContentKey, Hash, NoteSigner};
use zeroize::Zeroizing;

use crate::{SealKey, StoreError, durable_file};

/// Stations, their states and settings.
pub const STATE_DB: &str = "state.db";
/// The evidence log.
pub const EVIDENCE_DB: &str = "evidence.db";
/// The latest checkpoint, a signed note: give it to the parties.
pub const CHECKPOINT_FILE: &str = "evidence.checkpoint";
/// The public key that checkpoints are signed with: give it to the parties.
pub const PUBLIC_KEY_FILE: &str = "evidence.pub";
/// The key under which frames and tokens are hashed. Secret.
pub const CONTENT_KEY_FILE: &str = "content.key";
/// The key that signs checkpoints. Secret.
pub const CHECKPOINT_KEY_FILE: &str = "checkpoint.key";
/// The key under which secrets that must be given back are encrypted. Secret.
pub const SEAL_KEY_FILE: &str = "seal.key";
/// Locked while a service uses the directory.
const LOCK_FILE: &str = "lock";

/// A data directory that no other process uses, for as long as a clone of this value lives.
#[derive(Clone, Debug)]
pub struct Directory {
    path: PathBuf,
    _lock: Arc<File>,
}

impl Directory {
    /// Takes the directory, which is made (mode 0700) when it is not there.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|error| StoreError::io(path, &error))?;
        let lock_path = path.join(LOCK_FILE);
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path)
            .map_err(|error| StoreError::io(&lock_path, &error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: Arc::new(lock) }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: lock_path }),
            Err(TryLockError::Error(error)) => Err(StoreError::io(&lock_path, &error)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The key for frames and tokens. On first start it is made from `fresh`, 32 bytes from a random source.
    pub fn content_key(&self, fresh: &[u8; 32]) -> Result<ContentKey, StoreError> {
        Ok(ContentKey::new(&*self.key(CONTENT_KEY_FILE, fresh)?))
    }

    /// The key that seals what must be given back. On first start it is made from `fresh`, 32 bytes from a random source.
    pub fn seal_key(&self, fresh: &[u8; 32]) -> Result<SealKey, StoreError> {
        let key = self.key(SEAL_KEY_FILE, fresh)?;
        SealKey::new(&key).map_err(|problem| StoreError::KeyFile {
            path: self.file(SEAL_KEY_FILE),
            detail: problem.to_string(),
        })
    }

    /// A key of 32 bytes, as 64 hexadecimal digits in a file.
    fn key(&self, name: &str, fresh: &[u8; 32]) -> Result<Zeroizing<[u8; 32]>, StoreError> {
        let path = self.file(name);
        let text = read_or_create_secret(&path, || Zeroizing::new(format!("{}\n", Hash(*fresh))))?;
        let secret = Hash::parse(text.trim_end_matches('\n')).ok_or_else(|| StoreError::KeyFile {
            path,
            detail: "not 64 hexadecimal digits; restore it from a backup".to_owned(),
        })?;
        Ok(Zeroizing::new(secret.0))
    }

    /// The key that signs checkpoints. On first start it is made from `fresh`, 32 bytes from a random source, and named
    /// `name`; later the name is the one it was given then. The public key is written beside it.
    pub fn checkpoint_key(&self, name: &str, fresh: &[u8; 32]) -> Result<NoteSigner, StoreError> {
        let path = self.file(CHECKPOINT_KEY_FILE);
        let new = NoteSigner::new(name, fresh)?;
        let text =
            read_or_create_secret(&path, || Zeroizing::new(format!("{}\n", new.to_private_text().as_str())))?;
        let signer = NoteSigner::parse(&text).map_err(|problem| StoreError::KeyFile {
            path,
            detail: format!("{problem}; restore it from a backup"),
        })?;
        let public = self.file(PUBLIC_KEY_FILE);
        durable_file::replace(&public, format!("{}\n", signer.public()).as_bytes())
            .map_err(|error| StoreError::io(&public, &error))?;
        Ok(signer)
    }
}

fn read_or_create_secret(
    path: &Path,
    fresh: impl FnOnce() -> Zeroizing<String>,
) -> Result<Zeroizing<String>, StoreError> {
    match std::fs::metadata(path) {
        Ok(found) if found.permissions().mode() & 0o077 != 0 => Err(StoreError::KeyFile {
            path: path.to_owned(),
            detail: format!(
                "others may read it (mode {:04o}); `chmod 600` it, and replace the key if others did",
                found.permissions().mode() & 0o7777
            ),
        }),
        Ok(_) => {
            std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| StoreError::io(path, &error))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let text = fresh();
            durable_file::create_secret(path, text.as_bytes())
                .map_err(|error| StoreError::io(path, &error))?;
            Ok(text)
        }
        Err(error) => Err(StoreError::io(path, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn belongs_to_one_process_at_a_time() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("new/data");
        let directory = Directory::open(&path).unwrap();
        let error = Directory::open(&path).unwrap_err();
        assert!(error.to_string().contains("is in use by another process"), "{error}");
        let clone = directory.clone();
        drop(directory);
        assert!(Directory::open(&path).is_err());
        drop(clone);
        assert!(Directory::open(&path).is_ok());
    }

    #[test]
    fn keys_are_made_once_and_are_secret() {
        let place = tempfile::tempdir().unwrap();
        let directory = Directory::open(place.path()).unwrap();
        let key = directory.content_key(&[1; 32]).unwrap();
        assert_eq!(directory.content_key(&[2; 32]).unwrap().frame(b"x"), key.frame(b"x"));
        let signer = directory.checkpoint_key("cso.example/log", &[1; 32]).unwrap();
        let again = directory.checkpoint_key("other.example/log", &[2; 32]).unwrap();
        assert_eq!(again.public(), signer.public());
        let sealed = directory.seal_key(&[1; 32]).unwrap().seal("CS-1", "x", b"secret").unwrap();
        assert!(directory.seal_key(&[2; 32]).unwrap().open("CS-1", "x", &sealed).is_ok());
        for name in [CONTENT_KEY_FILE, CHECKPOINT_KEY_FILE, SEAL_KEY_FILE] {
            let mode = std::fs::metadata(directory.file(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let public = std::fs::read_to_string(directory.file(PUBLIC_KEY_FILE)).unwrap();
        assert_eq!(public.trim_end(), signer.public().to_string());
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let directory = Directory::open(place.path()).unwrap();
        directory.content_key(&[1; 32]).unwrap();
        let path = directory.file(CONTENT_KEY_FILE);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = directory.content_key(&[1; 32]).unwrap_err().to_string();
        assert!(error.contains("others may read it (mode 0640); `chmod 600` it"), "{error}");
    }

    #[test]
    fn a_broken_key_is_not_replaced() {
        let place = tempfile::tempdir().unwrap();
        let directory = Directory::open(place.path()).unwrap();
        durable_file::create_secret(&directory.file(CONTENT_KEY_FILE), b"nonsense").unwrap();
        durable_file::create_secret(&directory.file(CHECKPOINT_KEY_FILE), b"nonsense").unwrap();
        assert!(matches!(directory.content_key(&[1; 32]), Err(StoreError::KeyFile { .. })));
        assert!(matches!(directory.checkpoint_key("log", &[1; 32]), Err(StoreError::KeyFile { .. })));
    }
}
