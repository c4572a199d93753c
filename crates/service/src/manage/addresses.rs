//! What an operator may ask of addresses: where mail to one goes and why, and that an account's
//! goes on.

use address::Address;
use events::Refusal;
use routing::{Asker, By, Destination, Place, Routes, Step};
use serde::{Deserialize, Serialize};

use super::{Manager, Refused, Response, account_shown};
use crate::routes::Routing;

/// One thing asked about addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum AddressOrder {
    /// Where another server's mail to an address goes, and why.
    Explain {
        /// The address.
        address: Address,
    },
    /// Have an account's mail go on to other addresses; to none, it stays.
    Redirect {
        /// The account's address.
        account: Address,
        /// Where it goes.
        targets: Vec<Address>,
        /// The account gets its mail too.
        keeps: bool,
    },
}

/// Where an account's mail goes on to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedirectionShown {
    /// Where it goes.
    pub to: Vec<Address>,
    /// The account gets its mail too.
    pub keeps_copy: bool,
}

/// Where mail to an address goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressShown {
    /// The address.
    pub address: Address,
    /// What it is called where its domain is another name of one.
    pub known_as: Option<Address>,
    /// Where its mail goes; nowhere if it is refused.
    pub places: Vec<PlaceShown>,
    /// Addresses that it leads to and that are not there.
    pub missing: Vec<Address>,
    /// Why it is refused.
    pub refused: Option<String>,
}

/// One place that mail goes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceShown {
    /// The account's address, or one elsewhere.
    pub to: Address,
    /// Whether it is an account here.
    pub here: bool,
    /// The addresses that lead there, the first one first.
    pub through: Vec<StepShown>,
}

/// An address that leads to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepShown {
    /// Which.
    pub address: Address,
    /// How it leads there.
    pub by: ByShown,
}

/// How an address leads to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ByShown {
    /// It is an alias.
    Alias,
    /// It is an account whose mail goes on.
    Redirection,
    /// It is nothing, and its domain has an alias for all that is nothing.
    CatchAll,
    /// It is where whoever looks after its domain is reached, and nobody's.
    Help,
    /// A message that was sent on from here has it as its sender.
    SentOn,
}

impl Manager {
    pub(super) async fn address_order(&self, order: AddressOrder) -> Result<Response, Refused> {
        match order {
            AddressOrder::Explain { address } => self.explain(address).await,
            AddressOrder::Redirect {
                account,
                targets,
                keeps,
            } => self.redirect(&account, targets, keeps).await,
        }
    }

    /// As routing would decide it for a report: that may go everywhere that other mail may.
    async fn explain(&self, address: Address) -> Result<Response, Refused> {
        let routing = Routing {
            directory: self.directory.clone(),
            // Where nobody looks after the service, the name of its host helps nobody.
            host: "localhost".into(),
        };
        let now = (self.clock)();
        let known = self.directory.as_known(&address).await?;
        let found = routing.resolve(&address, Asker::Report, now).await;
        let (routes, refused) = match found {
            Ok(routes) => (routes, None),
            Err(refusal) => (nowhere(), Some(why(&refusal))),
        };
        let Routes {
            destinations,
            missing,
        } = routes;
        Ok(Response::Explained(Box::new(AddressShown {
            known_as: known.filter(|known| known.domain() != address.domain()),
            address,
            places: destinations.into_iter().map(place_shown).collect(),
            missing,
            refused,
        })))
    }

    async fn redirect(
        &self,
        address: &Address,
        targets: Vec<Address>,
        keeps: bool,
    ) -> Result<Response, Refused> {
        let account = self.directory.account_at(address).await?;
        self.directory.redirect(account.id, targets, keeps).await?;
        let mut shown = account_shown(account);
        shown.redirected = self.redirection(&shown.address).await?;
        Ok(Response::Account(Box::new(shown)))
    }

    /// Where an account's mail goes on to.
    pub(super) async fn redirection(
        &self,
        address: &Address,
    ) -> Result<Option<RedirectionShown>, Refused> {
        let found = self.directory.redirection(address).await?;
        Ok(found.map(redirection_shown))
    }
}

pub(super) fn redirection_shown(redirection: directory::Redirection) -> RedirectionShown {
    RedirectionShown {
        to: redirection.targets,
        keeps_copy: redirection.keeps,
    }
}

fn nowhere() -> Routes {
    Routes {
        destinations: Vec::new(),
        missing: Vec::new(),
    }
}

fn place_shown(destination: Destination) -> PlaceShown {
    let (to, here) = match destination.place {
        Place::Account(account) => (account.address, true),
        Place::Elsewhere(address) => (address, false),
    };
    PlaceShown {
        to,
        here,
        through: destination.through.into_iter().map(step_shown).collect(),
    }
}

fn step_shown(step: Step) -> StepShown {
    StepShown {
        address: step.address,
        by: match step.by {
            By::Alias => ByShown::Alias,
            By::Redirection => ByShown::Redirection,
            By::CatchAll => ByShown::CatchAll,
            By::Help => ByShown::Help,
            By::SentOn => ByShown::SentOn,
        },
    }
}

fn why(refusal: &Refusal) -> String {
    match refusal {
        Refusal::UnknownRecipient { .. } => "nobody has this address".into(),
        Refusal::NotHosted { .. } => "its domain is not served here".into(),
        Refusal::Loop => "it leads in a circle, and to nobody".into(),
        _ => format!(
            "it leads to more than {} addresses, or through more than {} of them; or the \
             directory can't be read now",
            routing::ADDRESSES,
            routing::DEPTH
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{add, manager};
    use super::*;
    use crate::manage::Request;

    async fn explained(manager: &Manager, text: &str) -> AddressShown {
        let address = text.parse().unwrap();
        let order = Request::Address(AddressOrder::Explain { address });
        match manager.execute(order).await {
            Ok(Response::Explained(shown)) => *shown,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn where_mail_goes_is_told_with_the_reasons() {
        let folder = tempfile::tempdir().unwrap();
        let manager = manager(folder.path());
        let domain = |name: &str, of: Option<&str>| Request::DomainAdd {
            domain: name.parse().unwrap(),
            postmaster: None,
            alias_of: of.map(|of| of.parse().unwrap()),
        };
        manager.execute(domain("facteur.test", None)).await.unwrap();
        let named = domain("facteur.example", Some("facteur.test"));
        manager.execute(named).await.unwrap();
        manager.execute(add("anne@facteur.test")).await.unwrap();
        let redirect = Request::Address(AddressOrder::Redirect {
            account: "anne@facteur.example".parse().unwrap(),
            targets: vec!["a@loin.example".parse().unwrap()],
            keeps: true,
        });
        let Ok(Response::Account(shown)) = manager.execute(redirect).await else {
            panic!("not redirected");
        };
        assert!(shown.redirected.unwrap().keeps_copy);
        let told = explained(&manager, "anne@facteur.example").await;
        assert_eq!(told.known_as, Some("anne@facteur.test".parse().unwrap()));
        let places: Vec<_> = told
            .places
            .iter()
            .map(|place| (place.to.to_string(), place.here, place.through.len()))
            .collect();
        assert_eq!(
            places,
            [
                ("anne@facteur.test".to_owned(), true, 0),
                ("a@loin.example".to_owned(), false, 1)
            ]
        );
        assert_eq!(told.places[1].through[0].by, ByShown::Redirection);
        let nobody = explained(&manager, "paul@facteur.test").await;
        assert_eq!(nobody.refused.as_deref(), Some("nobody has this address"));
        let elsewhere = explained(&manager, "paul@loin.example").await;
        assert!(elsewhere.refused.unwrap().contains("not served"));
    }
}
