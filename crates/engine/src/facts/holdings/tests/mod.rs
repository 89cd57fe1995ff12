//! Each doubt with a conversation that raises it and an honest twin that does not, in every version that has it. The scene
//! stores and reads the state after every message.

mod anchors;
mod fleet;
mod lists;
mod monitors;
mod outages;
mod repointing;
mod reservations;
mod settings;
mod software;
mod tunnels;

use chargewarden_ocpp::Version;

use super::scene::Scene;

/// Every version.
const ALL: [Version; 3] = [Version::V16, Version::V201, Version::V21];

/// Those with a device model.
const WITH_VARIABLES: [Version; 2] = [Version::V201, Version::V21];

/// Nothing is odd.
const NONE: [&str; 0] = [];
