//! What each kind of frame comes to.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use chargewarden_ocpp::{ErrorCode, Frame, Header, Limits, MessageType, Rule, Version, Violation};

/// The payload as JSON behind the header, or the violation: `rule path: text (id, code)`.
fn outcome(version: Version, frame: &[u8]) -> String {
    match read(version, frame) {
        Ok(said) => said,
        Err(violation) => {
            let id = violation.id.as_deref().unwrap_or("-");
            let code = violation.code(version).spelled(version);
            format!("{} [{id}] {code}: {violation}", violation.rule)
        }
    }
}

fn read(version: Version, bytes: &[u8]) -> Result<String, Violation> {
    let frame = Frame::open(bytes, version, &Limits::default())?;
    Ok(match frame.header() {
        Header::Call { id, action } | Header::Send { id, action } => {
            let payload = frame.read(action.spec(version).unwrap().request)?;
            let kind = frame.header().message_type().name();
            format!("{kind} {id} {action} {}", payload.text())
        }
        Header::Result { id } => {
            // Whoever sent the request knows the shape; here it is always this one.
            let shape = chargewarden_ocpp::Action::ClearCache.spec(version).unwrap().response.unwrap();
            format!("CALLRESULT {id} {}", frame.read(shape)?.text())
        }
        Header::Error { id, code, description } | Header::ResultError { id, code, description } => {
            let kind = frame.header().message_type().name();
            format!("{kind} {id} {code} `{description}` {}", frame.read_any()?.text())
        }
    })
}

#[track_caller]
fn check(version: Version, cases: &[(&str, &str)]) {
    for (frame, expected) in cases {
        assert_eq!(&outcome(version, frame.as_bytes()), expected, "{version} {frame}");
    }
}

#[test]
fn messages_of_every_version() {
    for version in Version::ALL {
        check(
            version,
            &[
                (r#"[2,"1","Heartbeat",{}]"#, "CALL 1 Heartbeat {}"),
                (" [ 2 ,\t\"1\",\r\n\"Heartbeat\" , { } ] ", "CALL 1 Heartbeat { }"),
                (r#"[2,"\u0041\/é😀","Heart\u0062eat",{}]"#, "CALL A/é😀 Heartbeat {}"),
                (r#"[3,"1",{"status":"Accepted"}]"#, r#"CALLRESULT 1 {"status":"Accepted"}"#),
                (r#"[4,"1","Odd","",{"a":[null]}]"#, r#"CALLERROR 1 Odd `` {"a":[null]}"#),
                (r#"[4,"1","InternalError","a \"b\"",{}]"#, "CALLERROR 1 InternalError `a \"b\"` {}"),
            ],
        );
    }
}

#[test]
fn messages_of_2_1_only() {
    let stream = r#"{"id":1,"pending":0,"basetime":"2025-01-01T00:00:00Z","data":[{"t":0,"v":"1"}]}"#;
    let send = format!(r#"[6,"1","NotifyPeriodicEventStream",{stream}]"#);
    check(
        Version::V21,
        &[
            (&send, &format!("SEND 1 NotifyPeriodicEventStream {stream}")),
            (r#"[5,"1","FormatViolation","odd",{}]"#, "CALLRESULTERROR 1 FormatViolation `odd` {}"),
            (
                r#"[2,"1","NotifyPeriodicEventStream",{}]"#,
                "unknown-action [1] NotImplemented: OCPP 2.1 has no action `NotifyPeriodicEventStream` to call",
            ),
            (
                r#"[6,"1","Heartbeat",{}]"#,
                "unknown-action [1] NotImplemented: OCPP 2.1 has no action `Heartbeat` to send",
            ),
        ],
    );
    for version in [Version::V16, Version::V201] {
        for frame in [send.as_str(), r#"[5,"1","FormatViolation","odd",{}]"#] {
            assert!(outcome(version, frame.as_bytes()).starts_with("message-type [1]"), "{frame}");
        }
    }
}

#[test]
fn frames_that_are_no_messages() {
    check(
        Version::V201,
        &[
            ("", "elements [-] RpcFrameworkError: a message is a JSON array"),
            ("{}", "elements [-] RpcFrameworkError: a message is a JSON array"),
            ("[]", "elements [-] RpcFrameworkError: expected the message type"),
            (r#"["2","1","Heartbeat",{}]"#, "elements [-] RpcFrameworkError: expected the message type"),
            ("[2]", "elements [-] RpcFrameworkError: the message id is missing"),
            (r#"[2,"1"]"#, "elements [1] FormatViolation: the action is missing"),
            (r#"[2,"1","Heartbeat"]"#, "elements [1] FormatViolation: the payload is missing"),
            (r#"[2,"1","Heartbeat",{},{}]"#, "elements [1] FormatViolation: an element after the payload"),
            (r#"[2,"1","Heartbeat",{}"#, "syntax [1] FormatViolation: expected `]`"),
            (
                r#"[2,"1","Heartbeat",{}]]"#,
                "trailing [1] FormatViolation: something after the end of the message",
            ),
            (
                r#"[2,"1","Heartbeat",{}]["#,
                "trailing [1] FormatViolation: something after the end of the message",
            ),
            (
                "[2,\"1\",\"Heartbeat\",{}]\0",
                "trailing [1] FormatViolation: something after the end of the message",
            ),
            (r#"[2,"1","Heartbeat",{},]"#, "elements [1] FormatViolation: an element after the payload"),
            (
                r#"[2,"1","Heartbeat",[]]"#,
                "type [1] TypeConstraintViolation: expected an object, found a list",
            ),
            (
                r#"[2,"1","Heartbeat",null]"#,
                "type [1] TypeConstraintViolation: expected an object, found null",
            ),
            (r#"[2,"1",7,{}]"#, "elements [1] FormatViolation: expected the action, a string"),
            (r#"[4,"1","x"]"#, "elements [1] FormatViolation: the error description is missing"),
            (r#"[4,"1","x","y"]"#, "elements [1] FormatViolation: the payload is missing"),
            (r#"[4,"1","x","y",[]]"#, "type [1] TypeConstraintViolation: expected an object, found a list"),
            (
                "\u{feff}[2,\"1\",\"Heartbeat\",{}]",
                "byte-order-mark [-] RpcFrameworkError: a byte order mark",
            ),
        ],
    );
}

#[test]
fn message_types_and_ids() {
    let long = "x".repeat(37);
    let longest = "😀".repeat(36);
    let endless = "x".repeat(256);
    check(
        Version::V16,
        &[
            (r#"[7,"1",{}]"#, "message-type [1] GenericError: message type `7` does not exist in OCPP 1.6"),
            (
                r#"[2.0,"1","Heartbeat",{}]"#,
                "message-type [1] GenericError: message type `2.0` does not exist in OCPP 1.6",
            ),
            (
                r#"[-2,"1","Heartbeat",{}]"#,
                "message-type [1] GenericError: message type `-2` does not exist in OCPP 1.6",
            ),
            (
                r#"[2,1,"Heartbeat",{}]"#,
                "message-id [-] FormationViolation: expected the message id, a string",
            ),
            (
                r#"[2,"","Heartbeat",{}]"#,
                "message-id [-] FormationViolation: a message id has 1 to 36 characters and no control characters",
            ),
            (
                r#"[2,"a\u0000b","Heartbeat",{}]"#,
                "message-id [-] FormationViolation: a message id has 1 to 36 characters and no control characters",
            ),
            (&format!(r#"[2,"{longest}","Heartbeat",{{}}]"#), &format!("CALL {longest} Heartbeat {{}}")),
            (
                &format!(r#"[2,"{long}","Heartbeat",{{}}]"#),
                &format!(
                    "message-id [{long}] FormationViolation: a message id has 1 to 36 characters and no control characters"
                ),
            ),
            (
                &format!(r#"[2,"{endless}","Heartbeat",{{}}]"#),
                "message-id [-] FormationViolation: a message id has 1 to 36 characters and no control characters",
            ),
            (
                r#"[2,"1","heartbeat",{}]"#,
                "unknown-action [1] NotImplemented: OCPP 1.6 has no action `heartbeat` to call",
            ),
            (
                r#"[2,"1","TransactionEvent",{}]"#,
                "unknown-action [1] NotImplemented: OCPP 1.6 has no action `TransactionEvent` to call",
            ),
        ],
    );
}

#[test]
fn payloads_that_break_a_rule() {
    let authorize =
        |payload: &str| outcome(Version::V16, format!(r#"[2,"1","Authorize",{payload}]"#).as_bytes());
    for (payload, expected) in [
        ("{}", "missing [1] OccurenceConstraintViolation: `idTag`: is missing"),
        (r#"{"idTag":null}"#, "type [1] TypeConstraintViolation: `idTag`: expected a string, found null"),
        (
            r#"{"idTag":"x","more":1}"#,
            "unknown-member [1] FormationViolation: `more`: there is no member `more`",
        ),
        (
            r#"{"idTag":"123456789012345678901"}"#,
            "length [1] PropertyConstraintViolation: `idTag`: 21 characters, at most 20 are allowed",
        ),
        (r#"{"idTag":"a","idTag":"b"}"#, "duplicate [1] FormationViolation: `idTag`: is there twice"),
        (r#"{"idTag":"a","id\u0054ag":"b"}"#, "duplicate [1] FormationViolation: `idTag`: is there twice"),
        (r#"{"idTag":"\ud800"}"#, "surrogate [1] FormationViolation: `idTag`: half of a surrogate pair"),
        (r#"{"idTag":'a'}"#, "syntax [1] FormationViolation: `idTag`: expected a value"),
        (r#"{"idTag":"a",}"#, "syntax [1] FormationViolation: expected a member name"),
        (r#"{"idTag" "a"}"#, "syntax [1] FormationViolation: expected `:`"),
        (r#"{"idTag":"a"; "b":1}"#, "syntax [1] FormationViolation: expected `,` or `}`"),
        (r#"{/**/"idTag":"a"}"#, "syntax [1] FormationViolation: expected a member name"),
    ] {
        assert_eq!(authorize(payload), expected, "{payload}");
    }
}

#[test]
fn the_path_leads_to_the_fault() {
    let profile = |period: &str| {
        let frame = format!(
            r#"[2,"1","SetChargingProfile",{{"connectorId":1,"csChargingProfiles":{{"chargingProfileId":1,
            "stackLevel":0,"chargingProfilePurpose":"TxProfile","chargingProfileKind":"Absolute",
            "chargingSchedule":{{"chargingRateUnit":"A","chargingSchedulePeriod":[{{"startPeriod":0,"limit":6.5}},
            {period}]}}}}}}]"#
        );
        outcome(Version::V16, frame.as_bytes())
    };
    let at = "csChargingProfiles.chargingSchedule.chargingSchedulePeriod[1]";
    assert_eq!(
        profile(r#"{"startPeriod":60,"limit":6.55}"#),
        format!("decimals [1] PropertyConstraintViolation: `{at}.limit`: more decimals than the 1 allowed")
    );
    assert_eq!(
        profile(r#"{"startPeriod":60.5,"limit":6}"#),
        format!(
            "type [1] TypeConstraintViolation: `{at}.startPeriod`: expected an integer, found a fraction"
        )
    );
    assert_eq!(
        profile("7"),
        format!("type [1] TypeConstraintViolation: `{at}`: expected an object, found a number")
    );
    assert!(profile(r#"{"startPeriod":60.0,"limit":1e1}"#).starts_with("CALL"));
}

#[test]
fn bytes_that_are_not_utf8() {
    for bytes in [&b"\xff"[..], b"[2,\"\xc3\x28\",\"Heartbeat\",{}]", b"[2,\"1\",\"\xed\xa0\x80\",{}]"] {
        assert!(outcome(Version::V21, bytes).starts_with("utf8 [-] RpcFrameworkError"), "{bytes:?}");
    }
}

#[test]
fn limits_hold() {
    let data = |data: &str| format!(r#"[2,"1","DataTransfer",{{"vendorId":"v","data":{data}}}]"#);
    let nested = |levels: usize| data(&format!("{}{}", "[".repeat(levels), "]".repeat(levels)));
    // The frame and the payload are two levels.
    assert!(outcome(Version::V21, nested(Limits::DEPTH - 2).as_bytes()).starts_with("CALL"));
    assert!(
        outcome(Version::V21, nested(Limits::DEPTH - 1).as_bytes()).starts_with("depth [1] FormatViolation")
    );
    assert!(outcome(Version::V21, nested(60_000).as_bytes()).starts_with("depth [1] FormatViolation"));

    // The payload, its vendor and the list are three values.
    let items = |count: usize| data(&format!("[{}]", vec!["0"; count].join(",")));
    assert!(outcome(Version::V21, items(Limits::TOKENS - 3).as_bytes()).starts_with("CALL"));
    assert!(
        outcome(Version::V21, items(Limits::TOKENS - 2).as_bytes()).starts_with("tokens [1] FormatViolation")
    );

    let long = |bytes: usize| data(&format!("\"{}\"", "x".repeat(bytes)));
    let rest = long(0).len();
    assert!(outcome(Version::V21, long(Limits::FRAME_BYTES - rest).as_bytes()).starts_with("CALL"));
    assert!(
        outcome(Version::V21, long(Limits::FRAME_BYTES - rest + 1).as_bytes())
            .starts_with("frame-bytes [-] RpcFrameworkError")
    );
}

#[test]
fn depth_is_bounded_whatever_is_configured() {
    let limits = Limits { depth: usize::MAX, ..Limits::default() };
    let frame = format!(r#"[2,"1","DataTransfer",{{"vendorId":"v","data":{}"#, "[".repeat(100_000));
    let frame = Frame::open(frame.as_bytes(), Version::V21, &limits).unwrap();
    let Header::Call { action, .. } = frame.header() else { panic!("a call") };
    let violation = frame.read(action.spec(Version::V21).unwrap().request).unwrap_err();
    assert_eq!(violation.rule, Rule::Depth);
}

#[test]
fn names_that_are_there_twice_where_anything_goes() {
    let data = |members: &str| {
        let frame = format!(r#"[2,"1","DataTransfer",{{"vendorId":"v","data":{{{members}}}}}]"#);
        outcome(Version::V201, frame.as_bytes())
    };
    let many: Vec<String> = (0..3_000).map(|index| format!("\"k{index}\":0")).collect();
    let many = many.join(",");
    assert!(data(&many).starts_with("CALL"));
    for again in [r#""k7":0"#, r#""\u006b7":0"#, r#""k2999":0"#] {
        assert!(
            data(&format!("{many},{again}")).starts_with("duplicate [1] FormatViolation: `data."),
            "{again}"
        );
    }
    for (members, twice) in [
        (r#""a":1,"a":2"#, true),
        (r#""a":1,"\u0061":2"#, true),
        (r#""\/":1,"/":2"#, true),
        (r#""a":{"a":{}},"b":{"a":[]}"#, false),
        (r#""":0,"":0"#, true),
        (r#""a":1,"A":2"#, false),
    ] {
        assert_eq!(data(members).starts_with("duplicate"), twice, "{members}");
    }
}

#[test]
fn free_members_do_not_hide_known_ones() {
    let custom = |members: &str| {
        let frame = format!(r#"[2,"1","Heartbeat",{{"customData":{{{members}}}}}]"#);
        outcome(Version::V201, frame.as_bytes())
    };
    assert!(custom(r#""vendorId":"v","x":[{"vendorId":7}]"#).starts_with("CALL"));
    assert!(custom(r#""x":1"#).starts_with("missing"));
    assert!(custom(r#""vendorId":7"#).starts_with("type"));
    assert!(custom(r#""vendorId":"v","vendor\u0049d":"w""#).starts_with("duplicate"));
    assert!(custom(r#""vendorId":"v","x":1,"y":2,"x":3"#).starts_with("duplicate"));
}

#[test]
fn violations_know_what_they_were_in() {
    let open = |frame: &'static str| Frame::open(frame.as_bytes(), Version::V21, &Limits::default());
    let message = |frame| open(frame).unwrap_err().message;
    assert_eq!(message(r#"[2,"1","Nothing",{}]"#), Some(MessageType::Call));
    assert_eq!(message(r#"[3,"",{}]"#), Some(MessageType::Result));
    assert_eq!(message(r#"[9,"1",{}]"#), None);
    let violation = open(r#"[4,"1","x","",{"a":}]"#).unwrap().read_any().unwrap_err();
    assert_eq!((violation.message, violation.offset), (Some(MessageType::Error), Some(19)));
    assert_eq!(violation.code(Version::V21), ErrorCode::FormatViolation);
}
