//! nginx as people put it before a WebSocket service.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::process::{Cores, Half};

/// One worker, no access log, everything else as Debian's package and nginx's WebSocket guide have it.
pub(super) fn command(place: &Path, port: u16, csms: u16, stations: usize, cores: &Cores) -> Result<Command> {
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
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://127.0.0.1:{csms};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection \"upgrade\";
            proxy_read_timeout 1h;
            proxy_send_timeout 1h;
            # The smallest that holds the answer's head: it is kept for the life of a connection.
            proxy_buffer_size 4k;
        }}
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
