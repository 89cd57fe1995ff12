//! The command's end of the control socket.

use std::{io, path::Path};

use chargewarden_admin::control::{
    Added, Control, Declined, Filter, ImportRequest, Imported, Kind, NewStation, PlaceRequest, PlacedView,
    QuarantineRequest, ReleaseRequest, Reloaded, RotateRequest, Rotated, StationEdit, StationView, Status,
};
use chargewarden_proxy::handshake::encode_segment;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde::{Serialize, de::DeserializeOwned};
use tokio::net::UnixStream;

/// Longest answer that is read, in bytes: a list of 50,000 stations.
const ANSWER_BYTES_MAX: usize = 128 * 1024 * 1024;

/// A service that answers on its socket. Each request is a connection of its own.
pub(super) struct Client {
    socket: std::path::PathBuf,
}

/// Why there is nobody to ask.
pub(super) enum NotThere {
    /// No socket, or one that nobody listens on any more: no service runs.
    Nobody,
    /// A socket that this user may not open, or another failure.
    Refused(io::Error),
}

impl Client {
    /// Finds out whether somebody listens.
    pub(super) async fn connect(socket: &Path) -> Result<Client, NotThere> {
        match UnixStream::connect(socket).await {
            Ok(_) => Ok(Client { socket: socket.to_owned() }),
            Err(error)
                if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) =>
            {
                Err(NotThere::Nobody)
            }
            Err(error) => Err(NotThere::Refused(error)),
        }
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str) -> Result<T, Declined> {
        self.send(method, path, Bytes::new()).await
    }

    async fn tell<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Declined> {
        let body = serde_json::to_vec(body).map_err(lost)?;
        self.send(method, path, body.into()).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<T, Declined> {
        let stream = UnixStream::connect(&self.socket).await.map_err(lost)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
        let connection = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(lost)?;
        let response = sender.send_request(request).await.map_err(lost)?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| Declined::new(Kind::Unavailable, "", error))?.to_bytes();
        connection.abort();
        if status == StatusCode::OK {
            return serde_json::from_slice(&body).map_err(lost);
        }
        // What is no answer of ours comes from a limit of the server itself.
        Err(serde_json::from_slice(&body).unwrap_or_else(|_| {
            let text = String::from_utf8_lossy(&body).trim().to_owned();
            Declined::new(Kind::Unavailable, "", format!("the service answered {status}: {text}"))
        }))
    }
}

fn lost(error: impl std::fmt::Display) -> Declined {
    Declined::new(Kind::Unavailable, "", format!("the service cannot be asked: {error}"))
}

fn station(id: &str, what: &str) -> String {
    format!("/stations/{}{what}", encode_segment(id))
}

impl Control for Client {
    async fn list(&self, filter: Filter) -> Result<Vec<StationView>, Declined> {
        let Filter { site, group, standing, profile, csms } = filter;
        let asked = [
            ("site", site),
            ("group", group),
            ("standing", standing.map(|standing| standing.name().to_owned())),
            ("profile", profile.map(|profile| profile.to_string())),
            ("csms", csms),
        ];
        let asked: Vec<String> = asked
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", encode_segment(&value?))))
            .collect();
        self.ask(Method::GET, &format!("/stations?{}", asked.join("&"))).await
    }

    async fn show(&self, id: String) -> Result<StationView, Declined> {
        self.ask(Method::GET, &station(&id, "")).await
    }

    async fn add(&self, _: String, new: NewStation) -> Result<Added, Declined> {
        self.tell(Method::POST, "/stations", &new).await
    }

    async fn change(&self, _: String, id: String, edit: StationEdit) -> Result<StationView, Declined> {
        self.tell(Method::PATCH, &station(&id, ""), &edit).await
    }

    async fn remove(&self, _: String, id: String) -> Result<(), Declined> {
        self.ask(Method::DELETE, &station(&id, "")).await
    }

    async fn rotate(&self, _: String, id: String, request: RotateRequest) -> Result<Rotated, Declined> {
        self.tell(Method::POST, &station(&id, "/rotate"), &request).await
    }

    async fn quarantine(
        &self,
        _: String,
        id: String,
        request: QuarantineRequest,
    ) -> Result<StationView, Declined> {
        self.tell(Method::POST, &station(&id, "/quarantine"), &request).await
    }

    async fn release(&self, _: String, id: String) -> Result<StationView, Declined> {
        self.ask(Method::POST, &station(&id, "/release")).await
    }

    async fn placed(&self) -> Result<Vec<PlacedView>, Declined> {
        self.ask(Method::GET, "/standings").await
    }

    async fn place(&self, _: String, request: PlaceRequest) -> Result<(), Declined> {
        self.tell(Method::POST, "/standings", &request).await
    }

    async fn release_placed(&self, _: String, request: ReleaseRequest) -> Result<(), Declined> {
        self.tell(Method::POST, "/standings/release", &request).await
    }

    async fn forgive(&self, _: String, id: String) -> Result<StationView, Declined> {
        self.ask(Method::POST, &station(&id, "/forgive")).await
    }

    async fn import(&self, _: String, request: ImportRequest) -> Result<Imported, Declined> {
        self.tell(Method::POST, "/import", &request).await
    }

    async fn reload(&self, _: String) -> Result<Reloaded, Declined> {
        self.ask(Method::POST, "/reload").await
    }

    async fn status(&self) -> Result<Status, Declined> {
        self.ask(Method::GET, "/status").await
    }
}
