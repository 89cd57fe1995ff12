//! What is to stand in a certificate.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyUsagePurpose, SanType, SerialNumber,
};

use super::{DAY, Key, broken, seconds};

/// Extended key usages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// To authenticate as a TLS client.
    ClientAuth,
    /// To authenticate as a TLS server.
    ServerAuth,
    /// To sign code; good for neither end of TLS.
    CodeSigning,
    /// Any at all.
    Any,
}

/// What is to stand in an end-entity certificate. Starts ordinary; each method bends one thing.
#[derive(Clone, Debug)]
pub struct Leaf {
    pub(super) key: Key,
    names: Vec<String>,
    organisations: Vec<String>,
    alternatives: Vec<SanType>,
    from: SystemTime,
    until: SystemTime,
    usages: Vec<Usage>,
    key_usages: Vec<KeyUsagePurpose>,
    authority: bool,
    pub(super) serial: Option<u64>,
}

impl Leaf {
    /// A client certificate as a station has it: common name, clientAuth, ECDSA P-256, valid from yesterday for a year.
    pub fn station(id: &str) -> Leaf {
        Leaf::new(id, Usage::ClientAuth)
    }

    /// A server certificate for a host name or IP address, as common name and alternative name.
    ///
    /// # Panics
    ///
    /// When the host name is not ASCII.
    pub fn server(host: &str) -> Leaf {
        let leaf = Leaf::new(host, Usage::ServerAuth);
        match host.parse::<IpAddr>() {
            Ok(address) => leaf.ip(address),
            Err(_) => leaf.dns(host),
        }
    }

    fn new(name: &str, usage: Usage) -> Leaf {
        let now = SystemTime::now();
        Leaf {
            key: Key::default(),
            names: vec![name.to_owned()],
            organisations: Vec::new(),
            alternatives: Vec::new(),
            from: now - DAY,
            until: now + 365 * DAY,
            usages: vec![usage],
            key_usages: vec![KeyUsagePurpose::DigitalSignature],
            authority: false,
            serial: None,
        }
    }

    /// The kind of its key.
    #[must_use]
    pub fn key(mut self, key: Key) -> Leaf {
        self.key = key;
        self
    }

    /// Its common names in place of the one given before: none, one or two.
    ///
    /// # Panics
    ///
    /// With more than two, which cannot be written.
    #[must_use]
    pub fn common_names<const N: usize>(mut self, names: [&str; N]) -> Leaf {
        const { assert!(N <= 2, "no more than two common names can be written") };
        self.names = names.map(str::to_owned).to_vec();
        self
    }

    /// Its organisation (O).
    #[must_use]
    pub fn organisation(mut self, name: &str) -> Leaf {
        self.organisations = vec![name.to_owned()];
        self
    }

    /// Two organisations.
    #[must_use]
    pub fn organisations(mut self, first: &str, second: &str) -> Leaf {
        self.organisations = vec![first.to_owned(), second.to_owned()];
        self
    }

    /// One more subject alternative name: a DNS name, which need not be one.
    ///
    /// # Panics
    ///
    /// When it is not ASCII; so do [`Leaf::uri`] and [`Leaf::mail`].
    #[must_use]
    pub fn dns(mut self, name: &str) -> Leaf {
        self.alternatives.push(SanType::DnsName(name.try_into().unwrap_or_else(broken)));
        self
    }

    /// One more subject alternative name: a URI.
    #[must_use]
    pub fn uri(mut self, uri: &str) -> Leaf {
        self.alternatives.push(SanType::URI(uri.try_into().unwrap_or_else(broken)));
        self
    }

    /// One more subject alternative name: a mail address.
    #[must_use]
    pub fn mail(mut self, mail: &str) -> Leaf {
        self.alternatives.push(SanType::Rfc822Name(mail.try_into().unwrap_or_else(broken)));
        self
    }

    /// One more subject alternative name: an IP address.
    #[must_use]
    pub fn ip(mut self, address: IpAddr) -> Leaf {
        self.alternatives.push(SanType::IpAddress(address));
        self
    }

    /// Its validity, to the second.
    #[must_use]
    pub fn valid(mut self, from: SystemTime, until: SystemTime) -> Leaf {
        (self.from, self.until) = (from, until);
        self
    }

    /// Valid since yesterday, for as long as this from now on.
    #[must_use]
    pub fn valid_for(self, length: Duration) -> Leaf {
        let now = SystemTime::now();
        self.valid(now - DAY, now + length)
    }

    /// Expired yesterday.
    #[must_use]
    pub fn expired(self) -> Leaf {
        let now = SystemTime::now();
        self.valid(now - 30 * DAY, now - DAY)
    }

    /// Valid from tomorrow.
    #[must_use]
    pub fn not_yet_valid(self) -> Leaf {
        let now = SystemTime::now();
        self.valid(now + DAY, now + 30 * DAY)
    }

    /// Its extended key usages; none leaves the extension out.
    #[must_use]
    pub fn usages(mut self, usages: &[Usage]) -> Leaf {
        self.usages = usages.to_vec();
        self
    }

    /// A key that may encipher keys and not sign.
    #[must_use]
    pub fn without_signing(mut self) -> Leaf {
        self.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
        self
    }

    /// Marked as an authority (CA: TRUE).
    #[must_use]
    pub fn authority(mut self) -> Leaf {
        self.authority = true;
        self
    }

    /// Its serial number; by default one that this process gave to no other.
    #[must_use]
    pub fn serial(mut self, serial: u64) -> Leaf {
        self.serial = Some(serial);
        self
    }

    pub(super) fn parameters(&self, serial: u64) -> CertificateParams {
        let mut parameters = CertificateParams::default();
        parameters.not_before = seconds(self.from).into();
        parameters.not_after = seconds(self.until).into();
        parameters.serial_number = Some(serial_number(serial));
        parameters.subject_alt_names = self.alternatives.clone();
        parameters.distinguished_name = self.subject();
        parameters.is_ca = match self.authority {
            true => IsCa::Ca(BasicConstraints::Unconstrained),
            false => IsCa::ExplicitNoCa,
        };
        parameters.key_usages = self.key_usages.clone();
        if self.authority {
            parameters.key_usages.push(KeyUsagePurpose::KeyCertSign);
        }
        parameters.extended_key_usages = self.usages.iter().map(|usage| usage.purpose()).collect();
        parameters.use_authority_key_identifier_extension = true;
        parameters
    }

    fn subject(&self) -> DistinguishedName {
        let mut subject = DistinguishedName::new();
        // The library keeps one value per type; the same type spelled by its number takes the second.
        let organisation = [DnType::OrganizationName, DnType::CustomDnType(vec![2, 5, 4, 10])];
        let common_name = [DnType::CommonName, DnType::CustomDnType(vec![2, 5, 4, 3])];
        for (kind, value) in organisation.into_iter().zip(&self.organisations) {
            subject.push(kind, value.as_str());
        }
        for (kind, value) in common_name.into_iter().zip(&self.names) {
            subject.push(kind, value.as_str());
        }
        subject
    }
}

impl Usage {
    fn purpose(self) -> ExtendedKeyUsagePurpose {
        match self {
            Usage::ClientAuth => ExtendedKeyUsagePurpose::ClientAuth,
            Usage::ServerAuth => ExtendedKeyUsagePurpose::ServerAuth,
            Usage::CodeSigning => ExtendedKeyUsagePurpose::CodeSigning,
            Usage::Any => ExtendedKeyUsagePurpose::Any,
        }
    }
}

pub(super) fn serial_number(serial: u64) -> SerialNumber {
    SerialNumber::from_slice(&serial.to_be_bytes())
}
