//! The inventory between its three forms: as people write it, as the store keeps it, as the proxy reads it; and how a file of it
//! is brought into the store.

mod entry;
mod import;
mod resolver;

pub(crate) use entry::{of_entry, to_entry};
pub(crate) use import::{Import, plan};
pub(crate) use resolver::resolver;
