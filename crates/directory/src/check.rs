//! Looking at every record of the directory, while it is used.
//!
//! Each record is compared with those that belong to it as they were at the same moment, so
//! that what changes meanwhile is no fault.

use address::{AccountId, Address, Domain};
use dkim::PrivateKey;
use kv::damage::{Damage, Hex, PastDamage, Rest};

use crate::edit::View;
use crate::keys::{
    self, AccountKey, BodiesKey, CredentialsKey, CustodyKey, DomainKey, EndingsKey, Key,
    LeavingKey, NameKey, NextAccountKey, SenderKeyKey, SignaturesKey, TargetKey,
};
use crate::records::{Record, SignaturesRecord};
use crate::{Directory, DirectoryError};

/// Faults that are kept; of more only the number is.
const FAULTS: usize = 1000;
/// Records that are looked at in one snapshot.
const RECORDS: usize = 100;

/// What a check of the directory found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckedDirectory {
    /// The accounts that can be read, by number.
    pub accounts: Vec<(AccountId, Address)>,
    /// What is wrong: the first thousand.
    pub faults: Vec<DirectoryFault>,
    /// How many more there are.
    pub more: u64,
}

/// One thing that is not as it should be, in words for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryFault {
    /// A record can't be read. The others are checked as if it were not there.
    #[error("the directory: the record {} can't be read: {why}", Hex(.key))]
    Unreadable {
        /// Its key.
        key: Vec<u8>,
        /// Why not.
        why: String,
    },
    /// From this key on nothing can be read, and nothing was checked.
    #[error("the directory: from {} on nothing could be read: {why}", Hex(.key))]
    Unread {
        /// The key.
        key: Vec<u8>,
        /// What the engine says.
        why: String,
    },
    /// A record of no kind that this program knows.
    #[error("the directory: the record {} is of no known kind", Hex(.0))]
    Stray(Vec<u8>),
    /// An address leads to an account that is not there.
    #[error("the directory: {0} is the address of account {1}, which is not there")]
    NoAccount(Address, AccountId),
    /// An account can't be reached by its own address.
    #[error("the directory: account {1} has the address {0}, which leads elsewhere or nowhere")]
    NoName(Address, AccountId),
    /// Nobody can sign in to an account.
    #[error("the directory: {0} has nothing to sign in with; set its password anew")]
    NoCredentials(Address),
    /// What one would sign in to is not there.
    #[error("the directory: there are passwords of account {0}, which is not there")]
    NobodysCredentials(AccountId),
    /// A number may be given twice.
    #[error("the directory: the next account would get the number of account {0}")]
    NextTaken(AccountId),
    /// An address of a domain that is not served.
    #[error("the directory: {0} is there, and its domain is not served")]
    NoDomain(Address),
    /// What a domain would sign its mail with, which is not served.
    #[error("the directory: there are keys of {0}, which is not served")]
    NobodysKeys(Domain),
    /// A domain does not say how many addresses it has.
    #[error("the directory: {domain} has {kept} addresses by its record, {counted} are there")]
    Miscounted {
        /// The domain.
        domain: Domain,
        /// As it is kept.
        kept: u64,
        /// As many are there.
        counted: u64,
    },
    /// A domain is another name of one that is none.
    #[error("the directory: {0} is another name of {1}, which has no addresses here")]
    NamelessDomain(Domain, Domain),
    /// Where an alias leads would not be told of the alias.
    #[error("the directory: that {0} leads to {1} is not noted there")]
    NoTarget(Address, Address),
    /// A note of an alias that does not lead there.
    #[error("the directory: it is noted of {0} that it leads somewhere it does not")]
    NobodysTarget(Address),
}

impl Directory {
    /// Looks at all records, and says what is wrong with them. It changes nothing. A record
    /// that is damaged is named and passed over.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn check(&self) -> Result<CheckedDirectory, DirectoryError> {
        let mut found = CheckedDirectory::default();
        let mut rest = Rest::all(keys::everything());
        while !rest.is_empty() {
            let view = self.view().await?;
            rest = found.page(&view, rest).await?;
        }
        Ok(found)
    }
}

impl CheckedDirectory {
    fn fault(&mut self, fault: DirectoryFault) {
        if self.faults.len() < FAULTS {
            self.faults.push(fault);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// Checks some records, and gives what is left.
    async fn page(&mut self, view: &View, rest: Rest) -> Result<Rest, DirectoryError> {
        let mut scan = PastDamage::resume(view.snapshot(), rest, RECORDS);
        let page = scan.page().await?;
        let rest = scan.rest();
        let Some(page) = page else {
            return Ok(rest);
        };
        for (key, value) in page.rows {
            match self.row(view, &key, &value.bytes).await {
                // Of this record, or of one that belongs to it: that one is named in its turn.
                Err(DirectoryError::Store(kv::KvError::Damaged(_))) => {}
                Err(DirectoryError::Unreadable { record }) => {
                    let why = format!("it should be {record}");
                    self.fault(DirectoryFault::Unreadable { key, why });
                }
                checked => checked?,
            }
        }
        if let Some(Damage { key, why, rest }) = page.damage {
            self.fault(if rest {
                DirectoryFault::Unread { key, why }
            } else {
                DirectoryFault::Unreadable { key, why }
            });
        }
        Ok(rest)
    }

    async fn row(&mut self, view: &View, key: &[u8], value: &[u8]) -> Result<(), DirectoryError> {
        if let Some(AccountKey(id)) = AccountKey::decode(key) {
            return self.account(view, id, value).await;
        }
        if let Some(name) = NameKey::decode(key) {
            return self.name(view, &name, value).await;
        }
        if let Some(DomainKey(domain)) = DomainKey::decode(key) {
            return self.domain(view, domain, value).await;
        }
        if let Some(target) = TargetKey::decode(key) {
            return self.target(view, target, value).await;
        }
        if let Some(CredentialsKey(id)) = CredentialsKey::decode(key) {
            read::<CredentialsKey>(value)?;
            if view.get(&AccountKey(id)).await?.is_none() {
                self.fault(DirectoryFault::NobodysCredentials(id));
            }
            return Ok(());
        }
        if let Some(SignaturesKey(domain)) = SignaturesKey::decode(key) {
            return self.signatures(view, domain, value).await;
        }
        if NextAccountKey::decode(key).is_some() {
            return read::<NextAccountKey>(value).map(drop);
        }
        if LeavingKey::decode(key).is_some() {
            return read::<LeavingKey>(value).map(drop);
        }
        if EndingsKey::decode(key).is_some() {
            return read::<EndingsKey>(value).map(drop);
        }
        if BodiesKey::decode(key).is_some() {
            return read::<BodiesKey>(value).map(drop);
        }
        if SenderKeyKey::decode(key).is_some() {
            return read::<SenderKeyKey>(value).map(drop);
        }
        if CustodyKey::decode(key).is_some() {
            return read::<CustodyKey>(value).map(drop);
        }
        self.fault(DirectoryFault::Stray(key.to_vec()));
        Ok(())
    }

    async fn account(
        &mut self,
        view: &View,
        id: AccountId,
        value: &[u8],
    ) -> Result<(), DirectoryError> {
        let address = read::<AccountKey>(value)?.address;
        self.accounts.push((id, address.clone()));
        let next = view.get(&NextAccountKey).await?;
        if next.is_none_or(|next| next.record.0 <= id) {
            self.fault(DirectoryFault::NextTaken(id));
        }
        if view.get(&CredentialsKey(id)).await?.is_none() {
            self.fault(DirectoryFault::NoCredentials(address.clone()));
        }
        let name = match NameKey::of(&address) {
            Some(name) => view.get(&name).await?,
            None => None,
        };
        if name.and_then(|name| name.record.account()) != Some(id) {
            self.fault(DirectoryFault::NoName(address, id));
        }
        Ok(())
    }

    async fn name(
        &mut self,
        view: &View,
        name: &NameKey,
        value: &[u8],
    ) -> Result<(), DirectoryError> {
        let record = read::<NameKey>(value)?;
        let address = name.address();
        let domain = DomainKey(address.domain().clone());
        if view.get(&domain).await?.is_none() {
            self.fault(DirectoryFault::NoDomain(address.clone()));
        }
        if let Some(id) = record.account()
            && view.get(&AccountKey(id)).await?.is_none()
        {
            self.fault(DirectoryFault::NoAccount(address.clone(), id));
        }
        for target in record.targets() {
            if view.get(&TargetKey::new(target, name)).await?.is_none() {
                let target = target.clone();
                self.fault(DirectoryFault::NoTarget(address.clone(), target));
            }
        }
        Ok(())
    }

    async fn domain(
        &mut self,
        view: &View,
        domain: Domain,
        value: &[u8],
    ) -> Result<(), DirectoryError> {
        let record = read::<DomainKey>(value)?;
        if let Some(of) = record.alias_of {
            let main = view.get(&DomainKey(of.clone())).await?;
            if main.is_none_or(|main| main.record.alias_of.is_some()) {
                self.fault(DirectoryFault::NamelessDomain(domain.clone(), of));
            }
        }
        let kept = record.addresses;
        let mut names = PastDamage::new(view.snapshot(), NameKey::of_domain(&domain), RECORDS);
        let mut counted = 0;
        while let Some(page) = names.page().await? {
            // A damaged name is one all the same.
            counted += page.rows.len() as u64 + u64::from(page.damage.is_some());
        }
        if kept != counted {
            self.fault(DirectoryFault::Miscounted {
                domain,
                kept,
                counted,
            });
        }
        Ok(())
    }

    async fn signatures(
        &mut self,
        view: &View,
        domain: Domain,
        value: &[u8],
    ) -> Result<(), DirectoryError> {
        for key in read::<SignaturesKey>(value)?.keys {
            let private = PrivateKey::from_octets(key.algorithm.into(), key.octets);
            private.map_err(|_| SignaturesRecord::unreadable())?;
        }
        let domain = DomainKey(domain);
        if view.get(&domain).await?.is_none() {
            self.fault(DirectoryFault::NobodysKeys(domain.0));
        }
        Ok(())
    }

    async fn target(
        &mut self,
        view: &View,
        target: TargetKey,
        value: &[u8],
    ) -> Result<(), DirectoryError> {
        read::<TargetKey>(value)?;
        let key = target.encode();
        let alias = target.alias();
        let leads = view.get(&alias).await?.is_some_and(|seen| {
            let mut targets = seen.record.targets().iter();
            targets.any(|to| TargetKey::new(to, &alias).encode() == key)
        });
        if !leads {
            self.fault(DirectoryFault::NobodysTarget(alias.address().clone()));
        }
        Ok(())
    }
}

/// What is under a key of this kind.
fn read<K: Key>(value: &[u8]) -> Result<K::Record, DirectoryError> {
    K::Record::decode(value)
}
