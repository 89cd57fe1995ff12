//! The configuration file: its form, its sources, its problems.
//!
//! Three steps, each complete before the next, so that every problem is reported at once: [`source`] lays environment over file
//! and reads what has the right form; [`resolve`] checks the values against each other and the files they name; what comes out
//! is a [`crate::Settings`] that nobody has to check again.

mod envelope;
mod form;
mod inventory;
mod listen;
mod policies;
mod problem;
mod resolve;
mod source;
mod upstream;
mod wait;

pub(crate) use envelope::{kilowatts, watts};
pub use form::{
    Admin, Config, Csms, CsmsTls, Inventory, KeyPair, Limits, Listen, ListenTls, Log, LogFormat, Party,
    Refusals, Site, StationEntry, Store, UpstreamEntry,
};
pub(crate) use inventory::{Around, station as check_station, stations as check_stations};
pub use inventory::{parse_inventory, read_inventory};
pub(crate) use policies::compile;
pub use policies::{BUILTIN_PREFIX, party_of, read_bundle, read_source, told};
pub use problem::{Problem, Problems};
pub use resolve::{Settings, Sink, load, resolve};
pub use source::{ENV_PREFIX, Effective, Origin, Sources, read_file, read_text};
pub(crate) use upstream::is_this_machine;
pub use wait::Wait;
