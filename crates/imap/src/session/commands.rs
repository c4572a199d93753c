//! Which command may be given where, and where each begins. RFC 9051 section 6.

use events::Event;
use session::Moment;

use super::capability::capabilities;
use super::core::{Core, State};
use super::job::{After, Tell};
use super::{append, copy, expunge, fetch, idle, list, mailboxes, search, select, sign_in, store};
use crate::codec::command::{Command, Request, Tag};
use crate::codec::parse::parse;
use crate::codec::write::{Code, Reply};
use crate::limits;
use crate::question::Question;

/// Where a command may be given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Anywhere,
    BeforeSignIn,
    SignedIn,
    /// Signed in and before a mailbox is selected: RFC 5161 section 3.1.
    NotSelected,
    Selected,
}

fn place(command: &Command) -> Place {
    match command {
        Command::Capability | Command::Noop | Command::Logout | Command::Id(_) => Place::Anywhere,
        Command::StartTls | Command::Authenticate { .. } | Command::Login { .. } => {
            Place::BeforeSignIn
        }
        Command::Enable => Place::NotSelected,
        Command::Select { .. }
        | Command::Create(_)
        | Command::Delete(_)
        | Command::Rename { .. }
        | Command::Subscribe { .. }
        | Command::List(_)
        | Command::Status { .. }
        | Command::Namespace
        | Command::Idle => Place::SignedIn,
        Command::Check
        | Command::Close
        | Command::Unselect
        | Command::Expunge(_)
        | Command::Search { .. }
        | Command::Fetch { .. }
        | Command::Store { .. }
        | Command::Copy { .. } => Place::Selected,
    }
}

/// Why a command may not be given here.
fn misplaced(state: &State, place: Place) -> Option<&'static str> {
    match (place, state) {
        (Place::Anywhere, _) | (Place::BeforeSignIn, State::NotAuthenticated) => None,
        (Place::BeforeSignIn, _) => Some("You are signed in already"),
        (_, State::NotAuthenticated) => Some("Sign in first"),
        (Place::Selected, State::Authenticated) => Some("Select a mailbox first"),
        (Place::NotSelected, State::Selected(_)) => Some("Not while a mailbox is selected"),
        (Place::SignedIn | Place::NotSelected | Place::Selected, _) => None,
    }
}

/// A whole command came.
pub(super) fn obey(core: &mut Core, now: Moment, frame: &[u8]) -> After {
    let Request { tag, command } = match parse(frame) {
        Ok(request) => request,
        Err(fault) => return core.fault(fault),
    };
    if let Some(why) = misplaced(&core.state, place(&command)) {
        return core.bad(Some(tag), Reply::bad(why));
    }
    core.bad = 0;
    match command {
        Command::Capability => capability(core, tag),
        Command::Noop => After::Answer(tag, Reply::ok("Nothing done"), Tell::All),
        Command::Logout => {
            core.write().bye("Goodbye");
            After::Leave(Some((tag, Reply::ok("Logged out"))), "")
        }
        Command::Id(fields) => id(core, tag, &fields),
        Command::StartTls => start_tls(core, tag),
        Command::Authenticate { mechanism, initial } => {
            sign_in::authenticate(core, tag, &mechanism, initial.as_ref())
        }
        Command::Login { name, password } => sign_in::login(core, tag, name, password),
        Command::Idle => idle::idle(core, now, tag),
        command => about_mailboxes(core, tag, command),
    }
}

fn about_mailboxes(core: &mut Core, tag: Tag, command: Command) -> After {
    match command {
        Command::Select { mailbox, read_only } => select::select(core, tag, mailbox, read_only),
        Command::Create(mailbox) => mailboxes::create(tag, mailbox),
        Command::Delete(mailbox) => mailboxes::change(tag, Question::Delete(mailbox), "Deleted"),
        Command::Rename { from, to } => {
            mailboxes::change(tag, Question::Rename { from, to }, "Renamed")
        }
        Command::Subscribe { mailbox, on } => {
            mailboxes::change(tag, Question::Subscribe { mailbox, on }, "Noted")
        }
        Command::List(list) => list::list(core, tag, list),
        Command::Status { mailbox, items } => mailboxes::status(tag, mailbox, items),
        Command::Namespace => {
            // RFC 2342: one personal namespace, nobody else's.
            core.write()
                .syntax("* NAMESPACE ((\"\" \"/\")) NIL NIL")
                .end_line();
            After::Answer(tag, Reply::ok("That is all"), Tell::All)
        }
        Command::Enable => {
            // RFC 5161 section 3.2: told even where nothing was.
            core.write().syntax("* ENABLED").end_line();
            After::Answer(tag, Reply::ok("Nothing to be enabled"), Tell::Nothing)
        }
        command => about_messages(core, tag, command),
    }
}

fn about_messages(core: &mut Core, tag: Tag, command: Command) -> After {
    match command {
        Command::Check => After::Answer(tag, Reply::ok("All is kept"), Tell::All),
        Command::Close => mailboxes::close(core, tag, true),
        Command::Unselect => mailboxes::close(core, tag, false),
        Command::Expunge(only) => expunge::expunge(core, tag, only.as_ref()),
        Command::Search { by, key } => search::search(core, tag, by, key),
        Command::Fetch { by, set, items } => fetch::fetch(core, tag, by, &set, items),
        Command::Store {
            by,
            set,
            change,
            silent,
        } => store::store(core, tag, by, &set, change, silent),
        Command::Copy {
            by,
            set,
            to,
            moving,
        } => copy::copy(core, tag, by, &set, to, moving),
        // All others were taken before.
        _ => After::Nothing,
    }
}

fn capability(core: &mut Core, tag: Tag) -> After {
    let list = capabilities(core);
    core.write()
        .syntax("* CAPABILITY ")
        .syntax(&list)
        .end_line();
    After::Answer(tag, Reply::ok("That is all"), Tell::All)
}

fn start_tls(core: &mut Core, tag: Tag) -> After {
    if core.encrypted {
        return core.bad(Some(tag), Reply::bad("The connection is encrypted already"));
    }
    core.write().reply(Some(&tag), &Reply::ok("Begin TLS now"));
    After::Secure
}

/// The one that shows no words of ours but those of an ALERT.
const OLD_TABLET: &[u8] = b"com.android.email";

fn id(core: &mut Core, tag: Tag, fields: &[(Vec<u8>, Option<Vec<u8>>)]) -> After {
    let old_tablet = |(name, value): &(Vec<u8>, Option<Vec<u8>>)| {
        name.eq_ignore_ascii_case(b"name") && value.as_deref() == Some(OLD_TABLET)
    };
    core.shows_alerts_only = fields.iter().any(old_tablet);
    if !fields.is_empty() {
        core.note(Event::Greeted {
            name: id_line(fields),
        });
    }
    core.write()
        .syntax("* ID (\"name\" \"Facteur\")")
        .end_line();
    After::Answer(tag, Reply::ok("Pleased to meet you"), Tell::All)
}

/// What a client says it is, as one line: `name=Thunderbird version=150`.
fn id_line(fields: &[(Vec<u8>, Option<Vec<u8>>)]) -> String {
    let mut line = String::new();
    for (name, value) in fields.iter().take(limits::ID_FIELDS) {
        let Some(value) = value else { continue };
        let space = if line.is_empty() { "" } else { " " };
        line += &format!(
            "{space}{}={}",
            String::from_utf8_lossy(name),
            String::from_utf8_lossy(value)
        );
        if line.len() > limits::ID_NOTED {
            break;
        }
    }
    line.retain(|c| !c.is_control());
    line.truncate(line.floor_char_boundary(limits::ID_NOTED));
    line
}

/// What the server says first. RFC 9051 section 7.1.5.
pub(super) fn greet(core: &mut Core) {
    let capabilities = Code::Capability(capabilities(core));
    let reply = Reply::ok(format!("{} is ready", core.settings.host)).with(capabilities);
    core.write().reply(None, &reply);
}

pub(super) use append::{append, too_long};
