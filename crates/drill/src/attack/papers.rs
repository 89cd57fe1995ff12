//! Certificates of the drill: made when it runs, kept nowhere, trusted by nobody else.

use std::sync::OnceLock;

use chargewarden_evidence::Hash;
use chargewarden_testkit::pki::{Authority, Leaf, Request, Usage};
use sha2::{Digest as _, Sha256};

use super::order::{Order, order};
use serde_json::json;

/// Certificates that attacks and work carry.
pub struct Papers {
    /// The owner's root, which is on the list of trust anchors.
    pub root: String,
    /// Its SHA-256.
    pub root_fingerprint: String,
    /// The certificate of who signs the maker's software; on the list of signers.
    pub signer: String,
    /// Its SHA-256.
    pub signer_fingerprint: String,
    /// A root of an attacker.
    pub rogue_root: String,
    /// One that bears the name of the owner's.
    pub namesake_root: String,
    /// A certificate that is none of an authority.
    pub rogue_leaf: String,
    /// The attacker's certificate for signing software.
    pub rogue_signer: String,
    authority: Authority,
    rogue: Authority,
}

/// A request of a station, and answers to it.
pub struct Enrolment {
    /// The station's `SignCertificate`.
    pub request: Order,
    /// A certificate for its key and name.
    pub genuine: String,
    /// One for its name and another key.
    pub other_key: String,
    /// One for its key and another name.
    pub other_name: String,
}

impl Papers {
    /// Those of this process.
    pub fn get() -> &'static Self {
        static PAPERS: OnceLock<Papers> = OnceLock::new();
        PAPERS.get_or_init(Self::make)
    }

    fn make() -> Self {
        let authority = Authority::root("Example CSO root");
        let rogue = Authority::root("Totally Honest CA");
        let code = Leaf::server("firmware.example.com").usages(&[Usage::CodeSigning]);
        let signer = authority.issue(&code);
        Self {
            root: authority.pem(),
            root_fingerprint: fingerprint(authority.certificate()),
            signer_fingerprint: fingerprint(signer.certificate()),
            signer: signer.chain_pem(),
            rogue_root: rogue.pem(),
            namesake_root: authority.namesake().pem(),
            rogue_leaf: rogue.issue(&Leaf::server("evil.example")).chain_pem(),
            rogue_signer: rogue.issue(&code).chain_pem(),
            authority,
            rogue,
        }
    }

    /// A station asks for a certificate.
    pub fn enrolment(&self, station: &str) -> Enrolment {
        let leaf = Leaf::station(station).organisation("Example CSO");
        let request = Request::new(&leaf);
        Enrolment {
            request: order("SignCertificate", json!({ "csr": request.pem() })),
            genuine: self.authority.sign(&request, &leaf).chain_pem(),
            other_key: self.authority.issue(&leaf).chain_pem(),
            other_name: self
                .authority
                .sign(&request, &Leaf::station("CS-9999").organisation("Example CSO"))
                .chain_pem(),
        }
    }

    /// A certificate for that station that nobody has asked for.
    pub fn unasked(&self, station: &str) -> String {
        self.rogue.issue(&Leaf::station(station).organisation("Example CSO")).chain_pem()
    }
}

fn fingerprint(der: &[u8]) -> String {
    Hash(Sha256::digest(der).into()).to_string()
}
