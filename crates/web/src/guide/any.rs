//! Any other e-mail app: the values, in the order in which most apps ask for them.

use service::endpoints::{Service, Tls};
use words::{Key, keys as k};

use super::{For, Rows, Step};
use crate::rich::Html;
use crate::settings;

/// The guide for whatever app.
pub(crate) fn any(who: For<'_>) -> Vec<Step> {
    let add = Rows::new(who)
        .act(who.says(k::ANY_ADD))
        .act(who.says(k::ANY_ADD_TYPE));
    let proof = Rows::new(who).act(who.says(k::ANY_PROOF));
    vec![
        step(k::ANY_STEP_ADD, add),
        step(k::ANY_STEP_INCOMING, incoming(who)),
        step(k::ANY_STEP_OUTGOING, outgoing(who)),
        step(k::ANY_STEP_PROOF, proof),
    ]
}

fn step(title: Key, rows: Rows<'_>) -> Step {
    let title = rows.who.words.t(title);
    Step {
        stop: title.clone(),
        title,
        rows: rows.rows,
        notes: Vec::new(),
        port: None,
    }
}

fn incoming(who: For<'_>) -> Rows<'_> {
    let hosts = &who.site.hosts;
    let rows = Rows::new(who).act(user(who)).act(who.says(k::ANY_PASSWORD));
    let rows = server(rows, k::ANY_IMAP, &hosts.imap, Service::Imap);
    server(rows, k::ANY_POP3, &hosts.pop3, Service::Pop3)
}

fn outgoing(who: For<'_>) -> Rows<'_> {
    let rows = server(
        Rows::new(who),
        k::ANY_SMTP,
        &who.site.hosts.submission,
        Service::Submission,
    );
    let rows = rows.act(who.says(k::ANY_SIGN_IN));
    let port = |service| {
        who.site
            .endpoints
            .port(service, Tls::StartTls)
            .map(|port| port.to_string())
    };
    let ports = (
        port(Service::Imap),
        port(Service::Pop3),
        port(Service::Submission),
    );
    let (Some(imap), Some(pop3), Some(submission)) = ports else {
        return rows;
    };
    let values = [
        ("imap", imap.as_str()),
        ("pop3", &pop3),
        ("submission", &submission),
    ];
    let text = who.words.rich(k::ANY_STARTTLS, &values);
    rows.why(text)
}

fn user(who: For<'_>) -> Html {
    match who.account {
        Some(account) => who
            .words
            .rich(k::ANY_USER, &[("value", &account.address.to_string())]),
        None => {
            let example = settings::example(who.site, who.words);
            who.words
                .rich(k::ANY_USER_GENERIC, &[("example", &example)])
        }
    }
}

/// A server with its encrypted port, if it is served.
fn server<'a>(rows: Rows<'a>, sentence: Key, host: &str, service: Service) -> Rows<'a> {
    let Some(port) = rows.who.site.endpoints.port(service, Tls::Implicit) else {
        return rows;
    };
    let text = rows
        .who
        .words
        .rich(sentence, &[("host", host), ("port", &port.to_string())]);
    rows.act(text)
}
