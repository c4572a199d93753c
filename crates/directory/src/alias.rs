//! Aliases: addresses that lead to other addresses.

use std::collections::HashSet;

use address::Address;

use crate::edit::{Change, Edit, Seen, View};
use crate::keys::{ADDRESS_OCTETS, NameKey, TargetKey};
use crate::records::{NameRecord, TargetRecord};
use crate::{Directory, DirectoryError, Holder};

/// How many addresses an alias leads to, at most: what fits one record
/// ([`kv::VALUE_OCTETS`]) with room to spare, and RFC 5321 section 4.5.3.1.8 has the
/// same number for the recipients of a message.
pub const TARGETS: usize = 100;

/// An alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// Its own address.
    pub address: Address,
    /// Where it leads: any addresses, here or elsewhere, as they were spelt.
    pub targets: Vec<Address>,
}

/// An alias or a redirection that led to an account which was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostTarget {
    /// The alias, or the account whose mail went on.
    pub address: Address,
    /// Which of both.
    pub holder: Holder,
    /// It led nowhere else, so it was removed too; not the account: that gets its mail itself
    /// from now on.
    pub removed: bool,
}

impl Directory {
    /// All aliases, in the order of domain and local part.
    pub async fn aliases(&self) -> Result<Vec<Alias>, DirectoryError> {
        let rows = self.view().await?.all::<NameKey>(NameKey::all()).await?;
        Ok(rows
            .into_iter()
            .filter_map(|(key, record)| match record {
                NameRecord::Alias(targets) => Some(Alias {
                    address: key.address().clone(),
                    targets,
                }),
                NameRecord::Account(_) | NameRecord::Redirected { .. } => None,
            })
            .collect())
    }

    /// Makes an address lead to others: any, here or elsewhere, at most [`TARGETS`].
    /// A target that comes twice counts once. A target of a hosted domain that does
    /// not exist is allowed: it may come to exist. `*` of a domain is the alias of all
    /// addresses that are not there ([`is_catch_all`]).
    pub async fn add_alias(
        &self,
        address: &Address,
        targets: Vec<Address>,
    ) -> Result<Alias, DirectoryError> {
        let key = name_of(address)?;
        let targets = check_targets(&key, targets)?;
        self.make(&AddAlias { key, targets }).await
    }

    /// Removes an alias.
    pub async fn remove_alias(&self, address: &Address) -> Result<(), DirectoryError> {
        self.make(&RemoveAlias(address.clone())).await
    }
}

/// Whether an alias gets what is sent to any address of its domain that is not there: its name
/// is a star and nothing else.
pub fn is_catch_all(address: &Address) -> bool {
    address.local().as_str() == CATCH_ALL
}

/// What such an alias is called.
pub(crate) const CATCH_ALL: &str = "*";

/// The name under which an address is added; refused when it is too long.
pub(crate) fn name_of(address: &Address) -> Result<NameKey, DirectoryError> {
    NameKey::of(address).ok_or(DirectoryError::AddressTooLong {
        limit: ADDRESS_OCTETS,
    })
}

/// Refuses an address that is taken.
pub(crate) async fn check_free(view: &View, key: &NameKey) -> Result<(), DirectoryError> {
    let holder = match view.get(key).await?.map(|seen| seen.record) {
        None => return Ok(()),
        Some(record) => record.holder(),
    };
    Err(DirectoryError::AddressTaken {
        address: key.address().clone(),
        holder,
    })
}

/// Another host may tell `a@x` from `A@x` (RFC 5321 section 2.4), so only equal
/// spellings are one here; `routing` unites those that turn out to be one account.
pub(crate) fn check_targets(
    key: &NameKey,
    targets: Vec<Address>,
) -> Result<Vec<Address>, DirectoryError> {
    let mut seen = HashSet::new();
    let targets: Vec<_> = targets
        .into_iter()
        .filter(|target| seen.insert(target.clone()))
        .collect();
    if targets.is_empty() {
        return Err(DirectoryError::NoTarget);
    }
    if targets.len() > TARGETS {
        return Err(DirectoryError::TooManyTargets { limit: TARGETS });
    }
    if targets.iter().any(|target| same(target, key.address())) {
        return Err(DirectoryError::AliasToItself {
            address: key.address().clone(),
        });
    }
    Ok(targets)
}

/// Whether two addresses are one in a hosted domain.
pub(crate) fn same(a: &Address, b: &Address) -> bool {
    a.domain() == b.domain() && a.folded() == b.folded()
}

struct AddAlias {
    key: NameKey,
    targets: Vec<Address>,
}

impl Change for AddAlias {
    type Done = Alias;

    async fn plan(&self, view: &View, edit: &mut Edit) -> Result<Alias, DirectoryError> {
        let domain = self.key.address().domain();
        view.check_takes_addresses(domain).await?;
        check_free(view, &self.key).await?;
        put(edit, &self.key, &self.targets)?;
        edit.count(domain, 1);
        Ok(Alias {
            address: self.key.address().clone(),
            targets: self.targets.clone(),
        })
    }
}

/// Puts an alias where nothing is; the number of its domain's addresses is the caller's.
pub(crate) fn put(
    edit: &mut Edit,
    key: &NameKey,
    targets: &[Address],
) -> Result<(), DirectoryError> {
    edit.create(key, &NameRecord::Alias(targets.to_vec()))?;
    for target in targets {
        edit.index(&TargetKey::new(target, key), &TargetRecord)?;
    }
    Ok(())
}

struct RemoveAlias(Address);

impl Change for RemoveAlias {
    type Done = ();

    async fn plan(&self, view: &View, edit: &mut Edit) -> Result<(), DirectoryError> {
        let found = find(view, NameKey::of(&self.0)).await?;
        let Some((key, seen)) = found.filter(|(_, seen)| seen.record.holder() == Holder::Alias)
        else {
            return Err(DirectoryError::NoSuchAlias {
                address: self.0.clone(),
            });
        };
        remove(edit, &key, &seen);
        Ok(())
    }
}

async fn find(
    view: &View,
    key: Option<NameKey>,
) -> Result<Option<(NameKey, Seen<NameRecord>)>, DirectoryError> {
    let Some(key) = key else { return Ok(None) };
    let seen = view.get(&key).await?;
    Ok(seen.map(|seen| (key, seen)))
}

fn remove(edit: &mut Edit, key: &NameKey, seen: &Seen<NameRecord>) {
    for target in seen.record.targets() {
        edit.unindex(&TargetKey::new(target, key));
    }
    edit.remove(key, seen);
    edit.count(key.address().domain(), -1);
}

/// Takes a target from some of the aliases and redirections that lead to it, at most `limit`;
/// true when more may be left.
pub(crate) async fn drop_target(
    view: &View,
    edit: &mut Edit,
    target: &Address,
    limit: usize,
) -> Result<(Vec<LostTarget>, bool), DirectoryError> {
    let rows = view
        .some::<TargetKey>(TargetKey::leading_to(target), limit)
        .await?;
    let more = rows.len() == limit;
    let mut lost = Vec::new();
    for (row, TargetRecord) in rows {
        edit.unindex(&row);
        if let Some((name, seen)) = find(view, Some(row.alias())).await? {
            let removed = drop_from(edit, &name, &seen, target)?;
            lost.push(LostTarget {
                address: name.address().clone(),
                holder: seen.record.holder(),
                removed,
            });
        }
    }
    Ok((lost, more))
}

/// Takes a target from one of them; true if it had no other and went too.
fn drop_from(
    edit: &mut Edit,
    name: &NameKey,
    seen: &Seen<NameRecord>,
    target: &Address,
) -> Result<bool, DirectoryError> {
    let mut kept = seen.record.targets().to_vec();
    kept.retain(|other| !same(other, target));
    let ends = kept.is_empty();
    let record = match &seen.record {
        NameRecord::Alias(_) if ends => {
            remove(edit, name, seen);
            return Ok(true);
        }
        NameRecord::Alias(_) => NameRecord::Alias(kept),
        NameRecord::Redirected { account, .. } if ends => NameRecord::Account(*account),
        NameRecord::Redirected { account, keeps, .. } => NameRecord::Redirected {
            account: *account,
            keeps: *keeps,
            targets: kept,
        },
        // It leads nowhere, whatever was noted.
        NameRecord::Account(_) => return Ok(false),
    };
    edit.replace(name, seen, &record)?;
    Ok(ends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Record;

    #[test]
    fn the_longest_alias_fits_a_record() {
        // 128 octets, all of them quoted, at the longest domain.
        let local = format!("\"{}\"", "\\\"".repeat(128));
        let labels = [
            "a".repeat(63),
            "b".repeat(63),
            "c".repeat(63),
            "d".repeat(61),
        ];
        let domain = labels.join(".");
        let target: Address = format!("{local}@{domain}").parse().unwrap();
        let record = NameRecord::Redirected {
            account: address::AccountId(u64::MAX),
            keeps: true,
            targets: vec![target; TARGETS],
        };
        assert!(record.encode().unwrap().len() < kv::VALUE_OCTETS);
    }
}
