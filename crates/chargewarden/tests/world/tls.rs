//! A gateway with a TLS listener, the authorities of its stations, and its files.

use std::path::Path;

use chargewarden::config::{Config, KeyPair, Listen, ListenTls};
use chargewarden_ocpp::Version;
use chargewarden_proxy::{KeyPairFiles, ListenerTls, TlsVersion};
use chargewarden_testkit::{
    pki::{Authority, Issued, Key, Leaf},
    station::Dial,
    tls::StationTls,
};

use super::World;

pub(crate) const ORGANISATION: &str = "Example CSO";

/// The authorities of servers and of stations, below the operator's root, and the files of a listener that trusts them.
pub(crate) struct Pki {
    pub(crate) servers: Authority,
    pub(crate) root: Authority,
    pub(crate) stations: Authority,
    folder: tempfile::TempDir,
}

impl Pki {
    /// Makes them and writes all that a listener needs; no certificate is revoked.
    pub(crate) fn new() -> Pki {
        let root = Authority::root("CSO root");
        let stations = root.intermediate("CSO stations");
        let pki =
            Pki { servers: Authority::root("Servers"), root, stations, folder: tempfile::tempdir().unwrap() };
        pki.renew_server();
        pki.root.write(pki.folder(), "root").unwrap();
        pki.root.crl(&[]).write(pki.folder(), "root").unwrap();
        pki.revoke(&[]);
        pki
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes new certificates of the gateway.
    pub(crate) fn renew_server(&self) {
        self.servers.issue_to(self.folder(), "ecdsa", &Leaf::server("localhost")).unwrap();
        self.servers.issue_to(self.folder(), "rsa", &Leaf::server("localhost").key(Key::Rsa2048)).unwrap();
    }

    /// Writes the list of revoked station certificates.
    pub(crate) fn revoke(&self, stations: &[&Issued]) {
        let serials: Vec<u64> = stations.iter().map(|issued| issued.serial()).collect();
        self.stations.crl(&serials).write(self.folder(), "stations").unwrap();
    }

    /// The certificate of a station.
    pub(crate) fn station(&self, id: &str) -> Issued {
        self.stations.issue(&Leaf::station(id).organisation(ORGANISATION))
    }

    /// TLS of a station without a certificate.
    pub(crate) fn anonymous(&self) -> StationTls {
        StationTls::trusting([self.servers.certificate()]).server_name("localhost")
    }

    /// TLS of a station with one.
    pub(crate) fn presenting(&self, issued: &Issued) -> StationTls {
        self.anonymous().presenting(issued)
    }

    /// The TLS of the listener, as configured.
    pub(crate) fn listen(&self) -> ListenTls {
        let file = |name: &str| self.folder().join(name);
        let pair =
            |name: &str| KeyPair { chain: file(&format!("{name}.pem")), key: file(&format!("{name}.key")) };
        ListenTls {
            certificates: vec![pair("ecdsa"), pair("rsa")],
            client_anchors: vec![file("root.pem")],
            crls: vec![file("root.crl"), file("stations.crl")],
            organisation: Some(ORGANISATION.to_owned()),
            ..ListenTls::default()
        }
    }

    /// The same, as read again while running.
    pub(crate) fn files(&self) -> ListenerTls {
        let tls = self.listen();
        ListenerTls {
            certificates: tls
                .certificates
                .into_iter()
                .map(|pair| KeyPairFiles { chain: pair.chain, key: pair.key })
                .collect(),
            client_anchors: tls.client_anchors,
            crls: tls.crls,
            organisation: tls.organisation,
            danger_without_revocation: false,
            min_version: TlsVersion::Tls12,
        }
    }

    /// A gateway with one listener, with TLS: `CS-1` and `CS-2` have security profile 3, `CS-3` has 2.
    pub(crate) async fn start(&self, change: impl FnOnce(&mut Config)) -> World {
        World::start_with(|config| {
            let address = "127.0.0.1:0".to_owned();
            config.listen = vec![Listen { address, tls: Some(self.listen()), ..Listen::default() }];
            for (station, profile) in config.inventory.stations.iter_mut().zip([3, 3, 2]) {
                station.profile = profile;
                if profile == 3 {
                    station.secret_hash = String::new();
                }
            }
            change(config);
        })
        .await
    }
}

/// How a station dials the gateway by TLS; without a password.
pub(crate) fn dial(world: &World, station: &str, tls: StationTls) -> Dial {
    let url = format!("wss://{}/ocpp", world.gateway.addresses().first());
    Dial::new(url, station, Version::V201).tls(tls)
}
