//! nginx, the yardstick: where it is, and how its configuration begins.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::process::{Cores, Half, Process};

/// nginx says nothing when it listens; when it does not by then, it has failed.
const START_WAIT: Duration = Duration::from_secs(60);

/// Starts nginx with one worker, no access log, room for so many stations, and one `server` block; waits until it listens on `port`.
pub(super) fn start(
    place: &Path,
    port: u16,
    server: &str,
    stations: usize,
    cores: &Cores,
) -> Result<Process> {
    let mut process = Process::start("nginx", &mut command(place, server, stations, cores)?)?;
    let begun = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        process.check()?;
        if begun.elapsed() > START_WAIT {
            bail!("nginx does not listen on port {port} after {START_WAIT:?}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(process)
}

/// A port nobody listens on. Another process could take it first; nginx then fails to start.
pub(super) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// As people put it before a WebSocket service: everything else as Debian's package and nginx's WebSocket guide have it.
pub(super) fn proxy_to(csms: u16) -> String {
    format!(
        "location / {{
            proxy_pass http://127.0.0.1:{csms};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection \"upgrade\";
            proxy_read_timeout 1h;
            proxy_send_timeout 1h;
            # The smallest that holds the answer's head: it is kept for the life of a connection.
            proxy_buffer_size 4k;
        }}"
    )
}

fn command(place: &Path, server: &str, stations: usize, cores: &Cores) -> Result<Command> {
    let nginx = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"]
        .map(Path::new)
        .into_iter()
        .find(|path| path.exists())
        .context("nginx is not installed (Debian: apt install nginx-light), or leave it out with --legs")?;
    let files = 2 * stations + 512;
    // nginx begins to drop connections that have not asked for anything yet when few slots are left.
    let connections = 3 * stations + 1_024;
    let prefix = place.display();
    let configuration = format!(
        "daemon off;
worker_processes 1;
worker_rlimit_nofile {files};
pid {prefix}/nginx.pid;
error_log {prefix}/error.log warn;
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    client_body_temp_path {prefix}/body;
    proxy_temp_path {prefix}/proxy;
    fastcgi_temp_path {prefix}/fastcgi;
    uwsgi_temp_path {prefix}/uwsgi;
    scgi_temp_path {prefix}/scgi;
    server {{
        {server}
    }}
}}
"
    );
    let file = place.join("nginx.conf");
    fs::write(&file, configuration)?;
    let check = Command::new(nginx).arg("-t").arg("-q").arg("-p").arg(place).arg("-c").arg(&file).status()?;
    ensure!(check.success(), "nginx does not accept our configuration");
    let mut command = cores.command(Half::Leg, nginx);
    command.arg("-p").arg(place).arg("-c").arg(file);
    Ok(command)
}
