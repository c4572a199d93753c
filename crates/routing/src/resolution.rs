//! From a recipient to where its mail goes.

use std::collections::HashSet;

use address::{AccountId, Address};
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
    /// A user who has signed in and may send to anywhere.
    SignedIn,
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
    /// The aliases that lead there, the recipient first; none if the recipient is the
    /// place itself.
    pub through: Vec<Address>,
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
    /// Which of the reached leads here.
    from: Option<usize>,
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

    /// Says who looks after the whole service. A recipient that [`is_postmaster`] of a
    /// domain served here and does not exist leads there, as if by an alias: RFC 5321
    /// section 4.5.1 has every domain take that mail.
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
            Found::Account(account) => {
                if self.accounts.insert(account.id) {
                    self.found.push((Place::Account(account), index));
                }
            }
            Found::Alias(targets) => self.expand(index, at.depth, targets),
            Found::NoSuchUser => match self.postmaster.take() {
                Some(postmaster) if at.from.is_none() && is_postmaster(&at.address) => {
                    self.expand(index, at.depth, vec![postmaster]);
                    if self.reached.len() == 1 {
                        // It is the missing one itself.
                        self.missing.push(at.address);
                    }
                }
                _ => self.missing.push(at.address),
            },
            Found::NotHosted if at.from.is_none() && self.asker == Asker::Stranger => {
                self.refusal = Some(Refusal::NotHosted {
                    recipient: at.address,
                });
            }
            Found::NotHosted => self.found.push((Place::Elsewhere(at.address), index)),
        }
    }

    fn expand(&mut self, index: usize, depth: usize, targets: Vec<Address>) {
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
                from: Some(index),
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
    fn way_to(&self, index: usize) -> Vec<Address> {
        let before = |at: &&Reached| self.reached.get(at.from?);
        let mut way: Vec<_> = std::iter::successors(self.reached.get(index), before)
            .skip(1)
            .map(|at| at.address.clone())
            .collect();
        way.reverse();
        way
    }
}

/// Whether an address is the one under which whoever looks after a domain is reached.
/// Its letters may be small or large. RFC 5321 section 4.5.1.
pub fn is_postmaster(address: &Address) -> bool {
    address.local().folded().as_str() == "postmaster"
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::sender::tests::account;

    /// A directory in words: `x.fr` is served here; a name leads to what follows it,
    /// and to itself if nothing does.
    struct Town(BTreeMap<String, Vec<Address>>);

    impl Town {
        fn new(lines: &[&str]) -> Self {
            let line = |line: &&str| {
                let mut words = line.split_whitespace().map(str::to_owned);
                let name = words.next().unwrap();
                (name, words.map(|word| word.parse().unwrap()).collect())
            };
            Self(lines.iter().map(line).collect())
        }

        fn lookup(&self, address: &Address) -> Found {
            if address.domain().as_str() != "x.fr" {
                return Found::NotHosted;
            }
            let name = address.folded().to_string();
            match self.0.get_key_value(&name) {
                None => Found::NoSuchUser,
                Some((name, targets)) if targets.is_empty() => {
                    let id = self.0.keys().position(|key| key == name).unwrap();
                    Found::Account(account(id as u64, name))
                }
                Some((_, targets)) => Found::Alias(targets.clone()),
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
                let words: Vec<_> = destination.through.iter().map(Address::to_string).collect();
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
            Found::NoSuchUser => BTreeSet::new(),
            Found::Alias(_) if !seen.insert(from.folded().to_string()) => BTreeSet::new(),
            Found::Alias(targets) => targets
                .iter()
                .flat_map(|target| reachable(town, target, seen))
                .collect(),
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
            let town = Town(graph.iter().enumerate().map(line).collect());
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
