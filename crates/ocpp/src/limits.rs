//! Bounds on what one frame may cost.

/// Bounds that hold before and while a frame is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole frame.
    pub frame_bytes: usize,
    /// Nesting of arrays and objects, the frame's own array included; never more than [`Limits::DEPTH_MAX`].
    pub depth: usize,
    /// Values and free member names in the payload.
    pub tokens: usize,
}

impl Limits {
    /// Bytes; four times the largest message seen from stations (a full `NotifyReport`, 32 KiB).
    pub const FRAME_BYTES: usize = 131_072;
    /// Levels; the deepest message of the catalogue has 14 (held by a test of this crate), two more are for
    /// what vendors put into `customData`.
    pub const DEPTH: usize = 16;
    /// Values; a frame of the greatest length made of `{"a":1},` has about as many.
    pub const TOKENS: usize = 16_384;
    /// The reader recurses once per level; more than this is never granted, whatever is configured.
    pub const DEPTH_MAX: usize = 64;
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { frame_bytes: Limits::FRAME_BYTES, depth: Limits::DEPTH, tokens: Limits::TOKENS }
    }
}
