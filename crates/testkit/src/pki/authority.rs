//! Authorities that issue certificates and revocation lists.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm,
};
use rustls::pki_types::CertificateDer;

use super::issued::{Files, Issued, pem};
use super::leaf::serial_number;
use super::{Crl, DAY, Key, Leaf, broken, next_number};

/// A certification authority: a root, or one below another.
pub struct Authority {
    certificate: CertificateDer<'static>,
    /// Certificates between a leaf and the root, the own first; empty for a root.
    path: Vec<CertificateDer<'static>>,
    name: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A root with an ECDSA P-256 key.
    pub fn root(name: &str) -> Authority {
        Authority::root_with(name, Key::default())
    }

    /// A root with a key of that kind.
    pub fn root_with(name: &str, key: Key) -> Authority {
        let (parameters, key) = (parameters(name), key.generate());
        let certificate = parameters.self_signed(&key).unwrap_or_else(broken);
        Authority {
            certificate: certificate.into(),
            path: Vec::new(),
            name: name.to_owned(),
            issuer: Issuer::new(parameters, key),
        }
    }

    /// An authority below this one, with an ECDSA P-256 key.
    #[must_use]
    pub fn intermediate(&self, name: &str) -> Authority {
        self.intermediate_with(name, Key::default())
    }

    /// An authority below this one, with a key of that kind.
    #[must_use]
    pub fn intermediate_with(&self, name: &str, key: Key) -> Authority {
        let (parameters, key) = (parameters(name), key.generate());
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap_or_else(broken);
        let certificate = CertificateDer::from(certificate);
        let path = std::iter::once(&certificate).chain(&self.path).cloned().collect();
        Authority { certificate, path, name: name.to_owned(), issuer: Issuer::new(parameters, key) }
    }

    /// An impostor: a root of the same name with another key.
    #[must_use]
    pub fn namesake(&self) -> Authority {
        Authority::root(&self.name)
    }

    /// Issues a certificate with a new key.
    #[must_use]
    pub fn issue(&self, leaf: &Leaf) -> Issued {
        self.issue_for(leaf, &leaf.key.generate())
    }

    pub(super) fn issue_for(&self, leaf: &Leaf, key: &KeyPair) -> Issued {
        let serial = leaf.serial.unwrap_or_else(next_number);
        let certificate = leaf.parameters(serial).signed_by(key, &self.issuer).unwrap_or_else(broken);
        let chain = std::iter::once(CertificateDer::from(certificate)).chain(self.path.iter().cloned());
        Issued::new(chain.collect(), key, serial)
    }

    /// Issues a certificate for an RSA key of 1,024 bits, which nobody has. Its bearer signs with another key, so a peer that
    /// does not look at the key first finds the signature wrong.
    #[must_use]
    pub fn issue_weak(&self, leaf: &Leaf) -> Issued {
        let serial = leaf.serial.unwrap_or_else(next_number);
        let certificate =
            leaf.parameters(serial).signed_by(&Rsa1024::any(), &self.issuer).unwrap_or_else(broken);
        let chain = std::iter::once(CertificateDer::from(certificate)).chain(self.path.iter().cloned());
        Issued::new(chain.collect(), &Key::default().generate(), serial)
    }

    /// A revocation list of this moment, good for a month.
    #[must_use]
    pub fn crl(&self, revoked: &[u64]) -> Crl {
        let now = SystemTime::now();
        self.crl_valid(revoked, now - DAY, now + 30 * DAY)
    }

    /// A revocation list whose `thisUpdate` and `nextUpdate` are these.
    ///
    /// # Panics
    ///
    /// When `next` is not after `this`.
    #[must_use]
    pub fn crl_valid(&self, revoked: &[u64], this: SystemTime, next: SystemTime) -> Crl {
        Crl::sign(&self.issuer, revoked, this, next)
    }

    /// The own certificate.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The own certificate as PEM: the trust anchor of whoever trusts this authority.
    pub fn pem(&self) -> String {
        pem("CERTIFICATE", &self.certificate)
    }

    /// The private key as PEM (PKCS#8), for tools that issue certificates themselves.
    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// Writes the own certificate to `NAME.pem` in `folder` and returns its path.
    ///
    /// # Errors
    ///
    /// Fails when the file cannot be written.
    pub fn write(&self, folder: &Path, name: &str) -> io::Result<PathBuf> {
        let path = folder.join(format!("{name}.pem"));
        std::fs::write(&path, self.pem())?;
        Ok(path)
    }

    /// Issues a certificate and writes it: [`Authority::issue`] and [`Issued::write`].
    ///
    /// # Errors
    ///
    /// Fails when a file cannot be written.
    pub fn issue_to(&self, folder: &Path, name: &str, leaf: &Leaf) -> io::Result<Files> {
        self.issue(leaf).write(folder, name)
    }
}

/// A public key without a private half.
struct Rsa1024(Vec<u8>);

impl Rsa1024 {
    /// Any odd number of 1,024 bits, and 65,537 (RFC 8017, A.1.1).
    fn any() -> Rsa1024 {
        let mut key = vec![0x30, 0x81, 0x89, 0x02, 0x81, 0x81, 0x00];
        key.extend([0xc5; 128]);
        key.extend([0x02, 0x03, 0x01, 0x00, 0x01]);
        Rsa1024(key)
    }
}

impl PublicKeyData for Rsa1024 {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

/// A certificate signed with its own key, by no authority.
#[must_use]
pub fn self_signed(leaf: &Leaf) -> Issued {
    let serial = leaf.serial.unwrap_or_else(next_number);
    let key = leaf.key.generate();
    let certificate = leaf.parameters(serial).self_signed(&key).unwrap_or_else(broken);
    Issued::new(vec![certificate.into()], &key, serial)
}

fn parameters(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    let now = SystemTime::now();
    parameters.not_before = super::seconds(now - 2 * DAY).into();
    parameters.not_after = super::seconds(now + 3_650 * DAY).into();
    parameters.serial_number = Some(serial_number(next_number()));
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    parameters.distinguished_name = subject;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters.use_authority_key_identifier_extension = true;
    parameters
}
