//! A relay that copies bytes both ways: what moving them through one more process costs at least.

use std::io;
use std::net::Ipv4Addr;

use tokio::net::{TcpListener, TcpStream};

/// Bytes copied at a time, each way; a message of the bench fits twelve times.
const BUFFER: usize = 4_096;

pub(crate) async fn run(to: u16) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("listening {}", listener.local_addr()?.port());
    tokio::select! {
        end = crate::until_closed() => end,
        failure = accept(listener, to) => failure,
    }
}

async fn accept(listener: TcpListener, to: u16) -> io::Result<()> {
    loop {
        let (station, _) = listener.accept().await?;
        tokio::spawn(async move {
            if let Err(error) = relay(station, to).await {
                eprintln!("relay: a connection ended: {error}");
            }
        });
    }
}

async fn relay(mut station: TcpStream, to: u16) -> io::Result<()> {
    let mut csms = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await?;
    station.set_nodelay(true)?;
    csms.set_nodelay(true)?;
    tokio::io::copy_bidirectional_with_sizes(&mut station, &mut csms, BUFFER, BUFFER).await?;
    Ok(())
}
