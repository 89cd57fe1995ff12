//! What a listener trusts: anchors and revocation lists, parsed once.

use std::{cmp::Reverse, fmt, path::PathBuf, sync::Arc};

use rustls::{
    DistinguishedName,
    pki_types::{
        CertificateDer, CertificateRevocationListDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime,
    },
};
use webpki::{
    CertRevocationList, EndEntityCert, ExpirationPolicy, KeyUsage, OwnedCertRevocationList,
    RevocationCheckDepth, RevocationOptionsBuilder, UnknownStatusPolicy, VerifiedPath, aws_lc_rs as alg,
};
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

use super::{
    files::{self, TlsProblem},
    remembered::{Memory, Remembered},
};

/// Signatures that may stand below a certificate or a revocation list: SHA-2 or better over RSA of 2048 bits or more, or over a
/// curve of 256 bits or more.
static ALGORITHMS: [&dyn SignatureVerificationAlgorithm; 16] = [
    alg::ECDSA_P256_SHA256,
    alg::ECDSA_P256_SHA384,
    alg::ECDSA_P384_SHA256,
    alg::ECDSA_P384_SHA384,
    alg::ECDSA_P521_SHA256,
    alg::ECDSA_P521_SHA384,
    alg::ECDSA_P521_SHA512,
    alg::ED25519,
    alg::RSA_PKCS1_2048_8192_SHA256,
    alg::RSA_PKCS1_2048_8192_SHA384,
    alg::RSA_PKCS1_2048_8192_SHA512,
    alg::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
    alg::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
    alg::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    alg::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    alg::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
];

/// How far revocation is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// Every certificate of a path needs a current list of its issuer; without one its standing is unknown.
    Required,
    /// Certificates on a list are refused; a missing or old list does not matter.
    DangerOptional,
}

/// Anchors of station certificates and what their issuers revoked.
pub struct Trust {
    anchors: Vec<TrustAnchor<'static>>,
    /// Of each anchor, in the same order, in seconds since 1970. The library takes anchors as valid for ever.
    periods: Vec<(i64, i64)>,
    subjects: Vec<DistinguishedName>,
    /// The newest of an issuer first: the library asks the first that fits.
    lists: Vec<CertRevocationList<'static>>,
    revocation: Revocation,
    algorithms: Vec<Remembered>,
    memory: Arc<Memory>,
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust")
            .field("anchors", &self.anchors.len())
            .field("lists", &self.lists.len())
            .field("revocation", &self.revocation)
            .finish_non_exhaustive()
    }
}

impl Trust {
    /// Reads anchors and lists from files. `before`: what was trusted until now; its signature checks are remembered.
    ///
    /// # Errors
    /// A file that cannot be read or used, by its name; lists missing where they are required.
    pub fn read(
        anchors: &[PathBuf],
        lists: &[PathBuf],
        revocation: Revocation,
        before: Option<&Trust>,
    ) -> Result<Trust, TlsProblem> {
        let mut trust = Trust::empty(revocation, before);
        for path in anchors {
            for certificate in files::certificates(path)? {
                trust
                    .add_anchor(&certificate)
                    .map_err(|problem| TlsProblem::unusable(path, "anchor", &problem))?;
            }
        }
        let mut dated = Vec::new();
        for path in lists {
            for list in files::revocation_lists(path)? {
                let list = parse_list(&list)
                    .map_err(|problem| TlsProblem::unusable(path, "revocation list", &problem))?;
                dated.push(list);
            }
        }
        trust.set_lists(dated);
        if trust.lists.is_empty() && revocation == Revocation::Required {
            return Err(TlsProblem::NoRevocation);
        }
        Ok(trust)
    }

    /// Trust in DER anchors and lists, for tests and tools.
    ///
    /// # Errors
    /// A text that says what cannot be used.
    pub fn new(
        anchors: &[CertificateDer<'_>],
        lists: &[CertificateRevocationListDer<'_>],
        revocation: Revocation,
    ) -> Result<Trust, String> {
        let mut trust = Trust::empty(revocation, None);
        for certificate in anchors {
            trust.add_anchor(certificate)?;
        }
        let dated = lists.iter().map(parse_list).collect::<Result<_, _>>()?;
        trust.set_lists(dated);
        Ok(trust)
    }

    fn empty(revocation: Revocation, before: Option<&Trust>) -> Trust {
        let memory = before.map(|trust| Arc::clone(&trust.memory)).unwrap_or_default();
        Trust {
            anchors: Vec::new(),
            periods: Vec::new(),
            subjects: Vec::new(),
            lists: Vec::new(),
            revocation,
            algorithms: ALGORITHMS.iter().map(|algorithm| Remembered::new(*algorithm, &memory)).collect(),
            memory,
        }
    }

    fn add_anchor(&mut self, certificate: &CertificateDer<'_>) -> Result<(), String> {
        let anchor =
            webpki::anchor_from_trusted_cert(certificate).map_err(|error| error.to_string())?.to_owned();
        let (_, parsed) = X509Certificate::from_der(certificate).map_err(|error| error.to_string())?;
        let period = parsed.validity();
        self.periods.push((period.not_before.timestamp(), period.not_after.timestamp()));
        self.subjects.push(DistinguishedName::in_sequence(anchor.subject.as_ref()));
        self.anchors.push(anchor);
        Ok(())
    }

    fn set_lists(&mut self, mut dated: Vec<(i64, CertRevocationList<'static>)>) {
        dated.sort_by_key(|(updated, _)| Reverse(*updated));
        self.lists = dated.into_iter().map(|(_, list)| list).collect();
    }

    /// The names of the anchors, for the request of a certificate.
    pub(super) fn subjects(&self) -> &[DistinguishedName] {
        &self.subjects
    }

    /// Looks for a path from a certificate to an anchor that is valid now and not revoked, for a TLS client.
    pub(super) fn verify<'p>(
        &'p self,
        leaf: &'p EndEntityCert<'p>,
        authorities: &'p [CertificateDer<'p>],
        now: UnixTime,
    ) -> Result<VerifiedPath<'p>, webpki::Error> {
        let algorithms: Vec<_> =
            self.algorithms.iter().map(|known| known as &dyn SignatureVerificationAlgorithm).collect();
        let lists: Vec<_> = self.lists.iter().collect();
        let revocation = match self.revocation {
            Revocation::Required if lists.is_empty() => return Err(webpki::Error::UnknownRevocationStatus),
            Revocation::Required => Some((UnknownStatusPolicy::Deny, ExpirationPolicy::Enforce)),
            Revocation::DangerOptional => Some((UnknownStatusPolicy::Allow, ExpirationPolicy::Ignore)),
        };
        let options = revocation.and_then(|(unknown, expired)| {
            let builder = RevocationOptionsBuilder::new(&lists).ok()?;
            let builder = builder.with_depth(RevocationCheckDepth::Chain);
            Some(builder.with_status_policy(unknown).with_expiration_policy(expired).build())
        });
        let in_time = |path: &VerifiedPath<'_>| self.check_anchor_period(path.anchor(), now);
        leaf.verify_for_usage(
            &algorithms,
            &self.anchors,
            authorities,
            now,
            KeyUsage::client_auth(),
            options,
            Some(&in_time),
        )
    }

    fn check_anchor_period(&self, anchor: &TrustAnchor<'_>, time: UnixTime) -> Result<(), webpki::Error> {
        let found = self.anchors.iter().zip(&self.periods).find(|(known, _)| *known == anchor);
        let Some((_, (not_before, not_after))) = found else { return Err(webpki::Error::UnknownIssuer) };
        let now = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        let at = |seconds: i64| {
            UnixTime::since_unix_epoch(std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
        };
        if now < *not_before {
            return Err(webpki::Error::CertNotValidYet { time, not_before: at(*not_before) });
        }
        if now > *not_after {
            return Err(webpki::Error::CertExpired { time, not_after: at(*not_after) });
        }
        Ok(())
    }
}

/// A list with the time it was made, in seconds since 1970.
fn parse_list(der: &CertificateRevocationListDer<'_>) -> Result<(i64, CertRevocationList<'static>), String> {
    let list = OwnedCertRevocationList::from_der(der).map_err(|error| error.to_string())?;
    let (_, parsed) = CertificateRevocationList::from_der(der).map_err(|error| error.to_string())?;
    Ok((parsed.last_update().timestamp(), list.into()))
}
