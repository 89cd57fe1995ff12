//! Signatures under the key of the very thing that is signed: proof that whoever made it holds that key.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    ECDSA_P521_SHA512_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    UnparsedPublicKey, VerificationAlgorithm,
};
use x509_parser::certificate::X509Certificate;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_NIST_HASH_SHA256, OID_NIST_HASH_SHA384,
    OID_NIST_HASH_SHA512, OID_PKCS1_MD5WITHRSAENC, OID_PKCS1_RSASSAPSS, OID_PKCS1_SHA1WITHRSA,
    OID_PKCS1_SHA256WITHRSA, OID_PKCS1_SHA384WITHRSA, OID_PKCS1_SHA512WITHRSA, OID_SIG_ECDSA_WITH_SHA256,
    OID_SIG_ECDSA_WITH_SHA384, OID_SIG_ECDSA_WITH_SHA512, OID_SIG_ED25519, Oid,
};
use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use super::key;

/// The hash in a signature: `md5`, `sha1`, `sha256`, `sha384`, `sha512`, `ed25519` (which has its own) or `other`.
pub(super) fn hash(algorithm: &AlgorithmIdentifier<'_>) -> &'static str {
    let named: [(&Oid<'_>, &'static str); 10] = [
        (&OID_PKCS1_MD5WITHRSAENC, "md5"),
        (&OID_PKCS1_SHA1WITHRSA, "sha1"),
        (&OID_PKCS1_SHA256WITHRSA, "sha256"),
        (&OID_PKCS1_SHA384WITHRSA, "sha384"),
        (&OID_PKCS1_SHA512WITHRSA, "sha512"),
        (&OID_SIG_ECDSA_WITH_SHA256, "sha256"),
        (&OID_SIG_ECDSA_WITH_SHA384, "sha384"),
        (&OID_SIG_ECDSA_WITH_SHA512, "sha512"),
        (&OID_SIG_ED25519, "ed25519"),
        (&OID_PKCS1_RSASSAPSS, ""),
    ];
    match named.into_iter().find(|(oid, _)| **oid == algorithm.algorithm) {
        Some((_, "")) => pss_hash(algorithm),
        Some((_, hash)) => hash,
        None => "other",
    }
}

fn pss_hash(algorithm: &AlgorithmIdentifier<'_>) -> &'static str {
    let parameters = algorithm.parameters.as_ref().and_then(|any| RsaSsaPssParams::try_from(any).ok());
    let Some(parameters) = parameters else { return "other" };
    let oid = parameters.hash_algorithm_oid();
    [(OID_NIST_HASH_SHA256, "sha256"), (OID_NIST_HASH_SHA384, "sha384"), (OID_NIST_HASH_SHA512, "sha512")]
        .into_iter()
        .find_map(|(known, hash)| (known == *oid).then_some(hash))
        .unwrap_or("other")
}

/// Whether a request is signed with the key in it.
pub(super) fn request_fits(request: &X509CertificationRequest<'_>) -> bool {
    let info = &request.certification_request_info;
    fits(&info.subject_pki, &request.signature_algorithm, &request.signature_value.data, info.raw)
}

/// Whether a certificate is signed with the key in it.
pub(super) fn certificate_fits(certificate: &X509Certificate<'_>) -> bool {
    let signed = certificate.tbs_certificate.as_ref();
    let algorithm = &certificate.signature_algorithm;
    fits(certificate.public_key(), algorithm, &certificate.signature_value.data, signed)
}

/// Algorithms that are no longer proof of anything, and curves that the library does not have, fit nothing.
fn fits(
    key: &SubjectPublicKeyInfo<'_>,
    algorithm: &AlgorithmIdentifier<'_>,
    signature: &[u8],
    signed: &[u8],
) -> bool {
    let Some(verification) = verification(key, algorithm) else { return false };
    UnparsedPublicKey::new(verification, &key.subject_public_key.data).verify(signed, signature).is_ok()
}

fn verification(
    key: &SubjectPublicKeyInfo<'_>,
    algorithm: &AlgorithmIdentifier<'_>,
) -> Option<&'static dyn VerificationAlgorithm> {
    let (hash, oid) = (hash(algorithm), &algorithm.algorithm);
    if *oid == OID_SIG_ED25519 {
        return Some(&ED25519);
    }
    if *oid == OID_PKCS1_RSASSAPSS {
        return match hash {
            "sha256" => Some(&RSA_PSS_2048_8192_SHA256),
            "sha384" => Some(&RSA_PSS_2048_8192_SHA384),
            "sha512" => Some(&RSA_PSS_2048_8192_SHA512),
            _ => None,
        };
    }
    let curves = [(OID_EC_P256, 256), (OID_NIST_EC_P384, 384), (OID_NIST_EC_P521, 521)];
    let curve = key::curve(key).and_then(|curve| curves.into_iter().find(|(known, _)| *known == curve));
    match (curve.map(|(_, bits)| bits), hash) {
        (Some(256), "sha256") => Some(&ECDSA_P256_SHA256_ASN1),
        (Some(256), "sha384") => Some(&ECDSA_P256_SHA384_ASN1),
        (Some(384), "sha256") => Some(&ECDSA_P384_SHA256_ASN1),
        (Some(384), "sha384") => Some(&ECDSA_P384_SHA384_ASN1),
        (Some(521), "sha512") => Some(&ECDSA_P521_SHA512_ASN1),
        (None, "sha256") => Some(&RSA_PKCS1_2048_8192_SHA256),
        (None, "sha384") => Some(&RSA_PKCS1_2048_8192_SHA384),
        (None, "sha512") => Some(&RSA_PKCS1_2048_8192_SHA512),
        (Some(_) | None, _) => None,
    }
}
