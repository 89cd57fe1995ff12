//! `chargewarden station add`, `change` and `rotate`.

use std::path::PathBuf;

use chargewarden_admin::control::{
    Control, Declined, NewStation, RotateRequest, SecretText, StationEdit, UpstreamEdit,
};
use clap::Args;

use super::{input::secret_line, show};
use crate::{
    Exit,
    command::{
        control::{Errand, Which},
        say,
    },
    operations::Intent,
};

/// What is said of a station.
#[derive(Debug, Args)]
struct Fields {
    /// Its one security profile: 1 (secret without TLS), 2 (secret over TLS), 3 (certificate over TLS), 0 (nothing).
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=3))]
    profile: Option<u8>,
    /// Until when a station of profile 0 may connect: anybody who knows its id can be it.
    #[arg(long, value_name = "YYYY-MM-DD")]
    danger_unauthenticated_until: Option<String>,
    /// The versions it may speak, such as 1.6,2.0.1.
    #[arg(long, value_delimiter = ',', value_name = "VERSION,…")]
    versions: Option<Vec<String>>,
    /// The management system it is relayed to. May be left out when there is only one.
    #[arg(long, value_name = "NAME")]
    csms: Option<String>,
    /// The site it stands on.
    #[arg(long)]
    site: Option<String>,
    /// Its groups.
    #[arg(long = "group", value_delimiter = ',', value_name = "GROUP,…")]
    groups: Option<Vec<String>>,
    /// The part of the grid it is connected to.
    #[arg(long)]
    area: Option<String>,
    /// How many EVSEs (1.6: connectors) it has.
    #[arg(long, value_name = "NUMBER")]
    evses: Option<String>,
    /// Most that each of them carries.
    #[arg(long, value_name = "KW")]
    evse_max_kw: Option<String>,
    /// Most that it carries as a whole; all of its EVSEs together when left out.
    #[arg(long, value_name = "KW")]
    max_kw: Option<String>,
    /// The party that owns it; the first one when left out.
    #[arg(long, value_name = "PARTY")]
    owner: Option<String>,
    /// The parties with jurisdiction; all of them when left out.
    #[arg(long = "party", value_delimiter = ',', value_name = "PARTY,…")]
    parties: Option<Vec<String>>,
    /// The networks it may come from; any when left out.
    #[arg(long = "source", value_delimiter = ',', value_name = "NETWORK,…")]
    sources: Option<Vec<String>>,
    /// What it may do differently: any-user-name, no-subprotocol, hex-key.
    #[arg(long = "tolerance", value_delimiter = ',', value_name = "NAME,…")]
    tolerances: Option<Vec<String>>,
    /// The common name of its certificate, for profile 3; its id when left out.
    #[arg(long, value_name = "NAME")]
    certificate_name: Option<String>,
    /// Its own URL at the management system.
    #[arg(long, value_name = "URL")]
    csms_url: Option<String>,
    /// Its own name at the management system, instead of its id.
    #[arg(long, value_name = "NAME")]
    csms_identity: Option<String>,
    /// Its own user name at the management system.
    #[arg(long, value_name = "NAME")]
    csms_user: Option<String>,
    /// Read its own password at the management system from standard input, one line (after that of --secret-stdin). Kept sealed.
    #[arg(long)]
    csms_password_stdin: bool,
    /// File of our own certificate for it at the management system.
    #[arg(long, value_name = "FILE")]
    csms_certificate: Option<PathBuf>,
    /// File of its key.
    #[arg(long, value_name = "FILE")]
    csms_key: Option<PathBuf>,
}

impl Fields {
    fn edit(self, factory: Option<bool>) -> anyhow::Result<StationEdit> {
        let password =
            if self.csms_password_stdin { Some(secret_line("--csms-password-stdin")?) } else { None };
        Ok(StationEdit {
            profile: self.profile,
            unauthenticated_until: self.danger_unauthenticated_until,
            factory,
            certificate_name: self.certificate_name,
            versions: self.versions,
            csms: self.csms,
            site: self.site,
            groups: self.groups,
            area: self.area,
            evses: self.evses,
            evse_max_kw: self.evse_max_kw,
            max_kw: self.max_kw,
            owner: self.owner,
            parties: self.parties,
            sources: self.sources,
            tolerances: self.tolerances,
            upstream: UpstreamEdit {
                url: self.csms_url,
                identity: self.csms_identity,
                user: self.csms_user,
                password,
                certificate: self.csms_certificate.map(absolute),
                key: self.csms_key.map(absolute),
            },
        })
    }
}

/// A path that means the same to a service that runs elsewhere. An empty one takes the value away.
fn absolute(path: PathBuf) -> String {
    if path.as_os_str().is_empty() {
        return String::new();
    }
    std::path::absolute(&path).unwrap_or(path).to_string_lossy().into_owned()
}

/// Options of `station add`.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The id it dials in with.
    id: String,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    fields: Fields,
    /// Its secret is the one of the factory: it is only provisioned until that is replaced.
    #[arg(long)]
    factory: bool,
    /// Read its secret from standard input, one line, instead of making one.
    #[arg(long)]
    secret_stdin: bool,
}

impl Add {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let secret = if self.secret_stdin { Some(secret_line("--secret-stdin")?) } else { None };
        let with = self.fields.edit(self.factory.then_some(true))?;
        self.which.have(NewStation { id: self.id, with, secret })
    }
}

impl Errand for NewStation {
    const INTENT: Intent = Intent::Change;

    async fn run<C: Control>(self, control: &C, by: String, json: bool) -> Result<Exit, Declined> {
        let added = control.add(by, self).await?;
        if json {
            return show::print_json(&added);
        }
        let station = &added.station;
        eprintln!("added `{}`: profile {}, {}", station.id, station.profile, station.standing.name());
        print_secret(added.secret.as_ref());
        Ok(Exit::Ok)
    }
}

/// Options of `station change`.
#[derive(Debug, Args)]
pub(crate) struct Change {
    /// The station.
    id: String,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    fields: Fields,
    /// Whether its secret is the one of the factory.
    #[arg(long, value_name = "true|false")]
    factory: Option<bool>,
}

impl Change {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let edit = self.fields.edit(self.factory)?;
        self.which.have(Changed { id: self.id, edit })
    }
}

struct Changed {
    id: String,
    edit: StationEdit,
}

impl Errand for Changed {
    const INTENT: Intent = Intent::Change;

    async fn run<C: Control>(self, control: &C, by: String, json: bool) -> Result<Exit, Declined> {
        show::print(&control.change(by, self.id, self.edit).await?, json)
    }
}

/// Options of `station rotate`.
#[derive(Debug, Args)]
pub(crate) struct Rotate {
    /// The station.
    id: String,
    #[command(flatten)]
    which: Which,
    /// Replace it here alone: the station is not told, and has to be given the new secret by hand.
    #[arg(long)]
    offline: bool,
    /// With --offline: read the new secret from standard input, one line, instead of making one.
    #[arg(long, requires = "offline")]
    secret_stdin: bool,
    /// With --offline: the new secret is the factory's, too; the station is only provisioned until it is replaced.
    #[arg(long, requires = "offline")]
    factory: bool,
}

impl Rotate {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let secret = if self.secret_stdin { Some(secret_line("--secret-stdin")?) } else { None };
        let request = RotateRequest { offline: self.offline, secret, factory: self.factory };
        self.which.have(Rotation { id: self.id, request })
    }
}

struct Rotation {
    id: String,
    request: RotateRequest,
}

impl Errand for Rotation {
    const INTENT: Intent = Intent::Change;

    async fn run<C: Control>(self, control: &C, by: String, json: bool) -> Result<Exit, Declined> {
        let rotated = control.rotate(by, self.id, self.request).await?;
        if json {
            return show::print_json(&rotated);
        }
        eprintln!("`{}`: {}", rotated.station.id, rotated.outcome);
        print_secret(rotated.secret.as_ref());
        Ok(Exit::Ok)
    }
}

/// The one time that a secret is shown: alone on standard output, so that it can be piped.
fn print_secret(secret: Option<&SecretText>) {
    let Some(secret) = secret else { return };
    eprintln!("its secret follows, this one time: only a hash of it is stored");
    say(secret.expose());
}
