//! A management system that answers every call at once and remembers nothing.

use std::io;
use std::net::Ipv4Addr;

use futures_util::{SinkExt, StreamExt};
use http::HeaderValue;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio::net::{TcpListener, TcpStream};
use tokio_websockets::{Error, Message, ServerBuilder};

/// Longer than any bench, in seconds: idle stations are to stay idle. A gateway may refuse more than 4 h.
const HEARTBEAT_S: u32 = 14_400;

pub(crate) async fn run() -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("listening {}", listener.local_addr()?.port());
    tokio::select! {
        end = crate::until_closed() => end,
        failure = accept(listener) => failure,
    }
}

async fn accept(listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            if let Err(error) = serve(stream).await {
                eprintln!("csms: a session ended: {error}");
            }
        });
    }
}

async fn serve(stream: TcpStream) -> Result<(), Error> {
    let subprotocol = HeaderValue::from_static("ocpp1.6");
    let server = ServerBuilder::new().add_header(SEC_WEBSOCKET_PROTOCOL, subprotocol)?;
    let (_request, mut socket) = server.accept(stream).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        let Some(text) = message.as_text() else { continue };
        let Some(id) = text.split('"').nth(1) else { continue };
        let answer = if text.contains("\"BootNotification\"") {
            let now = crate::now();
            format!(
                "[3,\"{id}\",{{\"status\":\"Accepted\",\"currentTime\":\"{now}\",\"interval\":{HEARTBEAT_S}}}]"
            )
        } else {
            format!("[3,\"{id}\",{{}}]")
        };
        socket.send(Message::text(answer)).await?;
    }
    Ok(())
}
