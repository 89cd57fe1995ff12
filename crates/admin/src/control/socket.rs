//! The control socket: a file in the store directory that only its owner can open. Never a network address.

use std::{
    fs::{DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{extract::connect_info::Connected, serve::IncomingStream};
use thiserror::Error;
use tokio::{
    net::{UnixListener, UnixStream},
    sync::oneshot,
    task::JoinHandle,
};

use super::{Control, routes};

/// The name of the socket in the store directory.
pub const CONTROL_SOCKET: &str = "control.sock";

/// Connections at once: commands of people and of their scripts.
const CONNECTIONS_MAX: usize = 32;

/// Longest path of a Unix socket, in bytes: what Linux has room for, less the ending zero.
const PATH_BYTES_MAX: usize = 107;

/// Why the socket does not open.
#[derive(Debug, Error)]
pub enum SocketError {
    /// The path is too long for the system.
    #[error(
        "`{}` has more than {PATH_BYTES_MAX} bytes, the most a socket's path can have; choose a shorter `store.path`",
        .0.display()
    )]
    TooLong(PathBuf),
    /// Something else has the name.
    #[error("`{}` is there and is no socket; move it away", .0.display())]
    Taken(PathBuf),
    /// The system says no.
    #[error("cannot listen on `{}`: {source}", .path.display())]
    Listen {
        /// The socket.
        path: PathBuf,
        /// What it says.
        #[source]
        source: io::Error,
    },
}

/// A socket being served. Closed, and its file removed, when dropped.
#[derive(Debug)]
pub struct Socket {
    path: PathBuf,
    inode: Option<u64>,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Socket {
    /// Listens in `directory`, which the caller holds for itself: a socket left behind by a process that was killed is replaced.
    ///
    /// # Errors
    /// See [`SocketError`].
    pub fn open<C: Control>(directory: &Path, control: Arc<C>) -> Result<Socket, SocketError> {
        let path = directory.join(CONTROL_SOCKET);
        let listener = bind(directory, &path)?;
        let inode = std::fs::metadata(&path).ok().map(|found| found.ino());
        let owner = std::fs::metadata(&path).map_or(0, |found| found.uid());
        let router = routes::router(control);
        let (stop, stopped) = oneshot::channel::<()>();
        let listener =
            Door { listener, owner, places: Arc::new(tokio::sync::Semaphore::new(CONNECTIONS_MAX)) };
        let serving = tokio::spawn(async move {
            let service = router.into_make_service_with_connect_info::<Caller>();
            let server = axum::serve(listener, service).with_graceful_shutdown(async {
                let _ = stopped.await;
            });
            if let Err(error) = server.await {
                tracing::error!(%error, "the control socket ended");
            }
        });
        Ok(Socket { path, inode, stop: Some(stop), serving })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Closes it; what is under way is still answered. The file goes at once.
    pub async fn close(mut self) {
        /// A request that takes longer than this is not waited for.
        const LAST_ANSWERS: std::time::Duration = std::time::Duration::from_secs(5);
        self.remove();
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let _ = tokio::time::timeout(LAST_ANSWERS, &mut self.serving).await;
    }

    /// Removes the file, unless it is another's by now.
    fn remove(&mut self) {
        let ours = self.inode.take();
        if ours.is_some() && std::fs::metadata(&self.path).ok().map(|found| found.ino()) == ours {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.remove();
        self.serving.abort();
    }
}

/// Makes the socket where nobody else can reach it, and moves it to its place once its mode is right: at no moment can
/// anybody else connect. Moving replaces one that was left behind.
fn bind(directory: &Path, path: &Path) -> Result<UnixListener, SocketError> {
    let failed = |source| SocketError::Listen { path: path.to_owned(), source };
    let room = directory.join("control.new");
    let new = room.join("s");
    if path.as_os_str().len().max(new.as_os_str().len()) > PATH_BYTES_MAX {
        return Err(SocketError::TooLong(path.to_owned()));
    }
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => return Err(SocketError::Taken(path.to_owned())),
        Ok(_) | Err(_) => {}
    }
    // Left behind by a process that was killed in between.
    let _ = std::fs::remove_file(&new);
    let _ = std::fs::remove_dir(&room);
    DirBuilder::new().mode(0o700).create(&room).map_err(failed)?;
    let listener = UnixListener::bind(&new).map_err(failed)?;
    std::fs::set_permissions(&new, Permissions::from_mode(0o600)).map_err(failed)?;
    std::fs::rename(&new, path).map_err(failed)?;
    std::fs::remove_dir(&room).map_err(failed)?;
    Ok(listener)
}

/// Who is at the other end, as the system says.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    uid: Option<u32>,
}

impl Caller {
    /// As evidence keeps it: `control:NAME`, or the number where the machine's list of users has no name for it.
    pub(super) fn by(&self) -> String {
        match self.uid {
            Some(uid) => format!("control:{}", user_name(uid).unwrap_or_else(|| uid.to_string())),
            None => "control".to_owned(),
        }
    }
}

/// Who owns a place, as evidence would name them.
#[cfg(test)]
pub(super) fn name_of_owner(place: &Path) -> String {
    Caller { uid: std::fs::metadata(place).ok().map(|found| found.uid()) }.by()
}

/// The name of a user of this machine.
fn user_name(uid: u32) -> Option<String> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let number: u32 = fields.nth(1)?.parse().ok()?;
        (number == uid && !name.is_empty()).then(|| name.to_owned())
    })
}

/// The listener: lets in its owner and the superuser, so many at once.
struct Door {
    listener: UnixListener,
    owner: u32,
    places: Arc<tokio::sync::Semaphore>,
}

impl axum::serve::Listener for Door {
    type Io = Place;
    type Addr = Caller;

    async fn accept(&mut self) -> (Place, Caller) {
        loop {
            // Closed never.
            let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { continue };
            let (stream, _) = axum::serve::Listener::accept(&mut self.listener).await;
            let uid = stream.peer_cred().ok().map(|peer| peer.uid());
            // The file's mode lets nobody else in; should somebody loosen it, this still does not.
            if uid.is_none_or(|uid| uid == self.owner || uid == 0) {
                return (Place { stream, _place: place }, Caller { uid });
            }
            tracing::warn!(?uid, "a connection to the control socket by another user was refused");
        }
    }

    fn local_addr(&self) -> io::Result<Caller> {
        Ok(Caller { uid: Some(self.owner) })
    }
}

impl Connected<IncomingStream<'_, Door>> for Caller {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Caller {
        stream.remote_addr().clone()
    }
}

/// A connection and its place among [`CONNECTIONS_MAX`].
struct Place {
    stream: UnixStream,
    _place: tokio::sync::OwnedSemaphorePermit,
}

impl tokio::io::AsyncRead for Place {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl tokio::io::AsyncWrite for Place {
    fn poll_write(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &[u8],
    ) -> std::task::Poll<io::Result<usize>> {
        std::pin::Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
