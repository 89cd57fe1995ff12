//! Revocation lists.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rcgen::{
    CertificateRevocationListParams, Issuer, KeyIdMethod, KeyPair, RevocationReason, RevokedCertParams,
};
use rustls::pki_types::CertificateRevocationListDer;

use super::issued::pem;
use super::leaf::serial_number;
use super::{broken, next_number, seconds};

/// A signed revocation list. A later one of the same process has a higher number.
#[derive(Clone, Debug)]
pub struct Crl {
    der: CertificateRevocationListDer<'static>,
}

impl Crl {
    pub(super) fn sign(
        issuer: &Issuer<'static, KeyPair>,
        revoked: &[u64],
        this: SystemTime,
        next: SystemTime,
    ) -> Crl {
        let revoked = revoked.iter().map(|serial| RevokedCertParams {
            serial_number: serial_number(*serial),
            revocation_time: seconds(this).into(),
            reason_code: Some(RevocationReason::KeyCompromise),
            invalidity_date: None,
        });
        let parameters = CertificateRevocationListParams {
            this_update: seconds(this).into(),
            next_update: seconds(next).into(),
            crl_number: serial_number(next_number()),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Crl { der: parameters.signed_by(issuer).unwrap_or_else(broken).into() }
    }

    /// The list as DER.
    pub fn der(&self) -> &CertificateRevocationListDer<'static> {
        &self.der
    }

    /// The list as PEM.
    pub fn pem(&self) -> String {
        pem("X509 CRL", &self.der)
    }

    /// Writes the list to `NAME.crl` in `folder`, all at once for whoever reads meanwhile, and returns its path.
    ///
    /// # Errors
    ///
    /// Fails when the file cannot be written.
    pub fn write(&self, folder: &Path, name: &str) -> io::Result<PathBuf> {
        let path = folder.join(format!("{name}.crl"));
        let fresh = folder.join(format!("{name}.crl.new"));
        std::fs::write(&fresh, self.pem())?;
        std::fs::rename(&fresh, &path)?;
        Ok(path)
    }
}
