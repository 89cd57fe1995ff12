use super::{URL_MAX, looks_like, looks_like_host, read};

/// What is kept of a URL, on one line.
fn told(text: &str) -> String {
    let url = read(text);
    let mut told = if url.readable {
        format!("{} {} {} {}", url.scheme, url.host, url.port, url.path)
    } else {
        "unreadable".to_owned()
    };
    let flags = [(url.credentials, "credentials"), (url.private, "private"), (url.suspicious, "suspicious")];
    for (_, name) in flags.iter().filter(|(set, _)| *set) {
        told.push_str(" +");
        told.push_str(name);
    }
    told
}

const CASES: &[(&str, &str)] = &[
    // What operators send on a good day.
    ("https://fw.example.com/a.bin", "https fw.example.com 443 /a.bin"),
    ("HTTPS://FW.Example.COM/A.bin", "https fw.example.com 443 /A.bin"),
    ("http://fw.example.com", "http fw.example.com 80 /"),
    ("ws://csms.example.com/ocpp", "ws csms.example.com 80 /ocpp"),
    ("wss://csms.example.com:9443/ocpp", "wss csms.example.com 9443 /ocpp"),
    ("wss://csms.example.com:443/ocpp", "wss csms.example.com 443 /ocpp"),
    ("ftp://logs.example.com/in/", "ftp logs.example.com 21 /in/"),
    ("ftps://logs.example.com/in/", "ftps logs.example.com 990 /in/"),
    ("sftp://logs.example.com/in/", "sftp logs.example.com 22 /in/"),
    ("SFTP://LOGS.example.com:2222/in/", "sftp logs.example.com 2222 /in/"),
    ("tftp://logs.example.com/in", "tftp logs.example.com 69 /in"),
    ("x-vendor://logs.example.com/in", "x-vendor logs.example.com 0 /in"),
    ("https://fw.example.com/a%20b.bin", "https fw.example.com 443 /a%20b.bin"),
    ("https://fw.example.com/a.bin?v=1", "https fw.example.com 443 /a.bin"),
    ("https://s3.example.com/b/k?X-Sig=a%2Fb&X-Date=20260101", "https s3.example.com 443 /b/k"),
    ("https://a-b.c-d.example.com/x", "https a-b.c-d.example.com 443 /x"),
    ("https://fw_1.example.com/x", "https fw_1.example.com 443 /x"),
    ("https://8.8.8.8/x", "https 8.8.8.8 443 /x"),
    ("https://[2a00:1450::1]/x", "https [2a00:1450::1] 443 /x"),
    ("https://[2a00:1450::1]:8443/x", "https [2a00:1450::1] 8443 /x"),
    ("https://fw.example.com/a//b", "https fw.example.com 443 /a//b"),
    // Credentials.
    ("ftp://user:pw@logs.example.com/in", "ftp logs.example.com 21 /in +credentials"),
    ("ftp://user@logs.example.com/in", "ftp logs.example.com 21 /in +credentials"),
    ("sftp://u:p@logs.example.com:22/in", "sftp logs.example.com 22 /in +credentials"),
    ("ftp://@logs.example.com/in", "ftp logs.example.com 21 /in +credentials +suspicious"),
    ("ftp://u:$x@logs.example.com/", "ftp logs.example.com 21 / +credentials +suspicious"),
    // Two readers, two hosts.
    ("https://good.example@evil.example/", "https evil.example 443 / +credentials"),
    ("https://good.example:443@evil.example/", "https evil.example 443 / +credentials"),
    ("https://a@b@evil.example/", "unreadable +credentials +suspicious"),
    ("https://good.example\\@evil.example/", "unreadable +credentials +suspicious"),
    ("https://good.example#@evil.example/", "unreadable +credentials +suspicious"),
    ("https://good.example?@evil.example/", "unreadable +credentials +suspicious"),
    ("https://good.example\\.evil.example/", "unreadable +suspicious"),
    ("https:\\\\evil.example/", "unreadable +suspicious"),
    ("https:/evil.example/", "unreadable +suspicious"),
    ("https:evil.example/", "unreadable +suspicious"),
    ("https:///evil.example/", "unreadable +suspicious"),
    ("https:////evil.example/", "unreadable +suspicious"),
    ("//evil.example/", "unreadable +suspicious"),
    ("https://good.example/x@evil.example/", "https good.example 443 /x@evil.example/ +suspicious"),
    ("https://good.example/?u=http://evil.example/", "https good.example 443 / +suspicious"),
    ("https://good.example/?a@evil.example", "https good.example 443 / +suspicious"),
    ("https://good.example:80:81/", "unreadable +suspicious"),
    ("https://good.example:80evil/", "unreadable +suspicious"),
    ("https://good%2eexample/", "unreadable +suspicious"),
    ("https://good.example%00.evil.example/", "unreadable +suspicious"),
    ("https://good.example%2f@evil.example/", "https evil.example 443 / +credentials"),
    ("ht\ttps://good.example/", "unreadable +suspicious"),
    ("https://go\nod.example/", "unreadable +suspicious"),
    ("https://good.example/\r\nHost: evil", "unreadable +suspicious"),
    (" https://good.example/", "unreadable +suspicious"),
    ("https://good.example/ ", "unreadable +suspicious"),
    ("https://good.example/a b", "unreadable +suspicious"),
    ("https://good.example/\u{a0}", "unreadable +suspicious"),
    ("https://good.example/\u{0}", "unreadable +suspicious"),
    ("\u{feff}https://good.example/", "unreadable +suspicious"),
    ("-o https://good.example/", "unreadable +suspicious"),
    ("https://-oProxyCommand=x/", "unreadable +suspicious"),
    ("ssh://-oProxyCommand/", "unreadable +suspicious"),
    // Not URLs with a host.
    ("", "unreadable +suspicious"),
    ("csms.example.com", "unreadable +suspicious"),
    ("csms.example.com:9000/x", "unreadable +suspicious"),
    ("/etc/passwd", "unreadable +suspicious"),
    ("file:///etc/passwd", "unreadable +suspicious"),
    ("file://host.example.com/x", "file host.example.com 0 /x"),
    ("javascript:alert(1)", "unreadable +suspicious"),
    ("data:text/plain,x", "unreadable +suspicious"),
    ("https://", "unreadable +suspicious"),
    ("https://:443/", "unreadable +suspicious"),
    ("https://user@/", "unreadable +credentials +suspicious"),
    ("https://..example.com/", "unreadable +suspicious"),
    ("https://a..example.com/", "unreadable +suspicious"),
    ("1https://a.example.com/", "unreadable +suspicious"),
    ("https://a.example.com:65536/", "unreadable +suspicious"),
    ("https://[::1/", "unreadable +suspicious"),
    ("https://[::1]x/", "unreadable +suspicious"),
    ("https://[fe80::1%25eth0]/", "unreadable +suspicious"),
    ("https://[v1.x]/", "unreadable +suspicious"),
    // Odd ports.
    ("https://a.example.com:/x", "https a.example.com 443 /x +suspicious"),
    ("https://a.example.com:0/x", "https a.example.com 0 /x +suspicious"),
    ("https://a.example.com:0443/x", "https a.example.com 443 /x +suspicious"),
    // Shells and logs.
    ("ftp://logs.example.com/`curl x|sh`", "unreadable +suspicious"),
    ("ftp://logs.example.com/`id`", "ftp logs.example.com 21 /`id` +suspicious"),
    ("https://logs.example.com/$(reboot)", "https logs.example.com 443 /$(reboot) +suspicious"),
    ("https://logs.example.com/${IFS}x", "https logs.example.com 443 /${IFS}x +suspicious"),
    ("https://logs.example.com/a;reboot", "https logs.example.com 443 /a;reboot +suspicious"),
    ("https://logs.example.com/a|sh", "https logs.example.com 443 /a|sh +suspicious"),
    ("https://logs.example.com/a&reboot", "https logs.example.com 443 /a&reboot +suspicious"),
    ("https://logs.example.com/a?b=1&reboot", "https logs.example.com 443 /a +suspicious"),
    ("https://logs.example.com/a>x", "https logs.example.com 443 /a>x +suspicious"),
    ("https://logs.example.com/<script>", "https logs.example.com 443 /<script> +suspicious"),
    ("https://logs.example.com/a'b", "https logs.example.com 443 /a'b +suspicious"),
    ("https://logs.example.com/a\"b", "https logs.example.com 443 /a\"b +suspicious"),
    ("https://logs.example.com/a\\b", "https logs.example.com 443 /a\\b +suspicious"),
    ("https://logs.example.com/a#b", "https logs.example.com 443 /a +suspicious"),
    ("https://logs.example.com#b", "https logs.example.com 443 / +suspicious"),
    ("https://logs.example.com/\u{e9}", "https logs.example.com 443 /\u{e9} +suspicious"),
    ("https://logs.example.com;reboot/", "unreadable +suspicious"),
    ("https://$(reboot).example.com/", "unreadable +suspicious"),
    // The same behind percent signs, and traversal.
    ("https://a.example.com/%60id%60", "https a.example.com 443 /%60id%60 +suspicious"),
    ("https://a.example.com/%24x", "https a.example.com 443 /%24x +suspicious"),
    ("https://a.example.com/%0d%0aX", "https a.example.com 443 /%0d%0aX +suspicious"),
    ("https://a.example.com/%00", "https a.example.com 443 /%00 +suspicious"),
    ("https://a.example.com/%252e", "https a.example.com 443 /%252e +suspicious"),
    ("https://a.example.com/%2e%2e/x", "https a.example.com 443 /%2e%2e/x +suspicious"),
    ("https://a.example.com/a%2fb", "https a.example.com 443 /a%2fb +suspicious"),
    ("https://a.example.com/../x", "https a.example.com 443 /../x +suspicious"),
    ("https://a.example.com/%zz", "https a.example.com 443 /%zz +suspicious"),
    ("https://a.example.com/%2", "https a.example.com 443 /%2 +suspicious"),
    ("https://a.example.com/x?y=%0a", "https a.example.com 443 /x +suspicious"),
    // Names that are not public, or look like others.
    ("http://localhost/x", "http localhost 80 /x +private"),
    ("http://LOCALHOST:8080/x", "http localhost 8080 /x +private"),
    ("http://a.localhost/x", "http a.localhost 80 /x +private"),
    ("http://printer.local/x", "http printer.local 80 /x +private"),
    ("http://metadata.google.internal/x", "http metadata.google.internal 80 /x +private"),
    ("http://nas/x", "http nas 80 /x +private"),
    ("http://router.lan/x", "http router.lan 80 /x +private"),
    ("http://box.home.arpa/x", "http box.home.arpa 80 /x +private"),
    ("http://127.0.0.1.nip.io/x", "http 127.0.0.1.nip.io 80 /x +private"),
    ("http://notlocal/x", "http notlocal 80 /x +private"),
    ("http://my-local.example.com/x", "http my-local.example.com 80 /x"),
    ("http://fw.example.com./x", "http fw.example.com 80 /x +suspicious"),
    ("http://localhost./x", "http localhost 80 /x +private +suspicious"),
    ("http://\u{430}pple.example.com/x", "http xn--pple-43d.example.com 80 /x +suspicious"),
    ("http://\u{ff45}xample.com/x", "http example.com 80 /x +suspicious"),
    ("http://\u{2460}\u{2461}.example.com/x", "http 12.example.com 80 /x +suspicious"),
    // IPv4 that is not public, in every spelling.
    ("http://127.0.0.1/x", "http 127.0.0.1 80 /x +private"),
    ("http://10.0.0.5:8080/", "http 10.0.0.5 8080 / +private"),
    ("http://172.16.0.1/", "http 172.16.0.1 80 / +private"),
    ("http://172.32.0.1/", "http 172.32.0.1 80 /"),
    ("http://192.168.1.1/", "http 192.168.1.1 80 / +private"),
    ("http://169.254.169.254/latest/", "http 169.254.169.254 80 /latest/ +private"),
    ("http://100.64.0.1/", "http 100.64.0.1 80 / +private"),
    ("http://100.100.100.200/", "http 100.100.100.200 80 / +private"),
    ("http://168.63.129.16/", "http 168.63.129.16 80 / +private"),
    ("http://224.0.0.1/", "http 224.0.0.1 80 / +private"),
    ("http://255.255.255.255/", "http 255.255.255.255 80 / +private"),
    ("http://0.0.0.0/", "http 0.0.0.0 80 / +private"),
    ("http://0/", "http 0.0.0.0 80 / +private +suspicious"),
    ("http://203.0.113.9/evil.bin", "http 203.0.113.9 80 /evil.bin +private"),
    ("http://2130706433/", "http 127.0.0.1 80 / +private +suspicious"),
    ("http://0x7f000001/", "http 127.0.0.1 80 / +private +suspicious"),
    ("http://0X7F.1/", "http 127.0.0.1 80 / +private +suspicious"),
    ("http://017700000001/", "http 127.0.0.1 80 / +private +suspicious"),
    ("http://127.1/", "http 127.0.0.1 80 / +private +suspicious"),
    ("http://127.0.1/", "http 127.0.0.1 80 / +private +suspicious"),
    ("http://0177.0.0.1/", "http 127.0.0.1 80 / +private +suspicious"),
    ("http://010.0.0.1/", "http 8.0.0.1 80 / +private +suspicious"),
    ("http://127.0.0.1./", "http 127.0.0.1 80 / +private +suspicious"),
    ("sftp://0x7f.0.0.1/", "sftp 127.0.0.1 22 / +private +suspicious"),
    ("http://134744072/", "http 8.8.8.8 80 / +suspicious"),
    ("http://256.1.1.1/", "unreadable +suspicious"),
    ("http://1.2.3.4.5/", "unreadable +suspicious"),
    ("http://4294967296/", "unreadable +suspicious"),
    ("http://1.2.3.09/", "unreadable +suspicious"),
    ("http://\u{ff11}27.0.0.1/", "unreadable +suspicious"),
    // IPv6 that is not public, or hides IPv4.
    ("http://[::1]/", "http [::1] 80 / +private"),
    ("http://[::]/", "http [::] 80 / +private"),
    ("http://[0:0:0:0:0:0:0:1]/", "http [::1] 80 / +private +suspicious"),
    ("http://[fe80::1]/", "http [fe80::1] 80 / +private"),
    ("http://[fd00:ec2::254]/", "http [fd00:ec2::254] 80 / +private"),
    ("http://[ff02::1]/", "http [ff02::1] 80 / +private"),
    ("http://[2001:db8::1]/", "http [2001:db8::1] 80 / +private"),
    ("http://[::ffff:127.0.0.1]/", "http [::ffff:7f00:1] 80 / +private +suspicious"),
    ("http://[::ffff:7f00:1]/", "http [::ffff:7f00:1] 80 / +private +suspicious"),
    ("http://[::ffff:8.8.8.8]/", "http [::ffff:808:808] 80 / +suspicious"),
    ("http://[64:ff9b::a00:1]/", "http [64:ff9b::a00:1] 80 / +private +suspicious"),
    ("http://[2002:7f00:1::1]/", "http [2002:7f00:1::1] 80 / +private +suspicious"),
    ("sftp://[::1]/", "sftp [::1] 22 / +private"),
];

#[test]
fn urls_are_taken_apart() {
    assert!(CASES.len() >= 100);
    let wrong: Vec<String> = CASES
        .iter()
        .filter(|(text, expected)| told(text) != *expected)
        .map(|(text, expected)| format!("{text:?}\n  expected {expected}\n  told     {}", told(text)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_unreadable_url_has_no_parts() {
    for (text, expected) in CASES.iter().filter(|(_, expected)| expected.starts_with("unreadable")) {
        let url = read(text);
        assert!(url.scheme.is_empty() && url.host.is_empty() && url.path.is_empty(), "{expected}");
        assert_eq!(url.port, 0);
    }
}

#[test]
fn values_of_settings_that_are_addresses() {
    for text in [
        "wss://evil.example/ocpp",
        "ws:evil.example",
        "HTTP:/evil.example",
        "//evil.example",
        "\\\\evil.example\\x",
        "ftp://a",
        " https://evil.example",
        "mqtt:x",
        "foo://bar",
    ] {
        assert!(looks_like(text), "{text}");
    }
    for text in ["true", "300", "Energy.Active.Import.Register", "a,b:c", "12:30", "Europe/Oslo"] {
        assert!(!looks_like(text), "{text}");
    }
    for text in [
        "evil.example",
        "evil.example:9000",
        "evil:9000",
        "10.0.0.5",
        "10.0.0.5:80",
        "evil.example:9000/ocpp",
        "[::1]:9000",
        " evil.example ",
    ] {
        assert!(looks_like_host(text), "{text}");
    }
    for text in
        ["true", "300", "1.5", "", "abc", "12:30:00", "a b.c", "1.2", "12:30", "Voltage.L1.Max", "a.b,c.de"]
    {
        assert!(!looks_like_host(text), "{text}");
    }
}

#[test]
fn longer_than_any_version_allows_is_suspicious() {
    let longest = format!("https://logs.example.com/{}", "a".repeat(URL_MAX - 25));
    assert_eq!(longest.len(), URL_MAX);
    assert!(!read(&longest).suspicious);
    assert!(read(&(longest + "a")).suspicious);
}
