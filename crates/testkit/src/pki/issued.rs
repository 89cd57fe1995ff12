//! Issued certificates with their keys.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::KeyPair;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Object identifier of RSA signatures with SHA-256, and with SHA-1, as DER.
const RSA_WITH: ([u8; 11], [u8; 11]) = (
    [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b],
    [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05],
);

/// Characters per line of PEM (RFC 7468).
const LINE: usize = 64;

/// A certificate, those above it up to the root's, and its private key.
pub struct Issued {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    serial: u64,
}

/// Where a certificate and its key were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The certificate and those above it, without the root's.
    pub chain: PathBuf,
    /// The private key, readable by its owner alone.
    pub key: PathBuf,
}

impl Issued {
    pub(super) fn new(chain: Vec<CertificateDer<'static>>, key: &KeyPair, serial: u64) -> Issued {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Issued { chain, key, serial }
    }

    /// The certificate itself.
    ///
    /// # Panics
    ///
    /// Never: a chain begins with its certificate.
    #[expect(clippy::indexing_slicing, reason = "a chain begins with its certificate")]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.chain[0]
    }

    /// The certificate and those above it, without the root's: what its owner sends in a handshake.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// The private key.
    pub fn key(&self) -> PrivateKeyDer<'static> {
        self.key.clone_key()
    }

    /// The serial number, to revoke it by.
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// The chain as PEM.
    pub fn chain_pem(&self) -> String {
        self.chain.iter().map(|certificate| pem("CERTIFICATE", certificate)).collect()
    }

    /// The private key as PEM (PKCS#8).
    pub fn key_pem(&self) -> String {
        pem("PRIVATE KEY", self.key.secret_der())
    }

    /// The same certificate sent without those above it.
    #[must_use]
    pub fn without_path(mut self) -> Issued {
        self.chain.truncate(1);
        self
    }

    /// The same certificate claiming an RSA signature with SHA-1; the signature no longer fits, as nothing signs so any more.
    /// Does nothing to a certificate that an ECDSA authority signed.
    #[must_use]
    pub fn claiming_sha1(mut self) -> Issued {
        let mut bytes = self.certificate().to_vec();
        for start in 0..bytes.len().saturating_sub(RSA_WITH.0.len()) {
            if let Some(window) = bytes.get_mut(start..start + RSA_WITH.0.len())
                && *window == RSA_WITH.0
            {
                window.copy_from_slice(&RSA_WITH.1);
            }
        }
        self.chain.splice(..1, [CertificateDer::from(bytes)]);
        self
    }

    /// Writes the chain to `NAME.pem` and the key to `NAME.key` (mode 0600) in `folder`; each appears all at once.
    ///
    /// # Errors
    ///
    /// Fails when a file cannot be written.
    pub fn write(&self, folder: &Path, name: &str) -> io::Result<Files> {
        let files =
            Files { chain: folder.join(format!("{name}.pem")), key: folder.join(format!("{name}.key")) };
        replace(&files.key, &self.key_pem(), 0o600)?;
        replace(&files.chain, &self.chain_pem(), 0o644)?;
        Ok(files)
    }
}

#[cfg(unix)]
fn replace(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let fresh = path.with_extension("new");
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(mode).open(&fresh)?;
    file.write_all(text.as_bytes())?;
    std::fs::rename(&fresh, path)
}

#[cfg(not(unix))]
fn replace(path: &Path, text: &str, _mode: u32) -> io::Result<()> {
    std::fs::write(path, text)
}

/// DER as PEM (RFC 7468).
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(LINE));
        pem.push_str(line);
        pem.push('\n');
        rest = more;
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}
