//! Status responses: OK, NO, BAD, with a code and words. RFC 9051 section 7.1.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::Writer;
use crate::codec::command::Tag;
use crate::codec::flag::{Keyword, SystemFlag};
use crate::codec::object::ObjectId;
use crate::number::{SequenceNumber, Uid, UidRun, UidValidity};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Ok,
    No,
    Bad,
}

/// A status response without its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) condition: Condition,
    pub(crate) code: Option<Code>,
    pub(crate) text: Cow<'static, str>,
}

/// What a program can read in a status response. RFC 9051 section 7.1, RFC 5530.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Alert,
    AlreadyExists,
    /// RFC 4315.
    AppendUid(UidValidity, Uid),
    AuthenticationFailed,
    AuthorizationFailed,
    BadCharset,
    Cannot,
    /// The list, ready to be written.
    Capability(String),
    /// RFC 4315: the nth of the first became the nth of the second.
    CopyUid(UidValidity, UidRun, UidRun),
    ExpungeIssued,
    Limit,
    /// RFC 8474 section 4.
    MailboxId(ObjectId),
    NonExistent,
    OverQuota,
    /// The keywords beside the system flags; `None` where nothing may be changed.
    PermanentFlags(Option<Vec<Keyword>>),
    PrivacyRequired,
    ReadOnly,
    ReadWrite,
    /// RFC 7889 section 3.
    TooBig,
    TryCreate,
    UidNext(u32),
    UidValidity(UidValidity),
    Unavailable,
    Unseen(SequenceNumber),
}

impl Reply {
    pub(crate) fn ok(text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            condition: Condition::Ok,
            code: None,
            text: text.into(),
        }
    }

    pub(crate) fn no(text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            condition: Condition::No,
            code: None,
            text: text.into(),
        }
    }

    pub(crate) fn bad(text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            condition: Condition::Bad,
            code: None,
            text: text.into(),
        }
    }

    pub(crate) fn with(self, code: Code) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }
}

impl Writer {
    /// The answer to a command, or to one whose tag could not be read.
    pub(crate) fn reply(&mut self, tag: Option<&Tag>, reply: &Reply) {
        self.syntax(tag.map_or("*", Tag::as_str))
            .syntax(match reply.condition {
                Condition::Ok => " OK ",
                Condition::No => " NO ",
                Condition::Bad => " BAD ",
            });
        if let Some(code) = &reply.code {
            self.syntax("[").code(code).syntax("] ");
        }
        self.text(&reply.text).end_line();
    }

    /// `* OK [code] text`.
    pub(crate) fn untagged_ok(&mut self, code: Code, text: &'static str) {
        self.reply(None, &Reply::ok(text).with(code));
    }

    /// `* BYE text`.
    pub(crate) fn bye(&mut self, text: &str) {
        self.syntax("* BYE ").text(text).end_line();
    }

    fn code(&mut self, code: &Code) -> &mut Self {
        let name = match code {
            Code::Alert => "ALERT",
            Code::AlreadyExists => "ALREADYEXISTS",
            Code::AppendUid(validity, uid) => {
                return self
                    .syntax("APPENDUID ")
                    .number(validity.0.get())
                    .syntax(" ")
                    .number(uid.get());
            }
            Code::AuthenticationFailed => "AUTHENTICATIONFAILED",
            Code::AuthorizationFailed => "AUTHORIZATIONFAILED",
            Code::BadCharset => "BADCHARSET (US-ASCII UTF-8)",
            Code::Cannot => "CANNOT",
            Code::Capability(list) => return self.syntax("CAPABILITY ").syntax(list),
            Code::CopyUid(validity, from, to) => {
                self.syntax("COPYUID ").number(validity.0.get());
                return self.syntax(" ").uid_run(from).syntax(" ").uid_run(to);
            }
            Code::ExpungeIssued => "EXPUNGEISSUED",
            Code::Limit => "LIMIT",
            Code::MailboxId(id) => return self.object("MAILBOXID", id),
            Code::NonExistent => "NONEXISTENT",
            Code::OverQuota => "OVERQUOTA",
            Code::PermanentFlags(kept) => {
                return self.syntax("PERMANENTFLAGS ").permanent(kept.as_deref());
            }
            Code::PrivacyRequired => "PRIVACYREQUIRED",
            Code::ReadOnly => "READ-ONLY",
            Code::ReadWrite => "READ-WRITE",
            Code::TooBig => "TOOBIG",
            Code::TryCreate => "TRYCREATE",
            Code::UidNext(uid) => return self.syntax("UIDNEXT ").number(*uid),
            Code::UidValidity(validity) => {
                return self.syntax("UIDVALIDITY ").number(validity.0.get());
            }
            Code::Unavailable => "UNAVAILABLE",
            Code::Unseen(number) => return self.syntax("UNSEEN ").number(number.0.get()),
        };
        self.syntax(name)
    }

    fn uid_run(&mut self, run: &UidRun) -> &mut Self {
        let mut comma = "";
        for (from, to) in run.ranges() {
            self.syntax(comma).number(from.get());
            if from != to {
                self.syntax(":").number(to.get());
            }
            comma = ",";
        }
        self
    }

    fn permanent(&mut self, kept: Option<&[Keyword]>) -> &mut Self {
        let Some(keywords) = kept else {
            return self.syntax("()");
        };
        let system = SystemFlag::ALL.iter().map(|flag| flag.name());
        let all = system
            .chain(keywords.iter().map(Keyword::as_str))
            .chain(["\\*"]);
        self.list(all, |to, flag| {
            let _ = to.write_str(flag);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(reply: &Reply) -> String {
        let mut writer = Writer::default();
        writer.reply(None, reply);
        String::from_utf8(writer.take()).unwrap()
    }

    #[test]
    fn codes_stand_before_the_words() {
        let validity = UidValidity(38_505.try_into().unwrap());
        let run = |uids: &[u32]| {
            let mut run = UidRun::default();
            uids.iter()
                .for_each(|&uid| run.push(Uid::new(uid).unwrap()));
            run
        };
        let copied = Code::CopyUid(validity, run(&[304, 319, 320]), run(&[3956, 3957, 3958]));
        assert_eq!(
            line(&Reply::ok("Done").with(copied)),
            "* OK [COPYUID 38505 304,319:320 3956:3958] Done\r\n"
        );
        let flags = Code::PermanentFlags(Keyword::new("$Junk").map(|keyword| vec![keyword]));
        assert_eq!(
            line(&Reply::ok("Kept").with(flags)),
            "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Junk \\*)] Kept\r\n"
        );
        assert_eq!(line(&Reply::bad("What?")), "* BAD What?\r\n");
    }
}
