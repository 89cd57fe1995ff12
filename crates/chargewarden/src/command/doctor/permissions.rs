//! Who on this machine can read our secrets and change what we trust.

use std::{
    io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use super::finding::{Code, Finding};

/// What a file is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nobody else may read or change it: keys, passwords, the store.
    Secret,
    /// Others should not read it, since it helps them to guess: the inventory with its hashes.
    Hashes,
    /// Everybody may read it, nobody else may change it: configuration, certificates, policies.
    Trusted,
}

const GROUP_READ: u32 = 0o040;
const GROUP_WRITE: u32 = 0o020;
const OTHER_READ: u32 = 0o004;
const OTHER_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// Looks at a file and at its directory.
pub(crate) fn look(place: &str, path: &Path, kind: Kind) -> Vec<Finding> {
    let mut found = Vec::new();
    match mode(path) {
        Ok(mode) => found.extend(judge(place, path, kind, mode)),
        Err(error) => found.push(Finding::new(
            Code::FileUnseen,
            place,
            format!("`{}` cannot be looked at: {error}", path.display()),
            "run `doctor` as the user that the service runs as",
        )),
    }
    // Whoever may change the directory may put another file in its place.
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(mode) = mode(directory)
        && mode.bits & OTHER_WRITE != 0
        && mode.bits & STICKY == 0
    {
        found.push(writable(place, directory, mode));
    }
    found
}

/// The mode of a file.
#[derive(Debug, Clone, Copy)]
struct Mode {
    /// As it is, for people.
    shown: u32,
    /// As far as it concerns others than the owner.
    bits: u32,
}

fn mode(path: &Path) -> io::Result<Mode> {
    let found = std::fs::metadata(path)?;
    // A group of one is the owner by another name; that is how some systems set up users.
    let private_group = found.uid() == found.gid();
    let shown = found.permissions().mode();
    Ok(Mode { shown, bits: if private_group { shown & !(GROUP_READ | GROUP_WRITE) } else { shown } })
}

fn judge(place: &str, path: &Path, kind: Kind, mode: Mode) -> Option<Finding> {
    let bits = mode.bits;
    if bits & (GROUP_WRITE | OTHER_WRITE) != 0 {
        return Some(writable(place, path, mode));
    }
    let readable = |code, others| {
        Finding::new(
            code,
            place,
            format!("`{}` can be read by {others} (mode {:04o})", path.display(), mode.shown & 0o7777),
            format!("chmod go-rwx {}", path.display()),
        )
    };
    match kind {
        Kind::Secret if bits & (GROUP_READ | OTHER_READ) != 0 => {
            Some(readable(Code::SecretReadable, "others on this machine"))
        }
        Kind::Hashes if bits & OTHER_READ != 0 => {
            Some(readable(Code::InventoryReadable, "every user of this machine"))
        }
        Kind::Secret | Kind::Hashes | Kind::Trusted => None,
    }
}

fn writable(place: &str, path: &Path, mode: Mode) -> Finding {
    Finding::new(
        Code::FileWritable,
        place,
        format!(
            "`{}` can be changed by others on this machine (mode {:04o})",
            path.display(),
            mode.shown & 0o7777
        ),
        format!("chmod go-w {}", path.display()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_judged_by_what_the_file_is_for() {
        for (kind, bits, expected) in [
            (Kind::Secret, 0o600, None),
            (Kind::Secret, 0o400, None),
            (Kind::Secret, 0o640, Some("secret-readable")),
            (Kind::Secret, 0o644, Some("secret-readable")),
            (Kind::Secret, 0o660, Some("file-writable")),
            (Kind::Secret, 0o700, None),
            (Kind::Secret, 0o755, Some("secret-readable")),
            (Kind::Hashes, 0o640, None),
            (Kind::Hashes, 0o644, Some("inventory-readable")),
            (Kind::Trusted, 0o644, None),
            (Kind::Trusted, 0o664, Some("file-writable")),
            (Kind::Trusted, 0o666, Some("file-writable")),
        ] {
            let found = judge("here", Path::new("file"), kind, Mode { shown: bits, bits })
                .map(|finding| finding.code.code());
            assert_eq!(found, expected, "{kind:?} {bits:o}");
        }
    }

    #[test]
    fn a_directory_that_all_may_write_gives_its_files_away() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("key.pem");
        std::fs::write(&file, "x").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(look("here", &file, Kind::Secret), []);
        std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(look("here", &file, Kind::Secret)[0].code.code(), "file-writable");
        assert_eq!(look("here", &place.path().join("none"), Kind::Secret)[0].code.code(), "file-unseen");
    }
}
