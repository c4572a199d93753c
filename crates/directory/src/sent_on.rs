//! The senders of messages that are sent on: the Sender Rewriting Scheme (Meng Weng Wong,
//! "SRS: Sender Rewriting Scheme", 2003; RFC 7208 section D.2 names the need).
//!
//! A host that is handed a message asks whether the domain of its sender lets ours send for
//! it (SPF), and it does not. So what leaves by a redirection or an alias leaves with a sender
//! of our own, in which the first one stands, and a report that comes back to it is brought
//! to that one:
//!
//! ```text
//! SRS0=hash=day=their.domain=local@our.domain      sent on from here first
//! SRS1=hash=first.host==rest@our.domain            sent on by first.host before
//! ```
//!
//! Nobody else can make one: `hash` is a MAC of the rest under a key that never leaves the
//! directory. The day, counted round in two letters, ends it after [`DAYS`]; of one with
//! `SRS1` that is the first host's to look at. Hosts that fold the local part change nothing
//! that counts: hash and day are letters of which case says nothing.

use address::{Address, Domain};
use jiff::Timestamp;
use subtle::ConstantTimeEq;

use crate::edit::{Change, Edit, View};
use crate::keys::SenderKeyKey;
use crate::records::SenderKeyRecord;
use crate::{Directory, DirectoryError};

/// For how long reports come back: a message is tried for five days here and as long at the
/// host that takes it (RFC 5321 section 4.5.4.1), and some hosts take longer.
const DAYS: i64 = 21;
/// Days that two letters tell apart.
const ROUND: i64 = 1024;
/// Octets of the hash: who sends a million guesses a day meets one in three thousand years.
const HASH_OCTETS: usize = 5;
/// What tells one that was sent on from here first.
const FIRST: &str = "SRS0";
/// What tells one that was sent on by another host before.
const AGAIN: &str = "SRS1";
/// RFC 4648 section 6, in lower case.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// What the hashes are made with.
pub(crate) type SenderKey = [u8; blake3::KEY_LEN];

impl Directory {
    /// The sender with which a message leaves that is sent on by an address of this domain of
    /// ours. None where that is longer than a local part may be: then it leaves with none, as
    /// what nobody wants a report of.
    pub async fn sent_on(
        &self,
        sender: &Address,
        by: &Domain,
        now: Timestamp,
    ) -> Result<Option<Address>, DirectoryError> {
        let local = rewritten(&self.sender_key().await?, sender, now);
        let local = quoted(&local).parse().ok();
        Ok(local.map(|local| Address::new(local, by.clone())))
    }

    /// Whose message it was that has this sender, if it was sent on from here, and lately.
    pub(crate) async fn sender_of(
        &self,
        address: &Address,
        now: Timestamp,
    ) -> Result<Option<Address>, DirectoryError> {
        Ok(first_sender(&self.sender_key().await?, address, now))
    }

    /// The key, which is made when it is first needed.
    async fn sender_key(&self) -> Result<SenderKey, DirectoryError> {
        let seen = self.view().await?.get(&SenderKeyKey).await?;
        match seen {
            Some(seen) => Ok(seen.record.0),
            None => self.make(&MakeKey(rand::random())).await,
        }
    }
}

struct MakeKey(SenderKey);

impl Change for MakeKey {
    type Done = SenderKey;

    async fn plan(&self, view: &View, edit: &mut Edit) -> Result<SenderKey, DirectoryError> {
        // Another process may have been sooner.
        if let Some(seen) = view.get(&SenderKeyKey).await? {
            edit.replace(&SenderKeyKey, &seen, &seen.record)?;
            return Ok(seen.record.0);
        }
        edit.create(&SenderKeyKey, &SenderKeyRecord(self.0))?;
        Ok(self.0)
    }
}

/// Whether an address looks like the sender of a message that was sent on, by whomever.
pub(crate) fn has_the_look(address: &Address) -> bool {
    [FIRST, AGAIN]
        .iter()
        .any(|kind| after(address.local().as_str(), kind).is_some())
}

/// What stands behind the kind and its sign, which another host may have made `+` or `-`.
fn after<'a>(local: &'a str, kind: &str) -> Option<&'a str> {
    let head = local.get(..kind.len())?;
    let rest = local.get(kind.len()..)?;
    let rest = rest.strip_prefix(['=', '+', '-'])?;
    head.eq_ignore_ascii_case(kind).then_some(rest)
}

fn rewritten(key: &SenderKey, sender: &Address, now: Timestamp) -> String {
    let local = sender.local().as_str();
    if let Some(rest) = after(local, AGAIN)
        && let Some((_, first)) = rest.split_once('=')
    {
        return signed(key, AGAIN, first);
    }
    if after(local, FIRST).is_some() {
        // With its sign: it is given back as it came.
        let rest = local.get(FIRST.len()..).unwrap_or_default();
        return signed(key, AGAIN, &format!("{}={rest}", sender.domain()));
    }
    let day = letters(day(now));
    signed(key, FIRST, &format!("{day}={}={local}", sender.domain()))
}

fn signed(key: &SenderKey, kind: &str, rest: &str) -> String {
    format!("{kind}={}={rest}", text(&hash(key, kind, rest)))
}

fn first_sender(key: &SenderKey, address: &Address, now: Timestamp) -> Option<Address> {
    let local = address.local().as_str();
    if let Some(rest) = after(local, FIRST) {
        let rest = proven(key, FIRST, rest)?;
        let (letters, rest) = rest.split_once('=')?;
        let age = (day(now) - number(letters)?).rem_euclid(ROUND);
        let (domain, local) = rest.split_once('=')?;
        let sender = Address::new(quoted(local).parse().ok()?, domain.parse().ok()?);
        return (age <= DAYS).then_some(sender);
    }
    let (domain, rest) = proven(key, AGAIN, after(local, AGAIN)?)?.split_once('=')?;
    let local = quoted(&format!("{FIRST}{rest}")).parse().ok()?;
    Some(Address::new(local, domain.parse().ok()?))
}

/// What was signed, if it was.
fn proven<'a>(key: &SenderKey, kind: &str, text: &'a str) -> Option<&'a str> {
    let (told, rest) = text.split_once('=')?;
    let told = octets(told)?;
    // Compared in the same time however much of it is right.
    bool::from(told.ct_eq(&hash(key, kind, rest))).then_some(rest)
}

fn hash(key: &SenderKey, kind: &str, rest: &str) -> [u8; HASH_OCTETS] {
    let text = format!("{kind}={}", rest.to_lowercase());
    let whole = blake3::keyed_hash(key, text.as_bytes());
    let mut hash = [0; HASH_OCTETS];
    hash.iter_mut()
        .zip(whole.as_bytes())
        .for_each(|(to, from)| *to = *from);
    hash
}

fn day(now: Timestamp) -> i64 {
    now.as_second().div_euclid(24 * 60 * 60).rem_euclid(ROUND)
}

/// A day in two letters.
fn letters(day: i64) -> String {
    [day >> 5, day & 31].into_iter().map(letter).collect()
}

fn number(letters: &str) -> Option<i64> {
    let mut values = letters.bytes().map(value);
    match (values.next()??, values.next()??, values.next()) {
        (high, low, None) => Some(high << 5 | low),
        _ => None,
    }
}

fn letter(value: i64) -> char {
    let index = usize::try_from(value & 31).unwrap_or(0);
    char::from(LETTERS.get(index).copied().unwrap_or(b'a'))
}

fn value(letter: u8) -> Option<i64> {
    let lower = letter.to_ascii_lowercase();
    let index = LETTERS.iter().position(|one| *one == lower)?;
    i64::try_from(index).ok()
}

/// Five octets in eight letters.
fn text(hash: &[u8; HASH_OCTETS]) -> String {
    let all = hash
        .iter()
        .fold(0_i64, |all, octet| all << 8 | i64::from(*octet));
    (0..8).rev().map(|at| letter(all >> (5 * at))).collect()
}

fn octets(text: &str) -> Option<[u8; HASH_OCTETS]> {
    if text.len() != 8 {
        return None;
    }
    let all = text
        .bytes()
        .try_fold(0_i64, |all, letter| Some(all << 5 | value(letter)?))?;
    let [_, _, _, hash @ ..] = all.to_be_bytes();
    Some(hash)
}

/// A local part as it can be read, whatever is in it.
fn quoted(local: &str) -> String {
    format!("\"{}\"", local.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: SenderKey = [7; 32];
    const DAY: i64 = 24 * 60 * 60;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(20_000 * DAY + day * DAY).unwrap()
    }

    fn address(text: &str) -> Address {
        text.parse().unwrap()
    }

    fn sent_on(sender: &str, by: &str) -> String {
        let local = rewritten(&KEY, &address(sender), at(0));
        format!("{}@{by}", quoted(&local))
            .parse::<Address>()
            .unwrap()
            .to_string()
    }

    fn back(text: &str, day: i64) -> Option<String> {
        let sender = first_sender(&KEY, &text.parse().ok()?, at(day));
        sender.map(|sender| sender.to_string())
    }

    #[test]
    fn a_report_comes_back_for_three_weeks() {
        let sender = sent_on("Lea@loin.example", "a.fr");
        assert!(sender.starts_with("SRS0=") && sender.ends_with("=loin.example=Lea@a.fr"));
        for day in [0, DAYS] {
            assert_eq!(back(&sender, day).as_deref(), Some("Lea@loin.example"));
        }
        // The day after, the day before it was made, and when the days have gone round.
        for day in [DAYS + 1, -1, ROUND - 1] {
            assert_eq!(back(&sender, day), None, "{day}");
        }
        assert!(back(&sender, ROUND).is_some());
    }

    #[test]
    fn whoever_sends_it_on_next_names_the_first_alone() {
        let first = sent_on("lea@loin.example", "a.fr");
        let second = sent_on(&first, "b.fr");
        let third = sent_on(&second, "c.fr");
        let (_, rest) = first.split_once('=').unwrap();
        let (rest, _) = rest.rsplit_once('@').unwrap();
        assert!(second.ends_with(&format!("=a.fr=={rest}@b.fr")), "{second}");
        assert!(third.ends_with(&format!("=a.fr=={rest}@c.fr")), "{third}");
        for sender in [second, third] {
            assert_eq!(back(&sender, 0).as_deref(), Some(first.as_str()));
        }
        // One that another program made comes back to it as it was.
        let theirs = "SRS0+a1B2=Zz=x.example=Lea@a.fr";
        assert_eq!(back(&sent_on(theirs, "b.fr"), 0).as_deref(), Some(theirs));
    }

    #[test]
    fn what_we_have_not_made_comes_back_to_nobody() {
        let good = sent_on("lea@loin.example", "a.fr");
        let folded = good.to_uppercase();
        assert_eq!(back(&folded, 0).as_deref(), Some("LEA@loin.example"));
        let hash = &good[5..13];
        for forged in [
            good.replace("loin", "pres"),
            good.replace("=lea@", "=leo@"),
            good.replace(hash, "aaaaaaaa"),
            good.replace(hash, ""),
            good.replace(hash, "\u{e9}aaaaaa"),
            good.replace("SRS0", "SRS1"),
            good.replace("SRS0=", "SRS0"),
            "SRS0=@a.fr".into(),
            "SRS0@a.fr".into(),
            "SRS1=a=b=c@a.fr".into(),
        ] {
            assert_eq!(back(&forged, 0), None, "{forged}");
        }
        let other = first_sender(&[8; 32], &address(&good), at(0));
        assert_eq!(other, None);
    }

    #[test]
    fn a_hash_is_written_in_eight_letters() {
        for hash in [[0; 5], [255; 5], [1, 2, 3, 4, 5]] {
            assert_eq!(octets(&text(&hash)), Some(hash));
        }
        assert_eq!(text(&[0; 5]), "aaaaaaaa");
        assert_eq!((octets("aaaaaaa"), octets("aaaaaaa1")), (None, None));
    }

    proptest! {
        #[test]
        fn every_sender_comes_back(local in "[ -~é]{1,40}", again: bool) {
            let sender = Address::new(quoted(&local).parse().unwrap(), "x.example".parse().unwrap());
            prop_assume!(!has_the_look(&sender));
            let mut on = sent_on(&sender.to_string(), "a.fr");
            let mut expected = sender.to_string();
            if again {
                (expected, on) = (on.clone(), sent_on(&on, "b.fr"));
            }
            prop_assert_eq!(back(&on, 3), Some(expected));
        }

        #[test]
        fn any_address_is_read_without_harm(local in "(SRS[01][=+-])?.{1,40}") {
            let text = format!("{}@a.fr", quoted(&local));
            if let Ok(address) = text.parse::<Address>() {
                prop_assert_eq!(first_sender(&KEY, &address, at(0)), None);
                let _ = rewritten(&KEY, &address, at(0));
            }
        }
    }
}
