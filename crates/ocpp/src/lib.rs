//! OCPP-J frames, strict JSON and the catalogue of all actions of 1.6, 2.0.1 and 2.1.
