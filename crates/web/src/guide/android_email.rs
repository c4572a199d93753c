//! E-mail on Android 4.1.2: the stock e-mail app of 2012, screen by screen in the order
//! of a tablet. The labels are the device's; some tablets spell three of them otherwise.

use service::endpoints::{Service, Tls};
use words::keys as k;

use super::{For, Guide, Protocol, Remedy, Rows, Step};
use crate::rich::Html;

/// The port that the device itself proposes for encrypted incoming IMAP.
const USUAL_IMAP: u16 = 993;
/// The same for POP3.
const USUAL_POP3: u16 = 995;
/// The same for sending.
const USUAL_SUBMISSION: u16 = 465;

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
        .act(choose_security(who))
        .act(who.field_value(k::GUIDE_CHECK, k::ANDROID_PORT, &port.to_string()))
        .why(port_after(who));
    let rows = last_field(who, rows, protocol)
        .leave(next(who))
        .why(who.says(k::ANDROID_CHECKING))
        .why(who.says(k::ANDROID_DUPLICATE));
    let mut step = step(k::ANDROID_STOP_INCOMING, k::ANDROID_INCOMING_TITLE, rows);
    step.notes.extend(security_notes(who));
    if protocol == Protocol::Imap {
        step.notes.push(who.says(k::ANDROID_PREFIX_WHY));
    }
    step.notes.extend(odd_port(who, port, usual));
    step.port = Some(protocol.service());
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
        .act(choose_security(who))
        .act(who.field_value(k::GUIDE_CHECK, k::ANDROID_PORT, &port.to_string()))
        .why(port_after(who))
        .right(ticked)
        .right(who.address_is_right(k::ANDROID_USERNAME))
        .right(who.field(k::GUIDE_RIGHT_PASSWORD, k::ANDROID_PASSWORD))
        .leave(next(who))
        .why(who.says(k::ANDROID_CHECKING));
    let mut step = step(k::ANDROID_STOP_OUTGOING, k::ANDROID_OUTGOING_TITLE, rows);
    let none = who.words.t(k::ANDROID_SECURITY_NONE);
    step.notes
        .push(who.words.rich(k::ANDROID_BOTH, &[("none", &none)]));
    step.notes.push(who.says(k::ANDROID_REQUIRE_WHY));
    step.notes.extend(odd_port(who, port, USUAL_SUBMISSION));
    step.port = Some(Service::Submission);
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

/// The port with encryption from the first byte, or the device's own proposal where the
/// service has none.
fn port(who: For<'_>, service: Service, usual: u16) -> u16 {
    who.site
        .endpoints
        .port(service, Tls::Implicit)
        .unwrap_or(usual)
}

fn choose_security(who: For<'_>) -> Html {
    let choices = [k::ANDROID_SECURITY_ACCEPT, k::ANDROID_SECURITY_ACCEPT_ALSO];
    who.with_also(
        k::GUIDE_CHOOSE,
        k::GUIDE_CHOOSE_ALSO,
        k::ANDROID_SECURITY,
        choices,
    )
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

/// What *accept all certificates* costs, at the place of the choice.
fn security_notes(who: For<'_>) -> [Html; 2] {
    let checked = who.words.t(k::ANDROID_SECURITY_SSL);
    [
        who.says(k::ANDROID_ACCEPT_COST),
        who.words
            .rich(k::ANDROID_ACCEPT_OR, &[("choice", &checked)]),
    ]
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
    let accept = words.t(k::ANDROID_SECURITY_ACCEPT);
    let both = [("none", none.as_str()), ("accept", accept.as_str())];
    let remedy = |messages: &[words::Key], remedy| Remedy {
        messages: messages.iter().map(|key| words.t(*key)).collect(),
        remedy,
    };
    vec![
        remedy(&[k::ANDROID_FAULT_CREDENTIALS], credentials(who)),
        remedy(
            &[k::ANDROID_FAULT_SECURE, k::ANDROID_FAULT_OPEN],
            too_old(who, protocol, &none),
        ),
        remedy(
            &[k::ANDROID_FAULT_METHODS],
            words.rich(k::ANDROID_REMEDY_METHODS, &both),
        ),
        remedy(
            &[k::ANDROID_FAULT_TLS],
            words.rich(k::ANDROID_REMEDY_TLS, &both),
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

/// The service does not admit the old encryption: what remains, and at what cost.
fn too_old(who: For<'_>, protocol: Protocol, none: &str) -> Html {
    let clear = |service| who.site.endpoints.port(service, Tls::StartTls);
    let ports = clear(protocol.service()).zip(clear(Service::Submission));
    let Some((incoming, outgoing)) = ports.map(|(a, b)| (a.to_string(), b.to_string())) else {
        return who.says(k::ANDROID_REMEDY_SECURE_ONLY);
    };
    let values = [
        ("none", none),
        ("incoming", &incoming),
        ("outgoing", &outgoing),
    ];
    who.words.rich(k::ANDROID_REMEDY_SECURE, &values)
}
