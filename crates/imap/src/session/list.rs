//! LIST and LSUB. RFC 3501 sections 6.3.8 and 6.3.9, RFC 3348, RFC 5258, RFC 6154.

use std::collections::{BTreeMap, BTreeSet};

use super::core::Core;
use super::job::{After, Broken, Job, Tell, Verdict};
use super::pattern::{Pattern, SEPARATOR};
use super::refusal::Asked;
use crate::codec::command::Tag;
use crate::codec::list::{List, ListKind};
use crate::codec::write::{Reply, Writer};
use crate::limits;
use crate::question::{Mailbox, Piece, Question, SpecialUse};

/// LIST and LSUB begin.
pub(super) fn list(core: &mut Core, tag: Tag, list: List) -> After {
    // An empty pattern asks for the separator. RFC 3501 section 6.3.8; RFC 5258 section 3
    // has that for the basic form alone.
    if list.kind == ListKind::Basic && list.patterns.iter().all(String::is_empty) {
        core.write()
            .syntax("* LIST (\\Noselect) \"/\" \"\"")
            .end_line();
        return After::Answer(tag, Reply::ok("Listed"), Tell::All);
    }
    After::ask(
        Question::Mailboxes,
        Listing {
            tag,
            list,
            names: Names::default(),
            verdict: Verdict::default(),
        },
    )
}

struct Listing {
    tag: Tag,
    list: List,
    names: Names,
    verdict: Verdict,
}

/// All that there is to be listed.
#[derive(Default)]
struct Names {
    mailboxes: Vec<Mailbox>,
    subscriptions: Vec<String>,
}

impl Job for Listing {
    fn piece(&mut self, _: &mut Core, piece: Piece) -> Result<(), Broken> {
        match self.verdict.take(piece) {
            Some(Piece::Mailboxes(mailboxes)) => {
                let room = limits::MAILBOXES.saturating_sub(self.names.mailboxes.len());
                self.names
                    .mailboxes
                    .extend(mailboxes.into_iter().take(room));
            }
            Some(Piece::Subscriptions(names)) => {
                let room = limits::MAILBOXES.saturating_sub(self.names.subscriptions.len());
                self.names
                    .subscriptions
                    .extend(names.into_iter().take(room));
            }
            _ => {}
        }
        Ok(())
    }

    fn end(self: Box<Self>, core: &mut Core) -> Result<After, Broken> {
        if let Some(refusal) = self.verdict.refusal() {
            return Ok(core.refuse(self.tag, refusal, Asked::Other));
        }
        let response = if self.list.kind == ListKind::Lsub {
            "LSUB"
        } else {
            "LIST"
        };
        for line in lines(&self.names, &self.list) {
            line.write(core.write(), response);
        }
        Ok(After::Answer(self.tag, Reply::ok("Listed"), Tell::All))
    }
}

/// One line of the answer.
#[derive(Debug, PartialEq, Eq)]
struct Entry<'a> {
    name: &'a str,
    attributes: Vec<&'static str>,
    /// Selection options that something below fulfils. RFC 5258 section 3.5.
    child_info: Vec<&'static str>,
}

impl Entry<'_> {
    fn write(&self, to: &mut Writer, response: &'static str) {
        to.syntax("* ").syntax(response).syntax(" ");
        to.list(&self.attributes, |to, attribute| {
            to.syntax(attribute);
        });
        to.syntax(" \"/\" ").mailbox(self.name);
        if !self.child_info.is_empty() {
            to.syntax(" (\"CHILDINFO\" ")
                .list(&self.child_info, |to, option| {
                    to.string(option.as_bytes());
                });
            to.syntax(")");
        }
        to.end_line();
    }
}

/// What is known of a name.
#[derive(Clone, Copy, Default)]
struct Node {
    exists: bool,
    special_use: Option<SpecialUse>,
    subscribed: bool,
    /// A mailbox is below it.
    has_children: bool,
    /// Something below it is wanted.
    has_wanted: bool,
}

/// The answer, INBOX first, then in the order of names.
fn lines<'a>(names: &'a Names, list: &List) -> Vec<Entry<'a>> {
    let wanted = |node: &Node| match list.kind {
        ListKind::Basic => node.exists || node.has_children,
        ListKind::Lsub => node.subscribed,
        ListKind::Extended if list.select.subscribed || list.select.special_use => {
            (!list.select.subscribed || node.subscribed)
                && (!list.select.special_use || node.special_use.is_some())
        }
        ListKind::Extended => node.exists || node.has_children,
    };
    let patterns: Vec<Pattern> = list
        .patterns
        .iter()
        .map(|pattern| Pattern::new(&list.reference, pattern))
        .collect();
    let matches = |name: &str| patterns.iter().any(|pattern| pattern.matches(name));
    let mut tree = tree(names);
    for name in ancestors_of_wanted(&tree, list.kind, wanted, matches) {
        tree.entry(name).or_default().has_wanted = true;
    }
    let above = match list.kind {
        ListKind::Lsub => true,
        ListKind::Extended => list.select.recursive,
        ListKind::Basic => false,
    };
    let mut entries: Vec<Entry<'a>> = tree
        .iter()
        .filter(|(_, node)| wanted(node) || (above && node.has_wanted))
        .filter(|(name, _)| matches(name))
        .map(|(name, node)| entry(name, node, list))
        .collect();
    entries.sort_by_key(|entry| entry.name != "INBOX");
    entries
}

/// Every name that there is, with the names above it.
fn tree(names: &Names) -> BTreeMap<&str, Node> {
    let mut tree: BTreeMap<&str, Node> = BTreeMap::new();
    for name in &names.subscriptions {
        tree.entry(name).or_default().subscribed = true;
    }
    for mailbox in &names.mailboxes {
        let node = tree.entry(&mailbox.name).or_default();
        (node.exists, node.special_use) = (true, mailbox.special_use);
        for above in ancestors(&mailbox.name) {
            tree.entry(above).or_default().has_children = true;
        }
    }
    tree
}

/// The names above those that are wanted. For LSUB only where the name itself is not
/// shown, as its level is then all that the client learns (RFC 3501 section 6.3.9); for
/// the rest wherever it is (RFC 5258 section 3.1, note 2).
fn ancestors_of_wanted<'a>(
    tree: &BTreeMap<&'a str, Node>,
    kind: ListKind,
    wanted: impl Fn(&Node) -> bool,
    matches: impl Fn(&str) -> bool,
) -> BTreeSet<&'a str> {
    let below = tree.iter().filter(|(_, node)| wanted(node));
    let hidden = below.filter(|(name, _)| kind != ListKind::Lsub || !matches(name));
    hidden.flat_map(|(name, _)| ancestors(name)).collect()
}

/// `a` and `a/b` of `a/b/c`.
fn ancestors(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices(SEPARATOR)
        .filter_map(|(index, _)| name.get(..index))
        .filter(|name| !name.is_empty())
}

fn entry<'a>(name: &'a str, node: &Node, list: &List) -> Entry<'a> {
    let mut attributes = Vec::new();
    match list.kind {
        ListKind::Lsub => {
            if !node.subscribed {
                attributes.push("\\Noselect");
            }
            return Entry {
                name,
                attributes,
                child_info: Vec::new(),
            };
        }
        ListKind::Basic if !node.exists => attributes.push("\\Noselect"),
        ListKind::Extended if !node.exists => attributes.push("\\NonExistent"),
        ListKind::Basic | ListKind::Extended => {}
    }
    if node.subscribed && (list.select.subscribed || list.returned.subscribed) {
        attributes.push("\\Subscribed");
    }
    attributes.push(if node.has_children {
        "\\HasChildren"
    } else {
        "\\HasNoChildren"
    });
    attributes.extend(node.special_use.map(SpecialUse::name));
    let mut child_info = Vec::new();
    if list.select.recursive && node.has_wanted {
        child_info.extend(list.select.subscribed.then_some("SUBSCRIBED"));
        child_info.extend(list.select.special_use.then_some("SPECIAL-USE"));
    }
    Entry {
        name,
        attributes,
        child_info,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::command::Command;
    use crate::codec::parse::parse;

    /// The answer of a small account to a command.
    fn answer(command: &str) -> String {
        let mailbox = |name: &str, special_use| Mailbox {
            name: name.into(),
            special_use,
        };
        let names = Names {
            mailboxes: vec![
                mailbox("INBOX", None),
                mailbox("Sent", Some(SpecialUse::Sent)),
                mailbox("Trash", Some(SpecialUse::Trash)),
                mailbox("Clients/Été", None),
                mailbox("Clients/Hiver/2026", None),
                mailbox("a\"b\\c", None),
            ],
            subscriptions: ["INBOX", "Sent", "Clients/Hiver/2026", "Gone/Away"]
                .map(String::from)
                .to_vec(),
        };
        let request = parse(format!("a {command}").as_bytes()).unwrap();
        let Command::List(list) = request.command else {
            panic!("no LIST")
        };
        let mut writer = Writer::default();
        for line in lines(&names, &list) {
            line.write(&mut writer, "");
        }
        let text = String::from_utf8(writer.take()).unwrap();
        text.replace("*  ", "")
            .replace(" \"/\"", "")
            .trim_end()
            .replace("\r\n", "\n")
    }

    #[test]
    fn all_of_it() {
        assert_eq!(
            answer("LIST \"\" *"),
            "(\\HasNoChildren) \"INBOX\"\n\
             (\\Noselect \\HasChildren) \"Clients\"\n\
             (\\Noselect \\HasChildren) \"Clients/Hiver\"\n\
             (\\HasNoChildren) \"Clients/Hiver/2026\"\n\
             (\\HasNoChildren) \"Clients/&AMk-t&AOk-\"\n\
             (\\HasNoChildren \\Sent) \"Sent\"\n\
             (\\HasNoChildren \\Trash) \"Trash\"\n\
             (\\HasNoChildren) {5}\na\"b\\c"
        );
    }

    #[test]
    fn one_level() {
        assert_eq!(answer("LIST Clients/ %"), answer("LIST \"\" Clients/%"));
        assert_eq!(
            answer("LIST \"\" Clients/%"),
            "(\\Noselect \\HasChildren) \"Clients/Hiver\"\n(\\HasNoChildren) \"Clients/&AMk-t&AOk-\""
        );
        assert_eq!(answer("LIST \"\" inbox"), "(\\HasNoChildren) \"INBOX\"");
        assert_eq!(answer("LIST \"\" nowhere"), "");
    }

    #[test]
    fn subscriptions() {
        assert_eq!(
            answer("LSUB \"\" *"),
            "() \"INBOX\"\n() \"Clients/Hiver/2026\"\n() \"Gone/Away\"\n() \"Sent\""
        );
        assert_eq!(
            answer("LSUB \"\" %"),
            "() \"INBOX\"\n(\\Noselect) \"Clients\"\n(\\Noselect) \"Gone\"\n() \"Sent\""
        );
        assert_eq!(
            answer("LIST (SUBSCRIBED) \"\" *"),
            "(\\Subscribed \\HasNoChildren) \"INBOX\"\n\
             (\\Subscribed \\HasNoChildren) \"Clients/Hiver/2026\"\n\
             (\\NonExistent \\Subscribed \\HasNoChildren) \"Gone/Away\"\n\
             (\\Subscribed \\HasNoChildren \\Sent) \"Sent\""
        );
        assert_eq!(
            answer("LIST (SUBSCRIBED RECURSIVEMATCH) \"\" %"),
            "(\\Subscribed \\HasNoChildren) \"INBOX\"\n\
             (\\NonExistent \\HasChildren) \"Clients\" (\"CHILDINFO\" (\"SUBSCRIBED\"))\n\
             (\\NonExistent \\HasNoChildren) \"Gone\" (\"CHILDINFO\" (\"SUBSCRIBED\"))\n\
             (\\Subscribed \\HasNoChildren \\Sent) \"Sent\""
        );
    }

    #[test]
    fn special_uses() {
        assert_eq!(
            answer("LIST (SPECIAL-USE) \"\" *"),
            "(\\HasNoChildren \\Sent) \"Sent\"\n(\\HasNoChildren \\Trash) \"Trash\""
        );
        assert_eq!(
            answer("LIST (SPECIAL-USE SUBSCRIBED) \"\" * RETURN (SUBSCRIBED)"),
            "(\\Subscribed \\HasNoChildren \\Sent) \"Sent\""
        );
        assert_eq!(
            answer("LIST \"\" (INBOX S%) RETURN (SUBSCRIBED CHILDREN SPECIAL-USE)"),
            "(\\Subscribed \\HasNoChildren) \"INBOX\"\n(\\Subscribed \\HasNoChildren \\Sent) \"Sent\""
        );
    }
}
