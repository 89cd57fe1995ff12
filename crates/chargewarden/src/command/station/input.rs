//! Secrets from standard input: never on the command line, where every process of the machine can read them.

use std::io::{BufRead, Read, stdin};

use anyhow::{Context, ensure};
use chargewarden_admin::control::SecretText;
use zeroize::Zeroizing;

/// Bytes of a secret that nobody could send are not read.
pub(super) const SECRET_BYTES_MAX: usize = chargewarden_proxy::handshake::SECRET_BYTES_MAX;

/// One line of standard input, without its end.
pub(super) fn secret_line(what: &str) -> anyhow::Result<SecretText> {
    let mut line = Zeroizing::new(String::new());
    // Two bytes more, for the end of the line.
    let limit = SECRET_BYTES_MAX as u64 + 2;
    stdin().lock().take(limit).read_line(&mut line).with_context(|| format!("{what} on standard input"))?;
    let text = line.trim_end_matches(['\n', '\r']);
    ensure!(!text.is_empty(), "{what}: standard input has no line for it");
    ensure!(text.len() <= SECRET_BYTES_MAX, "{what}: longer than {SECRET_BYTES_MAX} bytes");
    Ok(SecretText::new(text.to_owned()))
}
