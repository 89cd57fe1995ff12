//! What people may have a service do from the machine it runs on: stations, reload, status.
//!
//! [`Control`] is the list of it. The running service offers it over a Unix socket ([`Socket`]); a command that finds no service
//! does the same by itself. Who can open the socket file may do all of it: the file's mode is the sign-in.

mod declined;
mod placement;
mod routes;
mod secret_text;
mod socket;
mod station;
mod status;
#[cfg(test)]
mod tests;

use std::future::Future;

pub use declined::{Declined, Fault, Kind};
pub use placement::{PlaceRequest, PlacedView, ReleaseRequest};
pub use routes::{BODY_BYTES_MAX, IMPORT_BYTES_MAX};
pub use secret_text::SecretText;
pub use socket::{CONTROL_SOCKET, Socket, SocketError};
pub use station::{
    Added, Connected, Filter, ImportRequest, Imported, NewStation, PlannedChange, QuarantineRequest,
    RotateRequest, Rotated, Standing, StationEdit, StationMarks, StationView, UpstreamEdit, UpstreamView,
};
pub use status::{Reloaded, RestartNeeded, Status};

/// What can be asked. `by` is who asks, as evidence keeps it.
///
/// Each of them is done whole or not at all, whether or not anybody waits for the answer.
pub trait Control: Send + Sync + 'static {
    /// The stations that fit, by id.
    fn list(&self, filter: Filter) -> impl Future<Output = Result<Vec<StationView>, Declined>> + Send;
    /// All about a station but its secrets.
    fn show(&self, id: String) -> impl Future<Output = Result<StationView, Declined>> + Send;
    /// Adds a station; without a secret given, one is made and returned, this one time.
    fn add(&self, by: String, station: NewStation) -> impl Future<Output = Result<Added, Declined>> + Send;
    /// Changes what is said.
    fn change(
        &self,
        by: String,
        id: String,
        edit: StationEdit,
    ) -> impl Future<Output = Result<StationView, Declined>> + Send;
    /// Removes a station and what is remembered of it.
    fn remove(&self, by: String, id: String) -> impl Future<Output = Result<(), Declined>> + Send;
    /// Replaces a station's secret.
    fn rotate(
        &self,
        by: String,
        id: String,
        request: RotateRequest,
    ) -> impl Future<Output = Result<Rotated, Declined>> + Send;
    /// Sets a station apart.
    fn quarantine(
        &self,
        by: String,
        id: String,
        request: QuarantineRequest,
    ) -> impl Future<Output = Result<StationView, Declined>> + Send;
    /// Ends that.
    fn release(&self, by: String, id: String) -> impl Future<Output = Result<StationView, Declined>> + Send;
    /// Whoever does not stand as usual.
    fn placed(&self) -> impl Future<Output = Result<Vec<PlacedView>, Declined>> + Send;
    /// Sets somebody apart, or has them watched.
    fn place(&self, by: String, request: PlaceRequest) -> impl Future<Output = Result<(), Declined>> + Send;
    /// Ends that.
    fn release_placed(
        &self,
        by: String,
        request: ReleaseRequest,
    ) -> impl Future<Output = Result<(), Declined>> + Send;
    /// Forgets what admissions taught about a station, so that it may come with less than it once had (requirement R-A03).
    fn forgive(&self, by: String, id: String) -> impl Future<Output = Result<StationView, Declined>> + Send;
    /// Takes over an inventory file, or says what that would do.
    fn import(
        &self,
        by: String,
        request: ImportRequest,
    ) -> impl Future<Output = Result<Imported, Declined>> + Send;
    /// Reads the configuration and the files it names again.
    fn reload(&self, by: String) -> impl Future<Output = Result<Reloaded, Declined>> + Send;
    /// How the service is.
    fn status(&self) -> impl Future<Output = Result<Status, Declined>> + Send;
}
