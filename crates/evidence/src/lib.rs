//! Tamper-evident records: canonical bytes, Merkle log, checkpoints, verifier.
