//! Certificates, keys and revocation lists from files.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer,
    pem::{self, PemObject},
};
use thiserror::Error;
use zeroize::Zeroizing;

/// The longest file that is read, in bytes: a revocation list of some 400,000 entries.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Why the files of a listener cannot be used. Texts are for operators; they name files and never contents.
#[derive(Debug, Error)]
pub enum TlsProblem {
    /// The file cannot be read.
    #[error("cannot read `{}`", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The file is longer than anything that belongs here.
    #[error("`{}` is longer than {FILE_BYTES_MAX} bytes", .path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// The file holds something else.
    #[error("`{}` holds no {what}", .path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
    },
    /// What the file holds cannot be used.
    #[error("`{}`: {what} cannot be used: {problem}", .path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A listener with TLS and no certificate.
    #[error("a listener with TLS needs at least one certificate")]
    NoCertificate,
    /// Two certificates for the same kind of key: the second would never be used.
    #[error("`{}` is a second certificate with an {algorithm} key; give one with an ECDSA and one with an RSA key", .path.display())]
    SameKeyKind {
        /// The chain file of the second.
        path: PathBuf,
        /// The kind of key.
        algorithm: &'static str,
    },
    /// Client certificates are asked for and nothing says which are revoked.
    #[error(
        "`client_anchors` without `crls`: a stolen station certificate could never be withdrawn; \
         name the revocation lists, or set `danger_without_revocation = true`"
    )]
    NoRevocation,
    /// The listener has no TLS.
    #[error("this listener has no TLS; adding it needs a restart")]
    NotTls,
    /// There is no such listener.
    #[error("there is no listener with the number {0}")]
    NoListener(usize),
    /// Reading them was interrupted.
    #[error("reading was interrupted: {0}")]
    Interrupted(String),
    /// The TLS library refuses the combination.
    #[error("TLS cannot be set up: {0}")]
    Library(#[from] rustls::Error),
}

impl TlsProblem {
    pub(super) fn unusable(path: &Path, what: &'static str, problem: &dyn fmt::Display) -> TlsProblem {
        TlsProblem::Unusable { path: path.to_owned(), what, problem: problem.to_string() }
    }
}

/// Reads a whole file, at most [`FILE_BYTES_MAX`]. The memory is wiped when dropped, since it may be a key.
fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsProblem> {
    let failed = |source| TlsProblem::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    if length > FILE_BYTES_MAX {
        return Err(TlsProblem::TooLong { path: path.to_owned() });
    }
    // Room for all of it from the start: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1));
    let read = file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(read).is_ok_and(|read| read <= FILE_BYTES_MAX) {
        Ok(bytes)
    } else {
        Err(TlsProblem::TooLong { path: path.to_owned() })
    }
}

/// The certificates of a PEM file, in their order; at least one.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsProblem> {
    const WHAT: &str = "certificate";
    let bytes = read(path)?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<_, pem::Error>>()
        .map_err(|error| TlsProblem::unusable(path, WHAT, &error))?;
    if found.is_empty() { Err(TlsProblem::Missing { path: path.to_owned(), what: WHAT }) } else { Ok(found) }
}

/// The one private key of a PEM file (PKCS#8, SEC1 or PKCS#1).
pub(crate) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsProblem> {
    const WHAT: &str = "private key";
    let bytes = read(path)?;
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| {
        if matches!(error, pem::Error::NoItemsFound) {
            TlsProblem::Missing { path: path.to_owned(), what: WHAT }
        } else {
            TlsProblem::unusable(path, WHAT, &error)
        }
    })
}

/// The revocation lists of a file: PEM, or one in DER.
pub(crate) fn revocation_lists(
    path: &Path,
) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsProblem> {
    const WHAT: &str = "revocation list";
    const DER_SEQUENCE: u8 = 0x30;
    let bytes = read(path)?;
    if bytes.first() == Some(&DER_SEQUENCE) {
        return Ok(vec![CertificateRevocationListDer::from(bytes.to_vec())]);
    }
    let found: Vec<_> = CertificateRevocationListDer::pem_slice_iter(&bytes)
        .collect::<Result<_, pem::Error>>()
        .map_err(|error| TlsProblem::unusable(path, WHAT, &error))?;
    if found.is_empty() { Err(TlsProblem::Missing { path: path.to_owned(), what: WHAT }) } else { Ok(found) }
}
