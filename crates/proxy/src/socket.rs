//! A WebSocket of either side, as the session uses it.

use tokio_websockets::{CloseCode, Config, Limits, WebSocketStream};

use crate::{
    bounds::Bounds,
    transport::{Metered, Transport},
};

/// A WebSocket over a metered transport.
pub(crate) type Socket = WebSocketStream<Metered<Transport>>;

/// Frames are sent whole (a fragmented OCPP message trips stations) and flushed by the session, once per message.
pub(crate) fn config() -> Config {
    Config::default().frame_size(usize::MAX).flush_threshold(usize::MAX)
}

/// The longest payload; the library's default is 64 MiB.
pub(crate) fn limits(bounds: &Bounds) -> Limits {
    Limits::default().max_payload_len(Some(bounds.frame_bytes))
}

/// The code one side is closed with when the other closed with `code`. Codes that say something about the connection they came
/// on are not passed on, nor is any text.
pub(crate) fn mapped(code: Option<CloseCode>) -> CloseCode {
    match code {
        Some(CloseCode::NORMAL_CLOSURE) => CloseCode::NORMAL_CLOSURE,
        Some(CloseCode::SERVICE_RESTART) => CloseCode::SERVICE_RESTART,
        Some(CloseCode::SERVICE_OVERLOAD) => CloseCode::SERVICE_OVERLOAD,
        Some(_) | None => CloseCode::GOING_AWAY,
    }
}

/// A code from the engine; what is not a legal code to send becomes 1011.
pub(crate) fn code(number: u16) -> CloseCode {
    CloseCode::try_from(number)
        .ok()
        .filter(|code| !code.is_reserved())
        .unwrap_or(CloseCode::INTERNAL_SERVER_ERROR)
}
