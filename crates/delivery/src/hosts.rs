//! Which hosts take a domain's mail, in which order. RFC 5321 section 5.1.

use address::Domain;

/// Hosts that are tried for one message at one time. RFC 5321 section 5.1 asks for two
/// addresses at least, where there are so many.
pub(crate) const HOSTS: usize = 5;

/// One MX record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exchange {
    /// The lower, the sooner.
    pub(crate) preference: u16,
    /// The host; none for the name `.`, which is no host.
    pub(crate) host: Option<String>,
}

/// What the name service says of a domain's mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Exchanges {
    /// There are MX records.
    Found(Vec<Exchange>),
    /// There is the domain, or may be, and it has none.
    None,
}

/// Where a domain's mail goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hosts {
    /// To the first of these that takes it, at most [`HOSTS`].
    Some(Vec<String>),
    /// Nowhere: the domain takes no mail, by its own word. RFC 7505.
    NullMx,
    /// Here, where it comes from: the domain's records name this host, which does not serve
    /// the domain. RFC 5321 section 5.1.
    Here,
}

/// The hosts of a domain. `is_ours` tells our own name; those of one preference are put in an
/// order by chance, which `shuffle` makes, so that all have their share.
pub(crate) fn hosts(
    domain: &Domain,
    exchanges: Exchanges,
    is_ours: impl Fn(&str) -> bool,
    mut shuffle: impl FnMut(&mut [String]),
) -> Hosts {
    let Exchanges::Found(mut exchanges) = exchanges else {
        let name = domain.as_str();
        return match is_ours(name) {
            true => Hosts::Here,
            false => Hosts::Some(vec![name.to_owned()]),
        };
    };
    if exchanges.iter().all(|exchange| exchange.host.is_none()) {
        return Hosts::NullMx;
    }
    exchanges.sort_by_key(|exchange| exchange.preference);
    // Whoever is as near as we are, or farther, would bring it back to us.
    let ours = exchanges
        .iter()
        .find(|one| one.host.as_deref().is_some_and(&is_ours));
    let before = ours.map_or(u32::from(u16::MAX) + 1, |ours| u32::from(ours.preference));
    let mut hosts = Vec::new();
    let near = exchanges
        .iter()
        .filter(|one| u32::from(one.preference) < before);
    let near: Vec<&Exchange> = near.collect();
    for same in near.chunk_by(|one, other| one.preference == other.preference) {
        let mut names: Vec<String> = same.iter().filter_map(|one| one.host.clone()).collect();
        shuffle(&mut names);
        hosts.extend(names);
    }
    hosts.truncate(HOSTS);
    match hosts.is_empty() {
        true => Hosts::Here,
        false => Hosts::Some(hosts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(records: &[(u16, &str)]) -> Exchanges {
        let exchange = |&(preference, host): &(u16, &str)| Exchange {
            preference,
            host: (host != ".").then(|| host.to_owned()),
        };
        Exchanges::Found(records.iter().map(exchange).collect())
    }

    /// Those of `b.fr`, to us, who are `us.fr`; chance turns every order round.
    fn of(exchanges: Exchanges) -> Hosts {
        let domain = "b.fr".parse().unwrap();
        hosts(
            &domain,
            exchanges,
            |name| name == "us.fr",
            <[String]>::reverse,
        )
    }

    fn some(names: &[&str]) -> Hosts {
        Hosts::Some(names.iter().map(|&name| name.to_owned()).collect())
    }

    #[test]
    fn nearest_first_and_chance_among_equals() {
        let records = [
            (20, "far.fr"),
            (10, "one.fr"),
            (10, "two.fr"),
            (5, "near.fr"),
        ];
        assert_eq!(
            of(found(&records)),
            some(&["near.fr", "two.fr", "one.fr", "far.fr"])
        );
        let many: Vec<_> = (0..20).map(|number| (number, "x.fr")).collect();
        assert_eq!(of(found(&many)), some(&["x.fr"; HOSTS]));
    }

    #[test]
    fn without_records_the_domain_itself() {
        assert_eq!(of(Exchanges::None), some(&["b.fr"]));
        assert_eq!(of(found(&[(0, ".")])), Hosts::NullMx);
        // A null record beside others is a mistake of theirs.
        assert_eq!(of(found(&[(0, "."), (5, "a.fr")])), some(&["a.fr"]));
    }

    #[test]
    fn never_back_to_ourselves() {
        let records = [(5, "a.fr"), (10, "us.fr"), (10, "b.fr"), (20, "c.fr")];
        assert_eq!(of(found(&records)), some(&["a.fr"]));
        assert_eq!(of(found(&[(10, "us.fr"), (10, "b.fr")])), Hosts::Here);
        let domain = "us.fr".parse().unwrap();
        let none = hosts(&domain, Exchanges::None, |name| name == "us.fr", |_| {});
        assert_eq!(none, Hosts::Here);
    }
}
