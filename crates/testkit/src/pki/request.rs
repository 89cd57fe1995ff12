//! Signing requests, and certificates for their keys.

use rcgen::KeyPair;

use super::{Authority, Issued, Leaf, broken};

/// A certificate signing request (PKCS#10) with the key behind it.
pub struct Request {
    pem: String,
    key: KeyPair,
}

impl Request {
    /// A request for what stands in the leaf, with a new key.
    #[must_use]
    pub fn new(leaf: &Leaf) -> Request {
        let key = leaf.key.generate();
        let mut parameters = leaf.parameters(0);
        // A request names no serial number and no issuer.
        parameters.serial_number = None;
        parameters.use_authority_key_identifier_extension = false;
        let request = parameters.serialize_request(&key).unwrap_or_else(broken);
        Request { pem: request.pem().unwrap_or_else(broken), key }
    }

    /// The request in PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    pub(super) fn key(&self) -> &KeyPair {
        &self.key
    }
}

impl Authority {
    /// Issues a certificate for the key of a request; what stands in it is what the leaf says.
    #[must_use]
    pub fn sign(&self, request: &Request, leaf: &Leaf) -> Issued {
        self.issue_for(leaf, request.key())
    }
}
