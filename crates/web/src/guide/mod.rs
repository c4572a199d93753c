//! Guides as data: steps in the order of the device's screens, each with what is done
//! to each of its fields. The pages write them as text; what draws the screens later
//! reads the same rows.

mod android_email;
mod any;

use directory::Account;
use service::endpoints::{Service, Tls};
use words::{Key, keys as k};

pub(crate) use android_email::android_email;
pub(crate) use any::any;

use crate::rich::{Html, Words};
use crate::settings;
use crate::site::Site;

/// How the device fetches its mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Imap,
    Pop3,
}

impl Protocol {
    pub(crate) const ALL: [Self; 2] = [Self::Imap, Self::Pop3];

    /// As it stands in a path.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
        }
    }

    pub(crate) fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|protocol| protocol.slug() == slug)
    }

    pub(crate) fn service(self) -> Service {
        match self {
            Self::Imap => Service::Imap,
            Self::Pop3 => Service::Pop3,
        }
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::Imap => Self::Pop3,
            Self::Pop3 => Self::Imap,
        }
    }
}

/// For whom a guide is written.
#[derive(Clone, Copy)]
pub(crate) struct For<'a> {
    pub(crate) site: &'a Site,
    pub(crate) words: Words,
    /// Whose values it holds; None for the general ones.
    pub(crate) account: Option<&'a Account>,
}

/// One screen of the device.
pub(crate) struct Step {
    /// What the round calls it.
    pub(crate) stop: String,
    /// The screen's own title.
    pub(crate) title: String,
    /// What is done there, in order.
    pub(crate) rows: Vec<Row>,
    /// What a choice costs, and what is easily missed.
    pub(crate) notes: Vec<Html>,
    /// The port that is typed there: of which service, and how it is encrypted.
    pub(crate) port: Option<(Service, Tls)>,
}

/// One field or button.
pub(crate) struct Row {
    pub(crate) mark: Mark,
    pub(crate) text: Html,
    /// Sentences in the second voice below it.
    pub(crate) why: Vec<Html>,
}

/// What stands before a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It is right already: a tick.
    Right,
    /// To do, in this order: a filled disc.
    Do(usize),
    /// The last thing to do, which leaves the screen: a ring.
    Leave(usize),
}

impl Mark {
    /// Its number, if it is something to do.
    pub(crate) fn number(&self) -> Option<usize> {
        match self {
            Self::Right => None,
            Self::Do(number) | Self::Leave(number) => Some(*number),
        }
    }

    pub(crate) fn class(&self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Do(_) => "do",
            Self::Leave(_) => "do leave",
        }
    }
}

/// A message of the device, and what helps.
pub(crate) struct Remedy {
    pub(crate) messages: Vec<String>,
    pub(crate) remedy: Html,
}

/// A whole guide.
pub(crate) struct Guide {
    pub(crate) steps: Vec<Step>,
    /// What the device says when it refuses, and what to do then.
    pub(crate) remedies: Vec<Remedy>,
    /// What that part begins with.
    pub(crate) refuses: Html,
}

/// Gathers the rows of a screen and numbers what is to do.
struct Rows<'a> {
    who: For<'a>,
    rows: Vec<Row>,
    done: usize,
}

impl<'a> Rows<'a> {
    fn new(who: For<'a>) -> Self {
        Self {
            who,
            rows: Vec::new(),
            done: 0,
        }
    }

    fn push(mut self, mark: Mark, text: Html) -> Self {
        self.rows.push(Row {
            mark,
            text,
            why: Vec::new(),
        });
        self
    }

    /// A field that is right already.
    fn right(self, text: Html) -> Self {
        self.push(Mark::Right, text)
    }

    /// Something to do.
    fn act(mut self, text: Html) -> Self {
        self.done += 1;
        let mark = Mark::Do(self.done);
        self.push(mark, text)
    }

    /// The button that leaves the screen.
    fn leave(mut self, text: Html) -> Self {
        self.done += 1;
        let mark = Mark::Leave(self.done);
        self.push(mark, text)
    }

    /// A sentence below the row before.
    fn why(mut self, text: Html) -> Self {
        if let Some(row) = self.rows.last_mut() {
            row.why.push(text);
        }
        self
    }
}

/// The sentences that steps are made of.
impl For<'_> {
    fn says(&self, key: Key) -> Html {
        self.words.h(key)
    }

    /// A sentence about the field of that label.
    fn field(&self, sentence: Key, label: Key) -> Html {
        self.words
            .rich(sentence, &[("label", &self.words.t(label))])
    }

    /// The same, with an exact value.
    fn field_value(&self, sentence: Key, label: Key, value: &str) -> Html {
        self.words.rich(
            sentence,
            &[("label", &self.words.t(label)), ("value", value)],
        )
    }

    /// The same, with another label of the device as its value.
    fn field_choice(&self, sentence: Key, label: Key, choice: Key) -> Html {
        self.field_value(sentence, label, &self.words.t(choice))
    }

    /// The device's label and, where some tablets spell it otherwise, theirs.
    fn with_also(&self, plain: Key, also_too: Key, label: Key, spelled: [Key; 2]) -> Html {
        let [one, other] = spelled.map(|key| self.words.t(key));
        let label = self.words.t(label);
        if one == other {
            return self
                .words
                .rich(plain, &[("label", &label), ("value", &one)]);
        }
        self.words.rich(
            also_too,
            &[("label", &label), ("value", &one), ("also", &other)],
        )
    }

    /// The reader's address, where a field wants it typed.
    fn write_address(&self, label: Key) -> Html {
        match self.account {
            Some(account) => self.field_value(k::GUIDE_WRITE, label, &account.address.to_string()),
            None => {
                let example = settings::example(self.site, self.words);
                let label = self.words.t(label);
                self.words.rich(
                    k::GUIDE_WRITE_ADDRESS,
                    &[("label", &label), ("example", &example)],
                )
            }
        }
    }

    /// The reader's address, where the device has put it itself.
    fn address_is_right(&self, label: Key) -> Html {
        match self.account {
            Some(account) => self.field_value(k::GUIDE_RIGHT, label, &account.address.to_string()),
            None => self.field(k::GUIDE_RIGHT_ADDRESS, label),
        }
    }
}
