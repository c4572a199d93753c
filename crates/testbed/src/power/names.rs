//! What a power cut may leave of the names in the folders.

use std::collections::BTreeMap;

use super::chance::Chance;
use super::versions::Versions;

/// What makes a name durable, and how those are lost that are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// A sync of the folder. The changes in each folder come in their order.
    ByFolder,
    /// A sync of the folder. Of different names, any may be there and any not.
    Apart,
    /// As on ext4 with its journal: a sync of any file makes all earlier names durable.
    ByAnySync,
}

/// The number that a name stands for; none where there is no such name.
pub(crate) type Target = Option<u64>;

/// One folder's names that were changed, by what they are.
pub(crate) type Folder = BTreeMap<Vec<u8>, Target>;

/// Names that the program has changed, by the number of their folder.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    folders: BTreeMap<u64, BTreeMap<Vec<u8>, Versions<Target>>>,
    /// Those of one rename, by its moment: all or none.
    together: BTreeMap<u64, Vec<(u64, Vec<u8>)>>,
}

impl Changes {
    /// The moments grow, and those of one operation are the same.
    pub(crate) fn change(
        &mut self,
        moment: u64,
        folder: u64,
        name: &[u8],
        before: Target,
        after: Target,
    ) {
        let names = self.folders.entry(folder).or_default();
        let versions = names
            .entry(name.to_vec())
            .or_insert_with(|| Versions::new(0, before));
        versions.push(moment, after);
        let together = self.together.entry(moment).or_default();
        together.push((folder, name.to_vec()));
    }

    /// What the names of a folder (of all, without one) were at that moment is durable.
    pub(crate) fn synced(&mut self, of: Option<u64>, moment: u64) {
        for (folder, names) in &mut self.folders {
            if of.is_none_or(|of| of == *folder) {
                names.values_mut().for_each(|name| name.synced(moment));
            }
        }
        // A rename is durable in both folders or in none.
        for (when, names) in self.together.range(..=moment) {
            if names.iter().any(|(folder, _)| of == Some(*folder)) {
                for (folder, name) in names {
                    let names = self.folders.get_mut(folder);
                    if let Some(versions) = names.and_then(|names| names.get_mut(name)) {
                        versions.synced(*when);
                    }
                }
            }
        }
    }

    /// All names that were changed, as the program left them.
    pub(crate) fn now(&self) -> BTreeMap<u64, Folder> {
        self.each(|_, _, versions| *versions.now())
    }

    /// The same, as they were last made durable.
    pub(crate) fn durable(&self) -> BTreeMap<u64, Folder> {
        self.each(|_, _, versions| *versions.durable())
    }

    fn each(
        &self,
        mut choose: impl FnMut(u64, &[u8], &Versions<Target>) -> Target,
    ) -> BTreeMap<u64, Folder> {
        let folders = self.folders.iter();
        folders
            .map(|(number, names)| {
                let chosen = names
                    .iter()
                    .map(|(name, versions)| (name.clone(), choose(*number, name, versions)));
                (*number, chosen.collect())
            })
            .collect()
    }

    /// One of the ways in which a cut now may leave them.
    pub(crate) fn cut(&self, chance: &mut Chance, how: Names) -> BTreeMap<u64, Folder> {
        // Until which moment each name is carried on.
        let mut until: BTreeMap<(u64, Vec<u8>), u64> = BTreeMap::new();
        for (folder, names) in &self.folders {
            let moments = |versions: &Versions<Target>| {
                let all = versions.all().iter();
                all.map(|(moment, _)| *moment).collect::<Vec<_>>()
            };
            let mut all: Vec<u64> = names.values().flat_map(moments).collect();
            all.sort_unstable();
            let one = some_moment(chance, &all);
            for (name, versions) in names {
                let moment = match how {
                    Names::Apart => some_moment(chance, &moments(versions)),
                    Names::ByFolder | Names::ByAnySync => one,
                };
                until.insert((*folder, name.clone()), moment);
            }
        }
        self.keep_together(&mut until);
        self.each(|folder, name, versions| {
            let limit = until[&(folder, name.to_vec())];
            let mut all = versions.all().iter().rev();
            let held = all.find(|(moment, _)| *moment <= limit);
            held.map_or(*versions.durable(), |(_, target)| *target)
        })
    }

    /// A rename of which one name would be carried on and the other not has not happened.
    fn keep_together(&self, until: &mut BTreeMap<(u64, Vec<u8>), u64>) {
        let is_open = |(folder, name): &(u64, Vec<u8>), moment: u64| {
            let all = self.folders[folder][name].all();
            all.iter().skip(1).any(|(when, _)| *when == moment)
        };
        loop {
            let mut changed = false;
            for (moment, names) in &self.together {
                let undone = names
                    .iter()
                    .any(|name| is_open(name, *moment) && until[name] < *moment);
                for name in names.iter().filter(|_| undone) {
                    let limit = until.get_mut(name).filter(|limit| **limit >= *moment);
                    if let Some(limit) = limit
                        && is_open(name, *moment)
                    {
                        *limit = *moment - 1;
                        changed = true;
                    }
                }
            }
            if !changed {
                return;
            }
        }
    }
}

/// The last, the first, or any other.
fn some_moment(chance: &mut Chance, moments: &[u64]) -> u64 {
    match chance.below(10) {
        0..3 => moments[moments.len() - 1],
        3..5 => moments[0],
        _ => *chance.one_of(moments),
    }
}
