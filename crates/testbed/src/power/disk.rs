//! The disk as the journal tells of it: what is on it for certain, and what a power cut may
//! leave of the rest.

use std::collections::{BTreeMap, HashMap};

use super::chance::Chance;
use super::file::{File, Left, Tails, Unseen};
use super::journal::Record;
use super::names::{Changes, Folder, Names};

/// What a journal tells of.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    pub(crate) files: BTreeMap<u64, File>,
    pub(crate) names: Changes,
    /// What the shim could not follow.
    pub(crate) strange: Vec<String>,
    /// The shim itself cut the power: nothing was under way unrecorded.
    pub(crate) cut: bool,
    /// Syncs under way: of what, and since when.
    syncs: HashMap<u64, (u64, u64)>,
    moment: u64,
    /// Which change of names the last moment belongs to.
    ticket: u64,
}

/// What a cut leaves of all that is not certain.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) files: BTreeMap<u64, Left>,
    pub(crate) names: BTreeMap<u64, Folder>,
}

impl Disk {
    /// Follows a journal to its end.
    pub(crate) fn follow(records: &[Record<'_>], names: Names) -> Result<Disk, Unseen> {
        Disk::go_through(records.iter(), names)
    }

    /// As if no sync had ever happened: its outcome [`Disk::durable`] is what was there
    /// before the program began.
    pub(crate) fn follow_without_syncs(records: &[Record<'_>]) -> Result<Disk, Unseen> {
        let sync = |record: &&Record<'_>| matches!(record, Record::Synced { .. });
        let others = records.iter().filter(|record| !sync(record));
        Disk::go_through(others, Names::ByFolder)
    }

    fn go_through<'a>(
        mut records: impl Iterator<Item = &'a Record<'a>>,
        names: Names,
    ) -> Result<Disk, Unseen> {
        let mut disk = Disk::default();
        while let Some(record) = records.next() {
            // The lock is held from a change to its end, so nothing comes between.
            let done = match record {
                Record::Write { .. } | Record::Length { .. } => match records.next() {
                    Some(Record::Done { octets }) => Some(*octets),
                    Some(Record::Cut) => {
                        disk.cut = true;
                        None
                    }
                    _ => None,
                },
                _ => None,
            };
            disk.take(record, done, names)?;
        }
        Ok(disk)
    }

    fn take(&mut self, record: &Record<'_>, done: Option<u64>, names: Names) -> Result<(), Unseen> {
        self.moment += 1;
        match record {
            Record::Write { .. } | Record::Length { .. } => return self.change(record, done),
            Record::Done { .. } => {}
            Record::Sync { of, ticket } => {
                self.syncs.insert(*ticket, (*of, self.moment));
            }
            Record::Synced { ticket, well } => {
                if let Some((of, since)) = self.syncs.remove(ticket)
                    && *well
                {
                    self.synced(of, since, names);
                }
            }
            Record::Name {
                folder,
                name,
                before,
                after,
                ticket,
            } => {
                // Both names of a rename change at one moment.
                if *ticket == self.ticket {
                    self.moment -= 1;
                }
                self.ticket = *ticket;
                self.names
                    .change(self.moment, *folder, name, *before, *after);
            }
            Record::Mapped { file } => {
                let file = self.files.entry(*file).or_insert_with(|| File::new(0));
                file.mapped = true;
            }
            Record::Strange { what } => self.strange.push(what.clone()),
            Record::Cut => self.cut = true,
        }
        Ok(())
    }

    fn change(&mut self, record: &Record<'_>, done: Option<u64>) -> Result<(), Unseen> {
        let moment = self.moment;
        match *record {
            Record::Write {
                file,
                at,
                length,
                before,
                octets,
            } => {
                let written = done.unwrap_or(octets.len() as u64) as usize;
                let open = self.file(file, length, done)?;
                open.write(moment, at, &octets[..written], before)
                    .map_err(|unseen| unseen.of(file))
            }
            Record::Length {
                file,
                length,
                was,
                before,
            } if done != Some(0) => {
                let open = self.file(file, was, done)?;
                open.set_length(moment, length, before)
                    .map_err(|unseen| unseen.of(file))
            }
            _ => Ok(()),
        }
    }

    /// A file that has this length.
    fn file(&mut self, number: u64, length: u64, done: Option<u64>) -> Result<&mut File, Unseen> {
        let files = self.files.entry(number);
        let file = files.or_insert_with(|| File::new(length));
        file.unfinished = done.is_none();
        let known = file.length();
        if file.mapped || known == length {
            return Ok(file);
        }
        let what = format!("{length} octets instead of {known}");
        Err(Unseen(what).of(number))
    }

    fn synced(&mut self, of: u64, since: u64, names: Names) {
        if of == 0 {
            self.files.values_mut().for_each(|file| file.synced(since));
            self.names.synced(None, since);
            return;
        }
        match self.files.get_mut(&of) {
            Some(file) => {
                file.synced(since);
                if names == Names::ByAnySync {
                    self.names.synced(None, since);
                }
            }
            None => self.names.synced(Some(of), since),
        }
    }

    /// What is left if nothing that was not made durable is.
    pub(crate) fn durable(&self) -> Outcome {
        let open = self.files.iter().filter(|(_, file)| file.is_open());
        Outcome {
            files: open
                .map(|(number, file)| (*number, file.durable()))
                .collect(),
            names: self.names.durable(),
        }
    }

    /// One of the ways in which a power cut may leave it.
    pub(crate) fn cut(&self, chance: &mut Chance, tails: Tails, names: Names) -> Outcome {
        let open = self.files.iter().filter(|(_, file)| file.is_open());
        Outcome {
            files: open
                .map(|(number, file)| (*number, file.cut(chance, tails)))
                .collect(),
            names: self.names.cut(chance, names),
        }
    }
}
