//! Health, readiness and metrics; later the HTTP API and the console.
