//! The routes of the control socket. Each hands one request to [`Control`] and its answer back as JSON.

use std::{future::Future, sync::Arc};

use axum::{
    Json, Router,
    extract::{
        ConnectInfo, DefaultBodyLimit, FromRequest, FromRequestParts, Path, Query, Request, State,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Control, Declined, Filter, ImportRequest, Kind, NewStation, PlaceRequest, QuarantineRequest,
    ReleaseRequest, RotateRequest, StationEdit, socket::Caller,
};

/// Longest body of a request, in bytes: a station with many groups and networks has a few kilobytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// Longest inventory that is imported, in bytes: some 50,000 stations.
pub const IMPORT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// All routes.
pub(super) fn router<C: Control>(control: Arc<C>) -> Router {
    Router::new()
        .route("/status", get(status::<C>))
        .route("/reload", post(reload::<C>))
        .route("/standings", get(placed::<C>).post(place::<C>))
        .route("/standings/release", post(release_placed::<C>))
        .route("/stations", get(list::<C>).post(add::<C>))
        .route("/stations/{id}", get(show::<C>).patch(change::<C>).delete(remove::<C>))
        .route("/stations/{id}/rotate", post(rotate::<C>))
        .route("/stations/{id}/quarantine", post(quarantine::<C>))
        .route("/stations/{id}/release", post(release::<C>))
        .route("/stations/{id}/forgive", post(forgive::<C>))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .route("/import", post(import::<C>).layer(DefaultBodyLimit::max(IMPORT_BYTES_MAX)))
        .fallback(nothing)
        .with_state(control)
}

type Controlled<C> = State<Arc<C>>;
type By = ConnectInfo<Caller>;

async fn status<C: Control>(State(control): Controlled<C>) -> Response {
    answer(async move { control.status().await }).await
}

async fn reload<C: Control>(State(control): Controlled<C>, ConnectInfo(caller): By) -> Response {
    answer(async move { control.reload(caller.by()).await }).await
}

async fn list<C: Control>(State(control): Controlled<C>, Asked(filter): Asked<Filter>) -> Response {
    answer(async move { control.list(filter).await }).await
}

async fn add<C: Control>(
    State(control): Controlled<C>,
    ConnectInfo(caller): By,
    Body(station): Body<NewStation>,
) -> Response {
    answer(async move { control.add(caller.by(), station).await }).await
}

async fn show<C: Control>(State(control): Controlled<C>, Id(id): Id) -> Response {
    answer(async move { control.show(id).await }).await
}

async fn change<C: Control>(
    State(control): Controlled<C>,
    ConnectInfo(caller): By,
    Id(id): Id,
    Body(edit): Body<StationEdit>,
) -> Response {
    answer(async move { control.change(caller.by(), id, edit).await }).await
}

async fn remove<C: Control>(State(control): Controlled<C>, ConnectInfo(caller): By, Id(id): Id) -> Response {
    answer(async move { control.remove(caller.by(), id).await }).await
}

async fn rotate<C: Control>(
    State(control): Controlled<C>,
    ConnectInfo(caller): By,
    Id(id): Id,
    Body(request): Body<RotateRequest>,
) -> Response {
    answer(async move { control.rotate(caller.by(), id, request).await }).await
}

async fn quarantine<C: Control>(
    State(control): Controlled<C>,
    ConnectInfo(caller): By,
    Id(id): Id,
    Body(request): Body<QuarantineRequest>,
) -> Response {
    answer(async move { control.quarantine(caller.by(), id, request).await }).await
}

async fn release<C: Control>(State(control): Controlled<C>, ConnectInfo(caller): By, Id(id): Id) -> Response {
    answer(async move { control.release(caller.by(), id).await }).await
}

async fn forgive<C: Control>(State(control): Controlled<C>, ConnectInfo(caller): By, Id(id): Id) -> Response {
    answer(async move { control.forgive(caller.by(), id).await }).await
}

async fn placed<C: Control>(State(control): Controlled<C>) -> Response {
    answer(async move { control.placed().await }).await
}

async fn place<C: Control>(
    State(control): Controlled<C>,
    ConnectInfo(caller): By,
    Body(request): Body<PlaceRequest>,
) -> Response {
    answer(async move { control.place(caller.by(), request).await }).await
}

async fn release_placed<C: Control>(
    State(control): Controlled<C>,
    ConnectInfo(caller): By,
    Body(request): Body<ReleaseRequest>,
) -> Response {
    answer(async move { control.release_placed(caller.by(), request).await }).await
}

async fn import<C: Control>(
    State(control): Controlled<C>,
    ConnectInfo(caller): By,
    Body(request): Body<ImportRequest>,
) -> Response {
    answer(async move { control.import(caller.by(), request).await }).await
}

async fn nothing(request: Request) -> Response {
    let what = format!("there is no {} {}", request.method(), request.uri().path());
    Declined::new(Kind::NotFound, "", what).into_response()
}

/// Does the work in a task of its own: it is finished also when whoever asked hangs up.
async fn answer<T: Serialize + Send + 'static>(
    work: impl Future<Output = Result<T, Declined>> + Send + 'static,
) -> Response {
    match tokio::spawn(work).await {
        Ok(Ok(value)) => Json(value).into_response(),
        Ok(Err(declined)) => declined.into_response(),
        Err(error) => {
            tracing::error!(%error, "a request to the control socket failed");
            let declined = Declined::new(Kind::Unavailable, "", "it failed; see the log of the service");
            (StatusCode::INTERNAL_SERVER_ERROR, Json(declined)).into_response()
        }
    }
}

/// The id in a path.
struct Id(String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Declined;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, state: &S) -> Result<Id, Declined> {
        Path::<String>::from_request_parts(parts, state)
            .await
            .map(|Path(id)| Id(id))
            .map_err(|problem: PathRejection| Declined::new(Kind::Invalid, "id", problem))
    }
}

/// The query of a URL.
struct Asked<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Declined;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &S,
    ) -> Result<Asked<T>, Declined> {
        Query::<T>::from_request_parts(parts, state)
            .await
            .map(|Query(value)| Asked(value))
            .map_err(|problem: QueryRejection| Declined::new(Kind::Invalid, "", problem.body_text()))
    }
}

/// A body of JSON.
struct Body<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Declined;

    async fn from_request(request: Request, state: &S) -> Result<Body<T>, Declined> {
        Json::<T>::from_request(request, state)
            .await
            .map(|Json(value)| Body(value))
            .map_err(|problem: JsonRejection| Declined::new(Kind::Invalid, "", problem.body_text()))
    }
}
