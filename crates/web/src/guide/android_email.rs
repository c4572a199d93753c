//! E-mail on Android 4.1.2: the stock e-mail app of 2012, screen by screen in the order
//! of a tablet. The labels are the device's; some tablets spell two of them otherwise.
//!
//! The newest encryption that this app offers is TLS 1.0, and the oldest that the service
//! takes is TLS 1.2. So the guide has it connect without any, and says what that costs.

use service::endpoints::{Service, Tls};
use words::keys as k;

use super::{For, Guide, Protocol, Remedy, Rows, Step};
use crate::rich::Html;

/// The port that the device itself proposes for incoming IMAP without encryption.
const USUAL_IMAP: u16 = 143;
/// The same for POP3.
const USUAL_POP3: u16 = 110;
/// The same for sending.
const USUAL_SUBMISSION: u16 = 587;

/// How the ports begin that this app can use.
const CLEAR: Tls = Tls::StartTls;

/// The guide for one protocol.
pub(crate) fn android_email(who: For<'_>, protocol: Protocol) -> Guide {
    let steps = vec![
        open(who),
        address(who),
        account_type(who, protocol),
        incoming(who, protocol),
        outgoing(who),
        options(who, protocol),
        names(who),
        inbox(who),
    ];
    let edit = who.words.t(k::ANDROID_EDIT);
    let refuses = who.words.rich(k::ANDROID_REFUSES_LEAD, &[("edit", &edit)]);
    Guide {
        steps,
        remedies: remedies(who, protocol),
        refuses,
    }
}

fn step(stop: words::Key, title: words::Key, rows: Rows<'_>) -> Step {
    let words = rows.who.words;
    Step {
        stop: words.t(stop),
        title: words.t(title),
        rows: rows.rows,
        notes: Vec::new(),
        port: None,
    }
}

fn next(who: For<'_>) -> Html {
    who.field(k::GUIDE_TOUCH, k::ANDROID_NEXT)
}

fn open(who: For<'_>) -> Step {
    let rows = Rows::new(who)
        .leave(who.field(k::ANDROID_OPEN_FIRST, k::ANDROID_APP))
        .why(who.says(k::ANDROID_OPEN_OTHER));
    let mut step = step(k::ANDROID_STOP_OPEN, k::ANDROID_STOP_OPEN, rows);
    step.notes.push(
        who.says(
            match who
                .account
                .map(|account| who.site.admits_old_devices(account))
            {
                Some(true) => k::GUIDE_BEFORE_OLD_ON,
                Some(false) => k::GUIDE_BEFORE_OLD_OFF,
                None => k::GUIDE_BEFORE_OLD_GENERIC,
            },
        ),
    );
    step
}

fn address(who: For<'_>) -> Step {
    let words = who.words;
    let (onward, manual) = (words.t(k::ANDROID_NEXT), words.t(k::ANDROID_MANUAL));
    let rows = Rows::new(who)
        .act(who.write_address(k::ANDROID_EMAIL))
        .act(who.field(k::GUIDE_WRITE_PASSWORD, k::ANDROID_PASSWORD))
        .why(who.says(k::ANDROID_PASSWORD_SPACES))
        .right(who.field(k::GUIDE_AS_YOU_LIKE, k::ANDROID_DEFAULT))
        .why(who.says(k::ANDROID_DEFAULT_WHEN))
        .leave(who.field(k::GUIDE_TOUCH, k::ANDROID_MANUAL))
        .why(words.rich(
            k::ANDROID_MANUAL_WHY,
            &[("next", &onward), ("manual", &manual)],
        ));
    step(k::ANDROID_STOP_ADDRESS, k::ANDROID_SETUP_TITLE, rows)
}

fn account_type(who: For<'_>, protocol: Protocol) -> Step {
    let words = who.words;
    let touch = match protocol {
        Protocol::Imap => who.field(k::GUIDE_TOUCH, k::ANDROID_IMAP),
        Protocol::Pop3 => {
            let (label, also) = (words.t(k::ANDROID_POP3), words.t(k::ANDROID_POP3_ALSO));
            let same = label == also;
            let key = if same {
                k::GUIDE_TOUCH
            } else {
                k::GUIDE_TOUCH_ALSO
            };
            words.rich(key, &[("label", &label), ("also", &also)])
        }
    };
    let question = words.t(k::ANDROID_TYPE_QUESTION);
    let rows = Rows::new(who)
        .leave(touch)
        .why(words.rich(k::ANDROID_TYPE_WHY, &[("question", &question)]))
        .why(who.says(k::ANDROID_TYPE_EXCHANGE));
    step(k::ANDROID_STOP_TYPE, k::ANDROID_TYPE_TITLE, rows)
}

fn incoming(who: For<'_>, protocol: Protocol) -> Step {
    let hosts = &who.site.hosts;
    let (server, host, usual) = match protocol {
        Protocol::Imap => (k::ANDROID_IMAP_SERVER, &hosts.imap, USUAL_IMAP),
        Protocol::Pop3 => (k::ANDROID_POP3_SERVER, &hosts.pop3, USUAL_POP3),
    };
    let port = port(who, protocol.service(), usual);
    let rows = Rows::new(who)
        .right(who.address_is_right(k::ANDROID_USERNAME))
        .right(who.field(k::GUIDE_RIGHT_PASSWORD, k::ANDROID_PASSWORD))
        .act(who.field_value(k::GUIDE_WRITE, server, host))
        .why(who.says(k::ANDROID_SERVER_WHY_INCOMING))
        .right(who.field_choice(
            k::GUIDE_LEAVE,
            k::ANDROID_SECURITY,
            k::ANDROID_SECURITY_NONE,
        ))
        .why(others_fail(who))
        .act(who.field_value(k::GUIDE_CHECK, k::ANDROID_PORT, &port.to_string()))
        .why(port_after(who));
    let rows = last_field(who, rows, protocol)
        .leave(next(who))
        .why(who.says(k::ANDROID_CHECKING))
        .why(who.says(k::ANDROID_DUPLICATE));
    let mut step = step(k::ANDROID_STOP_INCOMING, k::ANDROID_INCOMING_TITLE, rows);
    step.notes.push(who.says(k::ANDROID_CLEAR_COST));
    if protocol == Protocol::Imap {
        step.notes.push(who.says(k::ANDROID_PREFIX_WHY));
    }
    step.notes.extend(odd_port(who, port, usual));
    step.port = Some((protocol.service(), CLEAR));
    step
}

/// The field that only one of the two protocols has on the incoming screen.
fn last_field<'a>(who: For<'a>, rows: Rows<'a>, protocol: Protocol) -> Rows<'a> {
    match protocol {
        Protocol::Imap => rows.right(who.field(k::GUIDE_LEAVE_EMPTY, k::ANDROID_PREFIX)),
        Protocol::Pop3 => {
            let other = who.words.t(k::ANDROID_DELETE_WITH_INBOX);
            rows.right(who.field_choice(k::GUIDE_LEAVE, k::ANDROID_DELETE, k::ANDROID_DELETE_NEVER))
                .why(who.words.rich(k::ANDROID_DELETE_WHY, &[("other", &other)]))
        }
    }
}

fn outgoing(who: For<'_>) -> Step {
    let port = port(who, Service::Submission, USUAL_SUBMISSION);
    let require = [k::ANDROID_REQUIRE, k::ANDROID_REQUIRE_ALSO];
    let ticked = who.with_also(
        k::GUIDE_LEAVE_TICKED,
        k::GUIDE_LEAVE_TICKED_ALSO,
        k::ANDROID_REQUIRE,
        require,
    );
    let rows = Rows::new(who)
        .act(who.field_value(
            k::GUIDE_WRITE,
            k::ANDROID_SMTP_SERVER,
            &who.site.hosts.submission,
        ))
        .why(who.says(k::ANDROID_SERVER_WHY_OUTGOING))
        .right(who.field_choice(
            k::GUIDE_LEAVE,
            k::ANDROID_SECURITY,
            k::ANDROID_SECURITY_NONE,
        ))
        .why(others_fail(who))
        .act(who.field_value(k::GUIDE_CHECK, k::ANDROID_PORT, &port.to_string()))
        .why(port_after(who))
        .right(ticked)
        .right(who.address_is_right(k::ANDROID_USERNAME))
        .right(who.field(k::GUIDE_RIGHT_PASSWORD, k::ANDROID_PASSWORD))
        .leave(next(who))
        .why(who.says(k::ANDROID_CHECKING));
    let mut step = step(k::ANDROID_STOP_OUTGOING, k::ANDROID_OUTGOING_TITLE, rows);
    step.notes.push(who.says(k::ANDROID_BOTH));
    step.notes.push(who.says(k::ANDROID_REQUIRE_WHY));
    step.notes.extend(odd_port(who, port, USUAL_SUBMISSION));
    step.port = Some((Service::Submission, CLEAR));
    step
}

fn options(who: For<'_>, protocol: Protocol) -> Step {
    let mut rows = Rows::new(who)
        .right(who.field_choice(
            k::GUIDE_LEAVE,
            k::ANDROID_FREQUENCY,
            k::ANDROID_FREQUENCY_15,
        ))
        .why(who.says(k::ANDROID_FREQUENCY_WHY))
        .right(who.field(k::GUIDE_AS_YOU_LIKE, k::ANDROID_DEFAULT))
        .right(who.field(k::GUIDE_AS_YOU_LIKE, k::ANDROID_NOTIFY))
        .right(who.field(k::GUIDE_LEAVE_TICKED, k::ANDROID_SYNC));
    if protocol == Protocol::Imap {
        rows = rows
            .right(who.field(k::GUIDE_LEAVE_TICKED, k::ANDROID_ATTACHMENTS))
            .why(who.says(k::ANDROID_ATTACHMENTS_OFF));
    }
    step(
        k::ANDROID_STOP_OPTIONS,
        k::ANDROID_OPTIONS_TITLE,
        rows.leave(next(who)),
    )
}

fn names(who: For<'_>) -> Step {
    let rows = Rows::new(who)
        .right(who.field(k::GUIDE_AS_YOU_LIKE, k::ANDROID_ACCOUNT_NAME))
        .why(who.says(k::ANDROID_ACCOUNT_NAME_WHY))
        .act(who.field(k::ANDROID_YOUR_NAME_WRITE, k::ANDROID_YOUR_NAME))
        .leave(next(who));
    step(k::ANDROID_STOP_NAMES, k::ANDROID_NAMES_TITLE, rows)
}

fn inbox(who: For<'_>) -> Step {
    let (more, compose) = (
        who.words.t(k::ANDROID_MORE),
        who.words.t(k::ANDROID_COMPOSE),
    );
    let rows = Rows::new(who)
        .right(who.words.rich(k::ANDROID_INBOX_ARRIVES, &[("more", &more)]))
        .act(
            who.words
                .rich(k::ANDROID_INBOX_PROOF, &[("compose", &compose)]),
        );
    step(k::ANDROID_STOP_INBOX, k::ANDROID_INBOX_TITLE, rows)
}

/// The port that begins in the clear, or the device's own proposal where the service has
/// none.
fn port(who: For<'_>, service: Service, usual: u16) -> u16 {
    who.site.endpoints.port(service, CLEAR).unwrap_or(usual)
}

/// Why no other security type will do.
fn others_fail(who: For<'_>) -> Html {
    let accept = who.words.t(k::ANDROID_SECURITY_ACCEPT);
    who.words.rich(k::ANDROID_NONE_WHY, &[("accept", &accept)])
}

fn port_after(who: For<'_>) -> Html {
    let (port, security) = (
        who.words.t(k::ANDROID_PORT),
        who.words.t(k::ANDROID_SECURITY),
    );
    who.words.rich(
        k::ANDROID_PORT_AFTER,
        &[("port", &port), ("security", &security)],
    )
}

/// The device puts its own port back whenever the screen is opened again.
fn odd_port(who: For<'_>, port: u16, usual: u16) -> Option<Html> {
    let (port_text, usual_text) = (port.to_string(), usual.to_string());
    let values = [("port", port_text.as_str()), ("usual", usual_text.as_str())];
    (port != usual).then(|| who.words.rich(k::ANDROID_PORT_ODD, &values))
}

/// What the device says when it refuses, and what to do.
fn remedies(who: For<'_>, protocol: Protocol) -> Vec<Remedy> {
    let words = who.words;
    let none = words.t(k::ANDROID_SECURITY_NONE);
    let remedy = |messages: &[words::Key], remedy| Remedy {
        messages: messages.iter().map(|key| words.t(*key)).collect(),
        remedy,
    };
    vec![
        remedy(&[k::ANDROID_FAULT_CREDENTIALS], credentials(who)),
        remedy(
            &[k::ANDROID_FAULT_SECURE, k::ANDROID_FAULT_OPEN],
            not_connected(who, protocol, &none),
        ),
        remedy(
            &[k::ANDROID_FAULT_METHODS],
            words.h(k::ANDROID_REMEDY_METHODS),
        ),
        remedy(
            &[k::ANDROID_FAULT_TLS],
            words.rich(k::ANDROID_REMEDY_TLS, &[("none", &none)]),
        ),
        remedy(&[k::ANDROID_FAULT_OTHER], words.h(k::ANDROID_REMEDY_OTHER)),
    ]
}

fn credentials(who: For<'_>) -> Html {
    match who.account {
        Some(account) => {
            let end = format!("@{}", account.address.domain());
            who.words
                .rich(k::ANDROID_REMEDY_CREDENTIALS, &[("domain", &end)])
        }
        None => who.says(k::ANDROID_REMEDY_CREDENTIALS_GENERIC),
    }
}

/// There was no connection: what to look at.
fn not_connected(who: For<'_>, protocol: Protocol, none: &str) -> Html {
    let usual = match protocol {
        Protocol::Imap => USUAL_IMAP,
        Protocol::Pop3 => USUAL_POP3,
    };
    let incoming = port(who, protocol.service(), usual).to_string();
    let outgoing = port(who, Service::Submission, USUAL_SUBMISSION).to_string();
    let values = [
        ("none", none),
        ("incoming", &incoming),
        ("outgoing", &outgoing),
    ];
    who.words.rich(k::ANDROID_REMEDY_SECURE, &values)
}
