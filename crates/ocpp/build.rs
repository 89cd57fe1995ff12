//! Turns the catalogue (`catalogue/*.ocpp`, notation in `catalogue/README.md`) into static tables.
//!
//! A mistake in the catalogue is a build error that names file and line.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a build script reads, writes and tells cargo"
)]

#[path = "build/emit.rs"]
mod emit;
#[path = "build/notation.rs"]
mod notation;
#[path = "build/refusal.rs"]
mod refusal;

use std::error::Error;
use std::path::Path;
use std::{env, fs};

/// The files, oldest version first; the order is that of `Version::ALL`.
const FILES: [&str; 3] = ["v16.ocpp", "v201.ocpp", "v21.ocpp"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=catalogue");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    let mut catalogues = Vec::new();
    for file in FILES {
        let text = fs::read_to_string(Path::new("catalogue").join(file))?;
        let catalogue = notation::parse(&text).and_then(|catalogue| {
            refusal::check(&catalogue)?;
            Ok(catalogue)
        });
        match catalogue {
            Ok(catalogue) => catalogues.push(catalogue),
            Err(problem) => {
                println!("cargo::error=catalogue/{file}:{}: {}", problem.line, problem.what);
                return Err(format!("catalogue/{file}:{}: {}", problem.line, problem.what).into());
            }
        }
    }
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("catalogue.rs"), emit::emit(&catalogues))?;
    Ok(())
}
