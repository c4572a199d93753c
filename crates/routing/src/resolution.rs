//! From a recipient to where its mail goes.

use std::collections::HashSet;

use address::{AccountId, Address, Domain};
use directory::{Account, Found};
use events::Refusal;

/// How many addresses one recipient may come to mean, itself and all aliases on the
/// way included: as many as a message may have recipients here anyway (RFC 5321
/// section 4.5.3.1.8 asks for 100 at least).
pub const ADDRESSES: usize = 1000;
/// How many aliases may stand one behind the other: more than anybody follows by hand.
pub const DEPTH: usize = 16;

/// Who wants mail to go there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// Another server, which may only bring mail for addresses that are served here.
    Stranger,
    /// Another server with mail that nobody sent: a report (RFC 5321 section 4.5.5), which
    /// may also be about what was sent on from here.
    Report,
    /// A user who has signed in and may send to anywhere.
    SignedIn,
    /// We, with a report to anywhere.
    Ourselves,
}

impl Asker {
    fn may_send_anywhere(self) -> bool {
        matches!(self, Asker::SignedIn | Asker::Ourselves)
    }

    fn brings_report(self) -> bool {
        matches!(self, Asker::Report | Asker::Ourselves)
    }
}

/// Where the mail for one recipient goes; at least one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routes {
    /// Where it goes, nearest first.
    pub destinations: Vec<Destination>,
    /// Addresses that an alias on the way leads to and that do not exist. They lose
    /// the mail for nobody else, but somebody should be told.
    pub missing: Vec<Address>,
}

/// One place that the mail goes to, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The place.
    pub place: Place,
    /// The addresses that lead there, the recipient first, and how; none if the recipient is
    /// the place itself.
    pub through: Vec<Step>,
}

/// An address that leads to another, or to its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The address.
    pub address: Address,
    /// How it leads on.
    pub by: By,
}

/// How an address leads to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// It is an alias.
    Alias,
    /// It is an account whose mail goes on.
    Redirection,
    /// It is nothing, and its domain has an alias for all that is nothing.
    CatchAll,
    /// Whoever helps with its domain is reached under it, and it is nothing else.
    Help,
    /// A message that was sent on from here has it as its sender.
    SentOn,
}

/// A place that mail goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// An account here.
    Account(Account),
    /// An address on another host: the queue's to bring there.
    Elsewhere(Address),
}

/// The way from a recipient to its destinations, as far as it is known.
#[derive(Clone, Debug)]
pub struct Resolution {
    asker: Asker,
    /// Who gets what is sent to a postmaster that is not there.
    postmaster: Option<Address>,
    /// In the order in which they are looked up: nearest first. Never empty.
    reached: Vec<Reached>,
    /// How many of them have been looked up.
    answered: usize,
    /// The same addresses. Another host may tell `a@x` from `A@x` (RFC 5321 section
    /// 2.4), and before the lookup nobody knows whose the address is; so they are
    /// compared as spelt. An alias found under two spellings leads to the same
    /// addresses twice, and the second time adds none.
    known: HashSet<Address>,
    accounts: HashSet<AccountId>,
    found: Vec<(Place, usize)>,
    missing: Vec<Address>,
    refusal: Option<Refusal>,
}

#[derive(Clone, Debug)]
struct Reached {
    address: Address,
    /// Which of the reached leads here, and how.
    from: Option<(usize, By)>,
    depth: usize,
}

impl Resolution {
    /// Begins with a recipient as it stands in the envelope.
    pub fn new(recipient: Address, asker: Asker) -> Self {
        Self {
            asker,
            postmaster: None,
            known: HashSet::from([recipient.clone()]),
            reached: vec![Reached {
                address: recipient,
                from: None,
                depth: 0,
            }],
            answered: 0,
            accounts: HashSet::new(),
            found: Vec::new(),
            missing: Vec::new(),
            refusal: None,
        }
    }

    /// Says who looks after the whole service. A recipient that is a domain's `postmaster`
    /// and does not exist leads there, as if by an alias: RFC 5321 section 4.5.1 has every
    /// domain take that mail. One that is its `abuse` (RFC 2142 section 2) leads to its
    /// postmaster.
    #[must_use]
    pub fn with_postmaster(mut self, postmaster: Address) -> Self {
        self.postmaster = Some(postmaster);
        self
    }

    /// The address to look up next; none when enough is known.
    pub fn next_lookup(&self) -> Option<&Address> {
        match self.refusal {
            Some(_) => None,
            None => Some(&self.reached.get(self.answered)?.address),
        }
    }

    /// Takes what the directory found for [`Resolution::next_lookup`].
    pub fn answer(&mut self, found: Found) {
        let Some(at) = self.reached.get(self.answered).cloned() else {
            return;
        };
        let index = self.answered;
        self.answered += 1;
        match found {
            Found::Account(account) => self.arrive(index, account),
            Found::Redirected {
                account,
                keeps,
                targets,
            } => {
                if keeps {
                    self.arrive(index, account);
                }
                self.expand(index, at.depth, By::Redirection, targets);
            }
            Found::Alias(targets) => self.expand(index, at.depth, By::Alias, targets),
            Found::CatchAll(targets) => self.expand(index, at.depth, By::CatchAll, targets),
            Found::SentOn(sender) if at.from.is_none() && self.asker.brings_report() => {
                self.expand(index, at.depth, By::SentOn, vec![sender]);
            }
            Found::SentOn(_) => self.missing.push(at.address),
            Found::NoSuchUser => self.ask_for_help(index, at),
            Found::NotHosted if at.from.is_none() && !self.asker.may_send_anywhere() => {
                self.refusal = Some(Refusal::NotHosted {
                    recipient: at.address,
                });
            }
            Found::NotHosted => self.found.push((Place::Elsewhere(at.address), index)),
        }
    }

    fn arrive(&mut self, index: usize, account: Account) {
        if self.accounts.insert(account.id) {
            self.found.push((Place::Account(account), index));
        }
    }

    /// What becomes of an address that is nothing.
    fn ask_for_help(&mut self, index: usize, at: Reached) {
        let helper = match (at.from, Help::of(&at.address)) {
            (None, Some(Help::Abuse)) => postmaster_of(at.address.domain()),
            (None | Some((_, By::Help)), Some(Help::Postmaster)) => self.postmaster.take(),
            _ => None,
        };
        let reached = self.reached.len();
        if let Some(helper) = helper {
            self.expand(index, at.depth, By::Help, vec![helper]);
        }
        // Where the helper is the missing one itself, nothing is reached.
        if self.reached.len() == reached {
            self.missing.push(at.address);
        }
    }

    fn expand(&mut self, index: usize, depth: usize, by: By, targets: Vec<Address>) {
        for address in targets {
            if !self.known.insert(address.clone()) {
                continue;
            }
            // To deliver to some and not to others would lose mail in silence. The
            // sender tries again, while whoever made the aliases can mend them.
            if depth == DEPTH || self.reached.len() == ADDRESSES {
                self.refusal = Some(Refusal::Temporary);
                return;
            }
            self.reached.push(Reached {
                address,
                from: Some((index, by)),
                depth: depth + 1,
            });
        }
    }

    /// Where the mail goes, or why it goes nowhere. Asked before all is looked up, it
    /// is a temporary refusal.
    pub fn finish(mut self) -> Result<Routes, Refusal> {
        if let Some(refusal) = self.refusal {
            return Err(refusal);
        }
        if self.next_lookup().is_some() {
            return Err(Refusal::Temporary);
        }
        if self.found.is_empty() {
            return Err(self.leads_nowhere());
        }
        let found = std::mem::take(&mut self.found);
        let destinations = found.into_iter().map(|(place, index)| Destination {
            place,
            through: self.way_to(index),
        });
        Ok(Routes {
            destinations: destinations.collect(),
            missing: self.missing,
        })
    }

    fn leads_nowhere(self) -> Refusal {
        match self.reached.into_iter().next() {
            // Every way ends at an account, elsewhere, or at nobody; none ended.
            Some(recipient) if !self.missing.is_empty() => Refusal::UnknownRecipient {
                recipient: recipient.address,
            },
            _ => Refusal::Loop,
        }
    }

    /// The addresses that lead to a reached one, the recipient first.
    fn way_to(&self, index: usize) -> Vec<Step> {
        let mut way = Vec::new();
        let mut at = self.reached.get(index);
        while let Some((before, by)) = at.and_then(|at| at.from) {
            at = self.reached.get(before);
            way.extend(at.map(|at| Step {
                address: at.address.clone(),
                by,
            }));
        }
        way.reverse();
        way
    }
}

/// The names under which every domain can be asked for help, in small letters or large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Help {
    /// RFC 5321 section 4.5.1.
    Postmaster,
    /// RFC 2142 section 2.
    Abuse,
}

impl Help {
    fn of(address: &Address) -> Option<Help> {
        match address.local().folded().as_str() {
            POSTMASTER => Some(Help::Postmaster),
            "abuse" => Some(Help::Abuse),
            _ => None,
        }
    }
}

const POSTMASTER: &str = "postmaster";

fn postmaster_of(domain: &Domain) -> Option<Address> {
    let local = POSTMASTER.parse().ok()?;
    Some(Address::new(local, domain.clone()))
}

/// Whether an address is one under which whoever looks after a domain is reached, so that
/// [`Resolution::with_postmaster`] says something about it.
pub fn asks_for_help(address: &Address) -> bool {
    Help::of(address).is_some()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::sender::tests::account;

    /// A directory in words: `x.fr` is served here; a name leads to what follows it,
    /// and to itself if nothing does. Behind `also` or `only` are those to whom an account's
    /// mail goes on, with a copy that stays or without.
    struct Town(BTreeMap<String, Vec<Address>>, BTreeMap<String, bool>);

    impl Town {
        fn new(lines: &[&str]) -> Self {
            let line = |line: &&str| {
                let mut words = line.split_whitespace().filter(|word| word.contains('@'));
                let name = words.next().unwrap().to_owned();
                (name, words.map(|word| word.parse().unwrap()).collect())
            };
            let goes_on = lines.iter().filter_map(|line| {
                let mut words = line.split_whitespace();
                let name = words.next()?.to_owned();
                let word = words.next().filter(|word| !word.contains('@'))?;
                Some((name, word == "also"))
            });
            Self(lines.iter().map(line).collect(), goes_on.collect())
        }

        fn lookup(&self, address: &Address) -> Found {
            if address.domain().as_str() != "x.fr" {
                return Found::NotHosted;
            }
            let name = address.folded().to_string();
            let an_account = |name: &String| {
                let id = self.0.keys().position(|key| key == name).unwrap();
                account(id as u64, name)
            };
            match self.0.get_key_value(&name) {
                None if name.starts_with("srs0=") => {
                    Found::SentOn("first@loin.example".parse().unwrap())
                }
                None => match self.0.get("*@x.fr") {
                    Some(targets) => Found::CatchAll(targets.clone()),
                    None => Found::NoSuchUser,
                },
                Some((name, targets)) if targets.is_empty() => Found::Account(an_account(name)),
                Some((name, targets)) => match self.1.get(name) {
                    Some(keeps) => Found::Redirected {
                        account: an_account(name),
                        keeps: *keeps,
                        targets: targets.clone(),
                    },
                    None => Found::Alias(targets.clone()),
                },
            }
        }

        fn resolve(&self, recipient: &str, asker: Asker) -> Result<Routes, Refusal> {
            let mut resolution = Resolution::new(recipient.parse().unwrap(), asker);
            let mut asked = HashSet::new();
            while let Some(address) = resolution.next_lookup() {
                assert!(asked.insert(address.clone()), "{address} twice");
                let found = self.lookup(address);
                resolution.answer(found);
            }
            assert!(asked.len() <= ADDRESSES);
            resolution.finish()
        }

        /// Each destination as `place via alias alias`, then `no target` for each missing.
        fn say(&self, recipient: &str) -> Vec<String> {
            let routes = self.resolve(recipient, Asker::Stranger).unwrap();
            let said = routes.destinations.iter().map(|destination| {
                let steps = destination.through.iter();
                let words: Vec<_> = steps.map(|step| step.address.to_string()).collect();
                match &destination.place {
                    Place::Account(account) => {
                        format!("{} via {}", account.address, words.join(" "))
                    }
                    Place::Elsewhere(address) => {
                        format!("{address} elsewhere via {}", words.join(" "))
                    }
                }
            });
            let missing = routes.missing.iter().map(|address| format!("no {address}"));
            said.chain(missing).collect()
        }
    }

    #[test]
    fn an_account_gets_its_mail() {
        let town = Town::new(&["jean@x.fr"]);
        assert_eq!(town.say("Jean@x.fr"), ["jean@x.fr via "]);
    }

    #[test]
    fn aliases_lead_on_and_say_how() {
        let town = Town::new(&[
            "all@x.fr team@x.fr lea@y.fr jean@x.fr gone@x.fr",
            "team@x.fr jean@x.fr ali@x.fr",
            "jean@x.fr",
            "ali@x.fr",
        ]);
        let said = [
            "lea@y.fr elsewhere via all@x.fr",
            "jean@x.fr via all@x.fr",
            "ali@x.fr via all@x.fr team@x.fr",
            "no gone@x.fr",
        ];
        assert_eq!(town.say("all@x.fr"), said);
    }

    #[test]
    fn one_account_under_two_spellings_is_one() {
        let town = Town::new(&["all@x.fr Jean@x.fr jean@x.fr A@y.fr a@y.fr", "jean@x.fr"]);
        let said = [
            "jean@x.fr via all@x.fr",
            "A@y.fr elsewhere via all@x.fr",
            "a@y.fr elsewhere via all@x.fr",
        ];
        assert_eq!(town.say("all@x.fr"), said);
    }

    #[test]
    fn circles_are_left_and_pure_circles_refused() {
        let town = Town::new(&[
            "a@x.fr b@x.fr",
            "b@x.fr A@x.fr jean@x.fr",
            "jean@x.fr",
            "c@x.fr d@x.fr",
            "d@x.fr C@x.fr",
        ]);
        assert_eq!(town.say("a@x.fr"), ["jean@x.fr via a@x.fr b@x.fr"]);
        assert_eq!(town.resolve("c@x.fr", Asker::SignedIn), Err(Refusal::Loop));
    }

    #[test]
    fn an_account_s_mail_goes_on_with_a_copy_or_without() {
        let town = Town::new(&[
            "jean@x.fr also lea@y.fr ali@x.fr",
            "ali@x.fr only b@y.fr jean@x.fr",
            "c@x.fr only d@x.fr",
            "d@x.fr only c@x.fr",
        ]);
        // The circle back to jean adds nobody.
        let said = [
            "jean@x.fr via ",
            "lea@y.fr elsewhere via jean@x.fr",
            "b@y.fr elsewhere via jean@x.fr ali@x.fr",
        ];
        assert_eq!(town.say("jean@x.fr"), said);
        assert_eq!(town.resolve("c@x.fr", Asker::Stranger), Err(Refusal::Loop));
        let routes = town.resolve("jean@x.fr", Asker::Stranger).unwrap();
        let by: Vec<_> = routes.destinations[2]
            .through
            .iter()
            .map(|step| step.by)
            .collect();
        assert_eq!(by, [By::Redirection, By::Redirection]);
    }

    #[test]
    fn the_star_stands_for_what_is_nothing() {
        let town = Town::new(&["*@x.fr jean@x.fr lea@y.fr", "jean@x.fr", "l@x.fr gone@x.fr"]);
        let said = [
            "jean@x.fr via rien@x.fr",
            "lea@y.fr elsewhere via rien@x.fr",
        ];
        assert_eq!(town.say("rien@x.fr"), said);
        assert_eq!(town.say("jean@x.fr"), ["jean@x.fr via "]);
        assert_eq!(town.say("l@x.fr")[0], "jean@x.fr via l@x.fr gone@x.fr");
        // It is whoever helps too, unless somebody else is.
        assert_eq!(town.say("abuse@x.fr")[0], "jean@x.fr via abuse@x.fr");
    }

    #[test]
    fn only_a_report_goes_back_to_whoever_s_message_was_sent_on() {
        let town = Town::new(&["*@x.fr jean@x.fr", "jean@x.fr", "a@x.fr srs0=b@x.fr"]);
        for asker in [Asker::Report, Asker::Ourselves] {
            let routes = town.resolve("SRS0=a@x.fr", asker).unwrap();
            let first = "first@loin.example".parse().unwrap();
            assert_eq!(routes.destinations[0].place, Place::Elsewhere(first));
            assert_eq!(routes.destinations[0].through[0].by, By::SentOn);
            // Nor by a way about.
            assert!(town.resolve("a@x.fr", asker).is_err());
        }
        for asker in [Asker::Stranger, Asker::SignedIn] {
            let refused = town.resolve("SRS0=a@x.fr", asker);
            assert!(matches!(refused, Err(Refusal::UnknownRecipient { .. })));
        }
        let relayed = town.resolve("lea@y.fr", Asker::Report);
        assert!(matches!(relayed, Err(Refusal::NotHosted { .. })));
    }

    #[test]
    fn who_leads_to_nobody_is_unknown() {
        let town = Town::new(&["a@x.fr b@x.fr c@x.fr"]);
        for name in ["a@x.fr", "nobody@x.fr"] {
            let recipient = name.parse().unwrap();
            let unknown = Refusal::UnknownRecipient { recipient };
            assert_eq!(town.resolve(name, Asker::SignedIn), Err(unknown));
        }
    }

    #[test]
    fn strangers_send_nothing_elsewhere() {
        let town = Town::new(&["a@x.fr lea@y.fr"]);
        let recipient: Address = "lea@y.fr".parse().unwrap();
        let refused = Refusal::NotHosted {
            recipient: recipient.clone(),
        };
        assert_eq!(town.resolve("lea@y.fr", Asker::Stranger), Err(refused));
        let routes = town.resolve("lea@y.fr", Asker::SignedIn).unwrap();
        assert_eq!(routes.destinations[0].place, Place::Elsewhere(recipient));
        assert!(town.resolve("a@x.fr", Asker::Stranger).is_ok());
    }

    #[test]
    fn a_postmaster_that_is_not_there_is_the_services() {
        let town = Town::new(&["postmaster@x.fr jean@x.fr", "jean@x.fr"]);
        let none = Town::new(&["jean@x.fr"]);
        let resolve = |town: &Town, recipient: &str, of: &str| {
            let recipient: Address = recipient.parse().unwrap();
            let mut resolution =
                Resolution::new(recipient, Asker::Stranger).with_postmaster(of.parse().unwrap());
            while let Some(address) = resolution.next_lookup() {
                let found = town.lookup(address);
                resolution.answer(found);
            }
            resolution.finish().map(|routes| routes.destinations)
        };
        let own = resolve(&town, "postmaster@x.fr", "other@y.fr").unwrap();
        assert_eq!(own[0].through.len(), 1);
        let led = resolve(&none, "PostMaster@x.fr", "jean@x.fr").unwrap();
        assert!(
            matches!(&led[0].place, Place::Account(one) if one.address.local().as_str() == "jean")
        );
        for (recipient, of) in [
            ("nobody@x.fr", "jean@x.fr"),
            ("postmaster@x.fr", "postmaster@x.fr"),
            ("postmaster@x.fr", "gone@x.fr"),
        ] {
            let refused = resolve(&none, recipient, of);
            let unknown = matches!(refused, Err(Refusal::UnknownRecipient { .. }));
            assert!(unknown, "{recipient} {refused:?}");
        }
        // Of abuse, the domain's own postmaster knows; else the service's.
        let through = |routes: &[Destination]| {
            let steps = routes[0].through.iter();
            steps
                .map(|step| step.address.to_string())
                .collect::<Vec<_>>()
        };
        let abuse = resolve(&town, "Abuse@x.fr", "other@y.fr").unwrap();
        assert_eq!(through(&abuse), ["Abuse@x.fr", "postmaster@x.fr"]);
        let abuse = resolve(&none, "abuse@x.fr", "jean@x.fr").unwrap();
        assert_eq!(through(&abuse), ["abuse@x.fr", "postmaster@x.fr"]);
        assert!(resolve(&none, "abuse@x.fr", "postmaster@x.fr").is_err());
        let elsewhere = resolve(&town, "postmaster@y.fr", "jean@x.fr");
        assert!(matches!(elsewhere, Err(Refusal::NotHosted { .. })));
    }

    #[test]
    fn past_a_limit_all_is_refused() {
        let chain = |length: usize| {
            let mut lines: Vec<_> = (0..length)
                .map(|n| format!("a{n}@x.fr a{}@x.fr", n + 1))
                .collect();
            lines.push(format!("a{length}@x.fr"));
            let lines: Vec<_> = lines.iter().map(String::as_str).collect();
            Town::new(&lines).resolve("a0@x.fr", Asker::Stranger)
        };
        assert!(chain(DEPTH).is_ok());
        assert_eq!(chain(DEPTH + 1), Err(Refusal::Temporary));
        let wide = |width: usize| {
            let targets: Vec<_> = (0..width).map(|n| format!("b{n}@y.fr")).collect();
            let line = format!("a@x.fr {}", targets.join(" "));
            Town::new(&[&line]).resolve("a@x.fr", Asker::Stranger)
        };
        assert_eq!(
            wide(ADDRESSES - 1).unwrap().destinations.len(),
            ADDRESSES - 1
        );
        assert_eq!(wide(ADDRESSES), Err(Refusal::Temporary));
    }

    #[test]
    fn what_is_not_known_yet_is_not_decided() {
        let resolution = Resolution::new("a@x.fr".parse().unwrap(), Asker::SignedIn);
        assert_eq!(resolution.finish(), Err(Refusal::Temporary));
    }

    /// Names 0 to 5 are served here and in use, 6 and 7 are not in use, 8 and 9 are
    /// elsewhere.
    fn name(number: usize, upper: bool) -> String {
        let letter = if upper { 'N' } else { 'n' };
        let domain = if number < 8 { "x.fr" } else { "y.fr" };
        format!("{letter}{number}@{domain}")
    }

    /// What can be reached, found the plain way.
    fn reachable(town: &Town, from: &Address, seen: &mut BTreeSet<String>) -> BTreeSet<String> {
        match town.lookup(from) {
            Found::NotHosted => BTreeSet::from([from.to_string()]),
            Found::Account(account) => BTreeSet::from([account.address.to_string()]),
            Found::Alias(_) if !seen.insert(from.folded().to_string()) => BTreeSet::new(),
            Found::Alias(targets) => targets
                .iter()
                .flat_map(|target| reachable(town, target, seen))
                .collect(),
            _ => BTreeSet::new(),
        }
    }

    proptest! {
        #[test]
        fn whatever_the_aliases_all_that_is_reachable_is_found_once(
            graph in prop::collection::vec(
                prop::collection::vec((0..10_usize, any::<bool>()), 0..5), 6,
            ),
        ) {
            let line = |(number, targets): (usize, &Vec<(usize, bool)>)| {
                let targets = targets.iter().map(|(to, upper)| name(*to, *upper).parse().unwrap());
                (name(number, false), targets.collect())
            };
            let town = Town(graph.iter().enumerate().map(line).collect(), BTreeMap::new());
            let recipient = name(0, false);
            let all = reachable(&town, &recipient.parse().unwrap(), &mut BTreeSet::new());
            let routes = town.resolve(&recipient, Asker::Stranger);
            let found: Vec<_> = routes.iter().flat_map(|routes| &routes.destinations)
                .map(|destination| match &destination.place {
                    Place::Account(account) => account.address.to_string(),
                    Place::Elsewhere(address) => address.to_string(),
                })
                .collect();
            prop_assert_eq!(routes.is_ok(), !all.is_empty());
            prop_assert_eq!(found.len(), all.len());
            prop_assert_eq!(BTreeSet::from_iter(found), all);
        }
    }
}
