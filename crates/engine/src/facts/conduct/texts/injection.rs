//! What a database or a shell would obey. All texts are given in lower case.

use super::{Class, after_word, behind, ends_word};

/// Programs that nobody names by chance behind a semicolon or a bar.
const PROGRAMS: &[&str] = &[
    "adduser",
    "ash",
    "awk",
    "base64",
    "bash",
    "busybox",
    "cat",
    "chmod",
    "chown",
    "cmd",
    "cp",
    "crontab",
    "curl",
    "dash",
    "dd",
    "dropbear",
    "echo",
    "eval",
    "exec",
    "export",
    "ftpget",
    "halt",
    "id",
    "insmod",
    "iptables",
    "kill",
    "killall",
    "ls",
    "mkfifo",
    "mount",
    "mv",
    "nc",
    "ncat",
    "netcat",
    "nslookup",
    "passwd",
    "perl",
    "ping",
    "poweroff",
    "powershell",
    "printf",
    "ps",
    "python",
    "python3",
    "reboot",
    "rm",
    "scp",
    "sed",
    "sh",
    "shutdown",
    "sleep",
    "socat",
    "ssh",
    "su",
    "sudo",
    "telnet",
    "telnetd",
    "tftp",
    "touch",
    "uname",
    "useradd",
    "wget",
    "whoami",
    "xxd",
    "zsh",
];

/// Whether the text has a command that texts of its class do not need.
pub(super) fn is_in(class: Class, text: &str) -> bool {
    match class {
        Class::Name => breaks_out(text) || statement(text) || tautology(text) || shell(text) || climbs(text),
        Class::Address => statement(text) || substitutes(text) || runs_program(text),
        Class::Setting => {
            statement(text) || closes_and_tests(text) || substitutes(text) || runs_program(text)
        }
        // Free text names programs, quotes and dollars honestly.
        Class::Line | Class::Content | Class::Data => statement(text) || closes_and_tests(text),
        Class::Opaque => false,
    }
}

/// A quote, and behind it what goes on in a statement of SQL: for names, which rarely have quotes at all.
fn breaks_out(text: &str) -> bool {
    after_quotes(text).any(|rest| {
        rest.starts_with([';', '#', '='])
            || ["--", "/*", "||", "&&"].iter().any(|mark| rest.starts_with(mark))
            || after_word(
                rest,
                &["or", "and", "union", "having", "like", "order", "group", "limit", "select"],
            )
            .is_some_and(|rest| !rest.is_empty())
    })
}

/// The same for free text, where `the drivers' or owners' cards` is honest: the test has to be one, or the rest cut off.
fn closes_and_tests(text: &str) -> bool {
    after_quotes(text).any(|rest| {
        let tested = after_word(rest, &["or", "and", "||", "&&"]).is_some_and(compares);
        let united = after_word(rest, &["union"])
            .is_some_and(|rest| after_word(rest.trim_start(), &["select", "all", "distinct"]).is_some());
        let cut = matches!(rest.trim_end(), "--" | "#" | "/*" | "-- -" | "--+");
        tested || united || cut
    })
}

/// Whether what follows compares at once: `1=1`, `'a'='a`, `true --`.
fn compares(rest: &str) -> bool {
    let rest = rest.trim_start_matches([' ', '(']);
    let word = rest.trim_start_matches(|letter: char| letter.is_alphanumeric() || "'\"`_.".contains(letter));
    let word_length = rest.len() - word.len();
    let next = word.trim_start();
    (1..=32).contains(&word_length)
        && (next.starts_with(['=', '<', '>']) || next.starts_with("like ") || next.trim_end() == "--")
}

/// What follows each quote, blanks and closing brackets aside.
fn after_quotes(text: &str) -> impl Iterator<Item = &str> {
    ["'", "\"", "`"]
        .into_iter()
        .flat_map(move |quote| behind(text, quote))
        .map(|rest| rest.trim_start_matches([' ', '\t', ')', '+']))
}

/// A statement of SQL as nobody writes it in passing: two words behind a semicolon, or a union.
fn statement(text: &str) -> bool {
    const STATEMENTS: &[(&str, &[&str])] = &[
        ("alter", &["table", "user", "database", "role"]),
        ("create", &["table", "user", "database", "role", "function"]),
        ("delete", &["from"]),
        ("drop", &["table", "database", "schema", "user", "view", "index"]),
        ("exec", &["xp_cmdshell", "sp_executesql", "master"]),
        ("grant", &["all"]),
        ("insert", &["into"]),
        ("select", &["*", "pg_sleep", "sleep", "load_file", "version"]),
        ("truncate", &["table"]),
        ("waitfor", &["delay"]),
    ];
    behind(text, ";").any(|rest| {
        let rest = rest.trim_start();
        STATEMENTS.iter().any(|(verb, objects)| {
            after_word(rest, &[verb]).is_some_and(|rest| {
                let rest = rest.trim_start();
                objects.iter().any(|object| rest.starts_with(object))
            })
        })
    }) || unites(text)
}

/// `union select`, `union all select`.
fn unites(text: &str) -> bool {
    behind(text, "union").any(|rest| {
        let blanks = |rest: &str| rest.starts_with([' ', '\t', '\n', '/', '+', '(']);
        let skip = |rest: &'_ str| rest.trim_start_matches([' ', '\t', '\n', '/', '*', '+', '(']).len();
        let Some(next) = blanks(rest).then(|| rest.get(rest.len() - skip(rest)..)).flatten() else {
            return false;
        };
        let next = after_word(next, &["all", "distinct"]).map_or(next, str::trim_start);
        next.strip_prefix("select").is_some_and(ends_word)
    })
}

/// `1 or 1=1` without a quote.
fn tautology(text: &str) -> bool {
    [" or ", " and ", "||", "&&"].into_iter().flat_map(|word| behind(text, word)).any(|rest| {
        let Some((left, right)) = rest.split_once('=') else { return false };
        let right = right.trim_start();
        let end = right.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(right.len());
        let left = left.trim();
        !left.is_empty() && right.get(..end) == Some(left)
    })
}

/// Marks of a shell that no name has.
fn shell(text: &str) -> bool {
    substitutes(text)
        || runs_program(text)
        || text.contains("&&")
        || text.contains("||")
        || text.contains("$ifs")
        || behind(text, ">").any(|rest| rest.trim_start().starts_with('/'))
}

/// A command whose output takes its place.
fn substitutes(text: &str) -> bool {
    text.contains("$(") || text.matches('`').count() >= 2 || text.contains("<(")
}

/// A program behind what ends a command.
fn runs_program(text: &str) -> bool {
    // In an address `&` is between parts of a query.
    let ends = if text.contains("://") { [";", "|", "&&", "\n"] } else { [";", "|", "&", "\n"] };
    ends.iter().flat_map(|mark| behind(text, mark)).any(|rest| {
        let rest = rest.trim_start();
        let (path, name) = program(rest);
        let Some(after) = after_word(name, PROGRAMS) else { return false };
        // `?a=1&id=5`, `;ps=2`, `&cat.x`: parts of an address.
        let ended =
            after.is_empty() || after.starts_with([' ', '\t', ';', '|', '&', '$', '>', '<', '\n', '#', ')']);
        path || ended
    })
}

/// Whether a path stands before the name of the program: `/bin/sh`.
fn program(text: &str) -> (bool, &str) {
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && !"/._-".contains(letter));
    let word = text.get(..end.unwrap_or(text.len())).unwrap_or(text);
    match word.rfind('/') {
        Some(at) if text.starts_with(['/', '.']) => (true, text.get(at + 1..).unwrap_or_default()),
        Some(_) | None => (false, text),
    }
}

/// `../../etc`: a name that leaves its place.
fn climbs(text: &str) -> bool {
    text.contains("../") || text.contains("..\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(table: &[(&str, [bool; 4])]) {
        let classes = [Class::Name, Class::Address, Class::Setting, Class::Line];
        for (text, odd) in table {
            assert_eq!(&classes.map(|class| is_in(class, text)), odd, "{text:?}");
        }
    }

    #[test]
    fn what_a_database_obeys() {
        check(&[
            ("' or '1'='1", [true, false, true, true]),
            ("x' or 1=1 --", [true, false, true, true]),
            ("x') or ('a'='a", [true, false, true, true]),
            ("admin'--", [true, false, true, true]),
            ("'; drop table tokens; --", [true; 4]),
            ("1; delete from users", [true; 4]),
            ("1 union select password from users", [true; 4]),
            ("1/**/union/**/all select 1", [true; 4]),
            ("1 or 1=1", [true, false, false, false]),
            ("\" or \"\"=\"", [true, false, true, true]),
            // Honest.
            ("o'brien", [false; 4]),
            ("driver's card", [false; 4]),
            ("o'brien and sons", [false; 4]),
            ("drop; table 5; select your plug", [false; 4]),
            ("european union selects", [false; 4]),
            ("a=1", [false; 4]),
            ("v1.2--rc", [false; 4]),
            ("5' cable", [false; 4]),
        ]);
        assert!(!is_in(Class::Line, "the drivers' or owners' cards"));
        assert!(!is_in(Class::Line, "'ready' and waiting -- soon"));
    }

    #[test]
    fn what_a_shell_obeys() {
        check(&[
            ("`reboot`", [true, true, true, false]),
            ("$(reboot)", [true, true, true, false]),
            ("x; rm -rf /", [true, true, true, false]),
            ("x;reboot", [true, true, true, false]),
            ("x|sh", [true, true, true, false]),
            ("x | /bin/sh -c 1", [true, true, true, false]),
            ("x & telnetd -p 23", [true, true, true, false]),
            ("x && reboot", [true, true, true, false]),
            ("a && b", [true, false, false, false]),
            ("cat${ifs}/etc/passwd", [false; 4]),
            ("x;cat$ifs/etc/passwd", [true, true, true, false]),
            ("x > /etc/passwd", [true, false, false, false]),
            ("../../etc/passwd", [true, false, false, false]),
            // Honest.
            ("r&d", [false; 4]),
            ("at&t", [false; 4]),
            ("müller & co. kg", [false; 4]),
            ("mcu:1.2;secc:3.4", [false; 4]),
            ("a|b|c", [false; 4]),
            ("https://x.example/a?id=5&ps=1&cat=2;sh=3", [false; 4]),
            ("https://x.example/a?q=1&id", [false, false, false, false]),
            ("c:\\temp", [false; 4]),
            ("$5", [false; 4]),
            ("0.pool.ntp.org;1.pool.ntp.org", [false; 4]),
        ]);
    }
}
