//! Frames: the JSON arrays that carry messages.

use std::borrow::Cow;

use crate::action::{Action, Form};
use crate::escape::unescape;
use crate::fault::{Checked, Fault, excerpt};
use crate::header::{Header, MessageType};
use crate::limits::Limits;
use crate::payload::Payload;
use crate::scan::Scanner;
use crate::shape::Object;
use crate::version::Version;
use crate::violation::{Rule, Violation};

/// Characters of a message id (OCPP-J 4.1.4 in 1.6 and 2.x alike).
const ID_CHARACTERS: usize = 36;

/// Characters up to which an id that is too long is still good enough to be told so.
const ANSWERABLE_ID_CHARACTERS: usize = 255;

/// Characters of an error code.
const ERROR_CODE_CHARACTERS: usize = 50;

/// Characters of an error description. 1.6 names no bound; the frame's own holds there.
const ERROR_DESCRIPTION_CHARACTERS: usize = 255;

/// A frame whose header has been read; its payload has not.
#[derive(Debug, Clone)]
pub struct Frame<'a> {
    text: &'a str,
    limits: Limits,
    id: Cow<'a, str>,
    head: Head<'a>,
    /// Where the payload starts.
    at: usize,
}

#[derive(Debug, Clone)]
enum Head<'a> {
    Call(Action),
    Result,
    Error { code: Cow<'a, str>, description: Cow<'a, str> },
    ResultError { code: Cow<'a, str>, description: Cow<'a, str> },
    Send(Action),
}

impl<'a> Frame<'a> {
    /// Reads everything in front of the payload.
    ///
    /// # Errors
    ///
    /// The first rule that is broken. The violation holds the message id if that could be read.
    pub fn open(bytes: &'a [u8], version: Version, limits: &Limits) -> Result<Frame<'a>, Violation> {
        let mut opening = Opening { id: None, message: None };
        match opening.frame(bytes, version, limits) {
            Ok(frame) => Ok(frame),
            Err(fault) => Err(Violation {
                rule: fault.rule,
                path: String::new(),
                detail: fault.detail,
                offset: Some(fault.offset),
                id: opening.id.filter(|id| is_answerable(id)).map(Cow::into_owned),
                message: opening.message,
            }),
        }
    }

    /// What stands in front of the payload.
    pub fn header(&self) -> Header<'_> {
        let id = self.id.as_ref();
        match &self.head {
            Head::Call(action) => Header::Call { id, action: *action },
            Head::Result => Header::Result { id },
            Head::Error { code, description } => Header::Error { id, code, description },
            Head::ResultError { code, description } => Header::ResultError { id, code, description },
            Head::Send(action) => Header::Send { id, action: *action },
        }
    }

    /// Reads the payload, which must fit the shape, and the end of the frame.
    ///
    /// # Errors
    ///
    /// The first rule that is broken.
    pub fn read(&self, shape: &'static Object) -> Result<Payload<'a>, Violation> {
        self.read_as(Some(shape))
    }

    /// Reads the payload, which may be any object (the details of an error), and the end of the frame.
    ///
    /// # Errors
    ///
    /// The first rule that is broken.
    pub fn read_any(&self) -> Result<Payload<'a>, Violation> {
        self.read_as(None)
    }

    fn read_as(&self, shape: Option<&'static Object>) -> Result<Payload<'a>, Violation> {
        // The frame's own array is the first level.
        let (payload, end) = Payload::read(self.text, self.at, 1, shape, &self.limits)
            .map_err(|violation| self.own(violation))?;
        let mut scan = Scanner::new(self.text, end);
        let problem = match scan.next_byte() {
            b']' => {
                scan.step();
                if scan.is_at_end() {
                    return Ok(payload);
                }
                (Rule::Trailing, "something after the end of the message")
            }
            b',' => (Rule::Elements, "an element after the payload"),
            _ => (Rule::Syntax, "expected `]`"),
        };
        Err(self.own(Violation {
            rule: problem.0,
            path: String::new(),
            detail: problem.1.to_owned(),
            offset: Some(scan.at()),
            id: None,
            message: None,
        }))
    }

    fn own(&self, mut violation: Violation) -> Violation {
        violation.id = Some(self.id.clone().into_owned());
        violation.message = Some(self.header().message_type());
        violation
    }
}

/// What is known of a frame while its header is being read.
struct Opening<'a> {
    id: Option<Cow<'a, str>>,
    message: Option<MessageType>,
}

impl<'a> Opening<'a> {
    fn frame(&mut self, bytes: &'a [u8], version: Version, limits: &Limits) -> Checked<Frame<'a>> {
        let text = text(bytes, limits)?;
        let mut scan = Scanner::new(text, 0);
        if scan.next_byte() != b'[' {
            return Err(Fault::new(Rule::Elements, scan.at(), "a message is a JSON array"));
        }
        scan.step();
        let number = number(&mut scan)?;
        self.message = MessageType::numbered(version, number);
        comma(&mut scan, "the message id")?;
        let id_at = scan.at();
        let id = self.id.insert(string(&mut scan, "the message id", Rule::MessageId)?).clone();
        let Some(message) = self.message else {
            let problem = format!("message type {} does not exist in OCPP {version}", excerpt(number));
            return Err(Fault::new(Rule::MessageType, id_at, problem));
        };
        if !is_id(&id) {
            let problem =
                format!("a message id has 1 to {ID_CHARACTERS} characters and no control characters");
            return Err(Fault::new(Rule::MessageId, id_at, problem));
        }
        let head = match message {
            MessageType::Call => Head::Call(action(&mut scan, version, Form::Call)?),
            MessageType::Send => Head::Send(action(&mut scan, version, Form::Send)?),
            MessageType::Result => Head::Result,
            MessageType::Error => {
                let (code, description) = error(&mut scan, version)?;
                Head::Error { code, description }
            }
            MessageType::ResultError => {
                let (code, description) = error(&mut scan, version)?;
                Head::ResultError { code, description }
            }
        };
        comma(&mut scan, "the payload")?;
        Ok(Frame { text, limits: *limits, id, head, at: scan.at() })
    }
}

fn text<'a>(bytes: &'a [u8], limits: &Limits) -> Checked<&'a str> {
    if bytes.len() > limits.frame_bytes {
        let problem = format!("{} bytes, at most {} are allowed", bytes.len(), limits.frame_bytes);
        return Err(Fault::new(Rule::FrameBytes, limits.frame_bytes, problem));
    }
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        return Err(Fault::new(Rule::ByteOrderMark, 0, "a byte order mark"));
    }
    std::str::from_utf8(bytes).map_err(|error| Fault::new(Rule::Utf8, error.valid_up_to(), "not UTF-8"))
}

/// The message type, as written: only a plain whole number can be one.
fn number<'a>(scan: &mut Scanner<'a>) -> Checked<&'a str> {
    if !matches!(scan.next_byte(), b'-' | b'0'..=b'9') {
        return Err(Fault::new(Rule::Elements, scan.at(), "expected the message type"));
    }
    let token = scan.number()?;
    Ok(scan.slice(token.start, token.end))
}

/// The comma in front of an element.
fn comma(scan: &mut Scanner<'_>, element: &str) -> Checked<()> {
    match scan.next_byte() {
        b',' => {
            scan.step();
            Ok(())
        }
        b']' => Err(Fault::new(Rule::Elements, scan.at(), format!("{element} is missing"))),
        _ => Err(Fault::new(Rule::Syntax, scan.at(), "expected `,` or `]`")),
    }
}

fn string<'a>(scan: &mut Scanner<'a>, element: &str, rule: Rule) -> Checked<Cow<'a, str>> {
    if scan.next_byte() != b'"' {
        return Err(Fault::new(rule, scan.at(), format!("expected {element}, a string")));
    }
    let token = scan.string()?;
    Ok(unescape(scan.slice(token.start, token.end), token.escaped))
}

fn is_id(id: &str) -> bool {
    // Nearly all ids are UUIDs or numbers.
    if id.len() <= ID_CHARACTERS && id.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return !id.is_empty();
    }
    is_answerable(id) && id.chars().count() <= ID_CHARACTERS
}

fn is_answerable(id: &str) -> bool {
    !id.is_empty() && id.chars().nth(ANSWERABLE_ID_CHARACTERS).is_none() && !id.chars().any(char::is_control)
}

fn action(scan: &mut Scanner<'_>, version: Version, form: Form) -> Checked<Action> {
    comma(scan, "the action")?;
    let name = string(scan, "the action", Rule::Elements)?;
    let action = Action::parse(version, &name);
    match action.filter(|action| action.spec(version).is_some_and(|spec| spec.form == form)) {
        Some(action) => Ok(action),
        None => {
            let kind = match form {
                Form::Call => "call",
                Form::Send => "send",
            };
            let problem = format!("OCPP {version} has no action {} to {kind}", excerpt(&name));
            Err(Fault::new(Rule::UnknownAction, scan.at(), problem))
        }
    }
}

fn error<'a>(scan: &mut Scanner<'a>, version: Version) -> Checked<(Cow<'a, str>, Cow<'a, str>)> {
    comma(scan, "the error code")?;
    let code = string(scan, "the error code", Rule::Elements)?;
    bounded(scan, &code, ERROR_CODE_CHARACTERS)?;
    comma(scan, "the error description")?;
    let description = string(scan, "the error description", Rule::Elements)?;
    if version != Version::V16 {
        bounded(scan, &description, ERROR_DESCRIPTION_CHARACTERS)?;
    }
    Ok((code, description))
}

fn bounded(scan: &Scanner<'_>, text: &str, most: usize) -> Checked<()> {
    match text.chars().nth(most) {
        None => Ok(()),
        Some(_) => Err(Fault::new(Rule::Length, scan.at(), format!("more than {most} characters"))),
    }
}
