//! Puts the shipped policy packs (`packs/` of the repository) into the program.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a build script reads, writes and tells cargo"
)]

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../../packs");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut code = String::from("/// Generated from `packs/`.\nstatic PACKS: &[Pack] = &[\n");
    for pack in sorted(&root)?.into_iter().filter(|path| path.is_dir()) {
        code.push_str(&format!("    Pack {{ name: {:?}, files: &[\n", name(&pack)));
        files(&pack, "", &mut code)?;
        code.push_str("    ] },\n");
    }
    code.push_str("];\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("packs.rs"), code)
}

fn files(folder: &Path, within: &str, code: &mut String) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for path in sorted(folder)? {
        let name = name(&path);
        // What the reader of directories skips, too.
        if name.starts_with('.') || name == "README.md" {
            continue;
        }
        let within = if within.is_empty() { name } else { format!("{within}/{name}") };
        if path.is_dir() {
            files(&path, &within, code)?;
        } else {
            println!("cargo::rerun-if-changed={}", path.display());
            let path = fs::canonicalize(&path)?;
            code.push_str(&format!(
                "        ({within:?}, include_str!({:?})),\n",
                path.display().to_string()
            ));
        }
    }
    Ok(())
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
