use std::{
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use super::*;

/// Notes what it was asked, and does nothing.
#[derive(Default)]
struct Noted(Mutex<Vec<String>>);

impl Noted {
    fn note<T>(&self, asked: String, answer: Result<T, Declined>) -> Result<T, Declined> {
        self.0.lock().unwrap().push(asked);
        answer
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn unknown<T>(id: &str) -> Result<T, Declined> {
    Err(Declined::new(Kind::NotFound, "", format!("there is no station `{id}`")))
}

impl Control for Noted {
    async fn list(&self, filter: Filter) -> Result<Vec<StationView>, Declined> {
        self.note(format!("list {:?} {:?}", filter.site, filter.profile), Ok(Vec::new()))
    }
    async fn show(&self, id: String) -> Result<StationView, Declined> {
        self.note(format!("show {id}"), unknown(&id))
    }
    async fn add(&self, by: String, station: NewStation) -> Result<Added, Declined> {
        self.note(format!("{by} add {} {:?}", station.id, station.secret), unknown(&station.id))
    }
    async fn change(&self, by: String, id: String, edit: StationEdit) -> Result<StationView, Declined> {
        // Slow: whoever asks may have gone before it is done.
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.note(format!("{by} change {id} {:?}", edit.site), unknown(&id))
    }
    async fn remove(&self, by: String, id: String) -> Result<(), Declined> {
        self.note(format!("{by} remove {id}"), Ok(()))
    }
    async fn rotate(&self, by: String, id: String, request: RotateRequest) -> Result<Rotated, Declined> {
        self.note(format!("{by} rotate {id} {}", request.offline), unknown(&id))
    }
    async fn quarantine(
        &self,
        by: String,
        id: String,
        request: QuarantineRequest,
    ) -> Result<StationView, Declined> {
        self.note(format!("{by} quarantine {id} {}", request.reason), unknown(&id))
    }
    async fn release(&self, by: String, id: String) -> Result<StationView, Declined> {
        self.note(format!("{by} release {id}"), unknown(&id))
    }
    async fn placed(&self) -> Result<Vec<PlacedView>, Declined> {
        self.note("placed".to_owned(), Ok(Vec::new()))
    }
    async fn place(&self, by: String, request: PlaceRequest) -> Result<(), Declined> {
        self.note(format!("{by} place {} {}", request.whom, request.standing), Ok(()))
    }
    async fn release_placed(&self, by: String, request: ReleaseRequest) -> Result<(), Declined> {
        self.note(format!("{by} release {}", request.whom), Ok(()))
    }
    async fn forgive(&self, by: String, id: String) -> Result<StationView, Declined> {
        self.note(format!("{by} forgive {id}"), unknown(&id))
    }
    async fn import(&self, by: String, request: ImportRequest) -> Result<Imported, Declined> {
        self.note(format!("{by} import {}", request.text.len()), Ok(Imported::default()))
    }
    async fn reload(&self, by: String) -> Result<Reloaded, Declined> {
        self.note(format!("{by} reload"), Ok(Reloaded::default()))
    }
    async fn status(&self) -> Result<Status, Declined> {
        panic!("a defect")
    }
}

async fn asked(socket: &Path, method: &str, path: &str, body: &str) -> String {
    let mut stream = UnixStream::connect(socket).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.strip_prefix("HTTP/1.1 ").unwrap_or(&answer).to_owned()
}

#[tokio::test]
async fn every_route_reaches_its_errand() {
    let place = tempfile::tempdir().unwrap();
    let control = Arc::new(Noted::default());
    let socket = Socket::open(place.path(), Arc::clone(&control)).unwrap();
    let me = socket::name_of_owner(place.path());
    for (method, path, body, status, noted) in [
        ("GET", "/stations?site=a%20b&profile=2", "", "200", "list Some(\"a b\") Some(2)".to_owned()),
        ("GET", "/stations/a%7Cb", "", "404", "show a|b".to_owned()),
        (
            "POST",
            "/stations",
            r#"{"id":"CS-1","secret":"hunter2"}"#,
            "404",
            format!("{me} add CS-1 Some(SecretText(..))"),
        ),
        ("PATCH", "/stations/CS-1", r#"{"site":"x"}"#, "404", format!("{me} change CS-1 Some(\"x\")")),
        ("DELETE", "/stations/CS-1", "", "200", format!("{me} remove CS-1")),
        ("POST", "/stations/CS-1/rotate", r#"{"offline":true}"#, "404", format!("{me} rotate CS-1 true")),
        (
            "POST",
            "/stations/CS-1/quarantine",
            r#"{"reason":"odd"}"#,
            "404",
            format!("{me} quarantine CS-1 odd"),
        ),
        ("POST", "/stations/CS-1/release", "", "404", format!("{me} release CS-1")),
        ("POST", "/stations/CS-1/forgive", "", "404", format!("{me} forgive CS-1")),
        ("POST", "/import", r#"{"path":"/x","text":"abc"}"#, "200", format!("{me} import 3")),
        ("POST", "/reload", "", "200", format!("{me} reload")),
    ] {
        let answer = asked(socket.path(), method, path, body).await;
        assert!(answer.starts_with(status), "{method} {path}: {answer}");
        assert_eq!(control.taken(), [noted], "{method} {path}");
    }
    socket.close().await;
}

#[tokio::test]
async fn what_is_wrong_is_said_and_reaches_nobody() {
    let place = tempfile::tempdir().unwrap();
    let control = Arc::new(Noted::default());
    let socket = Socket::open(place.path(), Arc::clone(&control)).unwrap();
    let long = "x".repeat(BODY_BYTES_MAX + 1);
    let long = format!(r#"{{"id":"{long}"}}"#);
    for (method, path, body, status, told) in [
        ("GET", "/nothing", "", "404", "there is no GET /nothing"),
        ("PUT", "/stations", "", "405", ""),
        ("GET", "/stations?color=red", "", "422", "unknown field"),
        ("POST", "/stations", "{", "422", "EOF"),
        ("POST", "/stations", r#"{"id":"CS-1","hat":1}"#, "422", "unknown field `hat`"),
        ("POST", "/stations/CS-1/quarantine", "{}", "422", "missing field `reason`"),
        ("POST", "/stations", long.as_str(), "422", "length limit"),
        ("GET", "/stations/%ff", "", "422", "UTF-8"),
    ] {
        let answer = asked(socket.path(), method, path, body).await;
        assert!(answer.starts_with(status) && answer.contains(told), "{method} {path}: {answer}");
    }
    assert_eq!(control.taken(), [] as [String; 0]);
    // A defect is an answer, too, and the next request is served.
    assert!(asked(socket.path(), "GET", "/status", "").await.starts_with("500"));
    assert!(asked(socket.path(), "GET", "/stations", "").await.starts_with("200"));
}

#[tokio::test]
async fn what_was_begun_is_finished_when_nobody_waits() {
    let place = tempfile::tempdir().unwrap();
    let control = Arc::new(Noted::default());
    let socket = Socket::open(place.path(), Arc::clone(&control)).unwrap();
    let mut stream = UnixStream::connect(socket.path()).await.unwrap();
    let request = "PATCH /stations/CS-1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    stream.write_all(request.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    drop(stream);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(control.taken().len(), 1);
}

#[tokio::test]
async fn the_file_is_its_owners_alone() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join(CONTROL_SOCKET);
    let socket = Socket::open(place.path(), Arc::new(Noted::default())).unwrap();
    let found = std::fs::symlink_metadata(&path).unwrap();
    assert!(found.file_type().is_socket());
    assert_eq!(found.permissions().mode() & 0o777, 0o600);
    // A process that is killed leaves its socket: the next one takes the place.
    std::mem::forget(socket);
    let socket = Socket::open(place.path(), Arc::new(Noted::default())).unwrap();
    assert!(asked(&path, "GET", "/stations", "").await.starts_with("200"));
    socket.close().await;
    assert!(!path.exists());
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "nothing is left behind");

    std::fs::write(&path, "something else").unwrap();
    let error = Socket::open(place.path(), Arc::new(Noted::default())).unwrap_err();
    assert!(matches!(error, SocketError::Taken(_)), "{error}");
    let deep = place.path().join("x".repeat(100));
    std::fs::create_dir(&deep).unwrap();
    let error = Socket::open(&deep, Arc::new(Noted::default())).unwrap_err();
    assert!(matches!(error, SocketError::TooLong(_)), "{error}");
}
