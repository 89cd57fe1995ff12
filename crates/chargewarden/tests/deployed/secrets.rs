//! Secrets and id tokens pass through, and stay nowhere: not in evidence, not in state, not in a log that logs everything.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::csms::Csms;
use crate::gateway::{Gateway, Place, SECRET, now};
use crate::station::{booted, heard};
use crate::wire::Wire;

/// What must not be found. Each is said in some message below, or is what a station signs in with.
const SECRETS: [&str; 12] = [
    SECRET,
    "guessed-password-17",
    "6e6f626f64792d6b6e6f7773",
    "new-basic-password-2",
    "profile-password-201",
    "ftp-password-in-url",
    "vendor-payload-9001",
    "TAGAUTHORIZED01",
    "TAGSTARTED02",
    "given-by-hand-01",
    "upstream-secret-7",
    "given-again-0002",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_stay_nowhere() {
    let (csms, url) = Csms::start().await;
    let place = Place::new(&url, 2, r#"["1.6", "2.1"]"#);
    place.log_everything();
    let gateway = Gateway::start_at(&place).await;

    let wrong = STANDARD.encode(format!("H-0:{}", SECRETS[1]));
    let request = format!(
        "GET /ocpp/H-0 HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2l4dGVlbiBieXRlcyBvaw==\r\n\
         Sec-WebSocket-Protocol: ocpp1.6\r\nAuthorization: Basic {wrong}\r\n\r\n"
    );
    let refused = Wire::open(&gateway.address, request.as_bytes()).await.status().await;
    assert_eq!(refused.map(|(status, _)| status), Some(401));

    let (mut station, mut link) = booted(&gateway, &csms, "H-0", "1.6").await;
    for (report, answer) in [
        (
            format!(r#"[2,"a","Authorize",{{"idTag":"{}"}}]"#, SECRETS[7]),
            r#"[3,"a",{"idTagInfo":{"status":"Accepted"}}]"#,
        ),
        (
            format!(
                r#"[2,"b","StartTransaction",{{"connectorId":1,"idTag":"{}","meterStart":0,"timestamp":"{}"}}]"#,
                SECRETS[8],
                now()
            ),
            r#"[3,"b",{"transactionId":5,"idTagInfo":{"status":"Accepted"}}]"#,
        ),
    ] {
        station.text(&report).await;
        assert_eq!(link.next().await.as_deref(), Some(&*report), "ordinary reports pass");
        link.orders.send(answer.to_owned()).unwrap();
        assert_eq!(heard(&mut station).await.as_deref(), Some(answer));
    }
    for command in [
        format!(r#"[2,"c","ChangeConfiguration",{{"key":"AuthorizationKey","value":"{}"}}]"#, SECRETS[2]),
        format!(r#"[2,"d","GetDiagnostics",{{"location":"ftp://user:{}@logs.example.com/"}}]"#, SECRETS[5]),
        format!(r#"[2,"e","DataTransfer",{{"vendorId":"com.example.other","data":"{}"}}]"#, SECRETS[6]),
    ] {
        link.orders.send(command.clone()).unwrap();
        let answer = link.next().await.expect("an answer");
        assert!(answer.contains("Rejected") || answer.contains("SecurityError"), "{command}: {answer}");
    }

    let (_station, mut link) = booted(&gateway, &csms, "H-1", "2.1").await;
    for command in [
        format!(
            r#"[2,"f","SetVariables",{{"setVariableData":[{{"attributeValue":"{}","component":{{"name":"SecurityCtrlr"}},"variable":{{"name":"BasicAuthPassword"}}}}]}}]"#,
            SECRETS[3]
        ),
        format!(
            r#"[2,"g","SetNetworkProfile",{{"configurationSlot":1,"connectionData":{{"ocppInterface":"Wired0","ocppTransport":"JSON","messageTimeout":30,"ocppCsmsUrl":"wss://csms.example","securityProfile":2,"identity":"H-1","basicAuthPassword":"{}"}}}}]"#,
            SECRETS[4]
        ),
    ] {
        link.orders.send(command.clone()).unwrap();
        let answer = link.next().await.expect("an answer");
        assert!(answer.contains("Rejected"), "{command}: {answer}");
    }

    // What people give a station by command: through the control socket, and without a service.
    let add = ["station", "add", "BY-HAND", "--profile", "1", "--versions", "1.6", "--secret-stdin"];
    let add = [&add[..], &["--csms-user", "us", "--csms-password-stdin", "--factory"]].concat();
    let (code, out, said) = place.command(&add, &format!("{}\n{}\n", SECRETS[9], SECRETS[10]));
    assert_eq!((code, out.as_str()), (0, ""), "{said}");
    assert!(place.ask(&["station", "list", "--standing", "factory"]).contains("BY-HAND"));
    assert!(place.ask(&["station", "show", "BY-HAND"]).contains("sealed"));
    let made = [
        place.ask(&["station", "add", "MADE", "--profile", "1", "--versions", "2.1"]),
        place.ask(&["station", "rotate", "MADE", "--offline"]),
    ];
    gateway.stop();
    let rotate = ["station", "rotate", "BY-HAND", "--offline", "--secret-stdin"];
    assert_eq!(place.command(&rotate, SECRETS[11]).0, 0);
    place.verify();
    let left = place.left_behind();
    // The search finds what is there: the log and the evidence are readable, and name the station.
    let found = |what: &str| {
        let matches = |bytes: &[u8]| bytes.windows(what.len()).any(|window| window == what.as_bytes());
        left.iter()
            .filter(|(_, bytes)| matches(bytes))
            .map(|(path, _)| path.display().to_string())
            .collect::<Vec<_>>()
    };
    assert!(found("H-0").len() >= 2, "{:?}", found("H-0"));
    assert!(!found("AuthorizationKey").is_empty());
    for secret in SECRETS.into_iter().chain(made.iter().map(String::as_str)) {
        for spelled in [secret.to_owned(), STANDARD.encode(secret), STANDARD.encode(format!("H-0:{secret}"))]
        {
            assert_eq!(found(&spelled), Vec::<String>::new(), "`{spelled}` was kept");
        }
    }
}
