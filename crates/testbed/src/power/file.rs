//! What a power cut may leave of one file.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::chance::Chance;
use super::versions::Versions;

/// What reaches the disk in one piece, more or less: a page comes whole, not at all, or
/// torn between sectors.
pub const PAGE: u64 = 4096;
const SECTOR: usize = 512;

/// What becomes of what was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tails {
    /// It ends anywhere, and is there as far as it goes: ext4 and others grow a file once
    /// its octets are on the disk.
    Cut,
    /// The file has its length, and pages that were not written are zeros.
    Holes,
    /// As [`Tails::Cut`], but a length that was set, and not come by through writing, is as
    /// it was or as it was set: file systems with a journal note it in one piece. What was
    /// written within it is there or zeros.
    Noted,
}

/// Something was written to the disk past the shim.
#[derive(Debug)]
pub struct Unseen(pub String);

impl Unseen {
    /// In the file with this number.
    pub(crate) fn of(self, file: u64) -> Unseen {
        Unseen(format!("file {file}: {}", self.0))
    }
}

/// A file that the program has changed.
#[derive(Debug)]
pub(crate) struct File {
    lengths: Versions<u64>,
    /// When one of them was set, and not come by through writing.
    set: BTreeSet<u64>,
    /// The pages that are not durable as they are.
    pages: BTreeMap<u64, Versions<Vec<u8>>>,
    /// When it was made shorter, and the first page of which something went. All that was
    /// written after that came to other places on the disk than what was there before.
    cuts: Vec<(u64, u64)>,
    /// Every page that was ever changed, by its hash.
    seen: BTreeMap<u64, u64>,
    /// It was mapped into memory to be written to: nobody knows what it holds.
    pub(crate) mapped: bool,
    /// The last change was under way when all ended.
    pub(crate) unfinished: bool,
}

/// What a cut leaves of a file.
#[derive(Debug, Default)]
pub(crate) struct Left {
    pub(crate) length: u64,
    /// The pages that may be other than before.
    pub(crate) pages: BTreeMap<u64, Vec<u8>>,
}

impl File {
    pub(crate) fn new(length: u64) -> File {
        File {
            lengths: Versions::new(0, length),
            set: BTreeSet::new(),
            pages: BTreeMap::new(),
            cuts: Vec::new(),
            seen: BTreeMap::new(),
            mapped: false,
            unfinished: false,
        }
    }

    pub(crate) fn length(&self) -> u64 {
        *self.lengths.now()
    }

    /// The hash of each page as the program last left it.
    pub(crate) fn seen(&self) -> &BTreeMap<u64, u64> {
        &self.seen
    }

    /// `before` is what the pages held, as far as the file went.
    pub(crate) fn write(
        &mut self,
        moment: u64,
        at: u64,
        octets: &[u8],
        before: &[u8],
    ) -> Result<(), Unseen> {
        if octets.is_empty() {
            return Ok(());
        }
        let end = at + octets.len() as u64;
        for page in at / PAGE..end.div_ceil(PAGE) {
            let mut content = self.learn(page, before, at / PAGE)?;
            let from = at.max(page * PAGE);
            let to = end.min((page + 1) * PAGE);
            content[(from % PAGE) as usize..][..(to - from) as usize]
                .copy_from_slice(&octets[(from - at) as usize..(to - at) as usize]);
            self.turn(moment, page, content);
        }
        if end > self.length() {
            self.lengths.push(moment, end);
        }
        Ok(())
    }

    /// It gets another length. `before` is what is cut off, from the beginning of its page.
    pub(crate) fn set_length(
        &mut self,
        moment: u64,
        length: u64,
        before: &[u8],
    ) -> Result<(), Unseen> {
        let was = self.length();
        if length < was {
            for page in length / PAGE..was.div_ceil(PAGE) {
                let mut content = self.learn(page, before, length / PAGE)?;
                let kept = length.saturating_sub(page * PAGE).min(PAGE) as usize;
                content[kept..].fill(0);
                self.turn(moment, page, content);
            }
            self.cuts.push((moment, length / PAGE));
        }
        if length != was {
            self.lengths.push(moment, length);
            self.set.insert(moment);
        }
        Ok(())
    }

    /// A page's content as it is now, from what was read of it (`before`, which begins with
    /// the page `first`).
    fn learn(&mut self, page: u64, before: &[u8], first: u64) -> Result<Vec<u8>, Unseen> {
        let mut content = vec![0; PAGE as usize];
        let start = ((page - first) * PAGE) as usize;
        if let Some(there) = before.get(start..) {
            let octets = there.len().min(PAGE as usize);
            content[..octets].copy_from_slice(&there[..octets]);
        }
        let known = self.seen.get(&page);
        if !self.mapped && known.is_some_and(|known| *known != hash(&content)) {
            return Err(Unseen(format!("page {page} changed")));
        }
        if !self.pages.contains_key(&page) {
            let cuts = self.cuts.iter().rev();
            let since = cuts
                .filter(|(_, first)| *first <= page)
                .map(|(when, _)| *when)
                .next();
            let versions = Versions::new(since.unwrap_or(0), content.clone());
            self.pages.insert(page, versions);
        }
        Ok(content)
    }

    /// A page has another content, which follows on what [`File::learn`] found.
    fn turn(&mut self, moment: u64, page: u64, content: Vec<u8>) {
        self.seen.insert(page, hash(&content));
        if let Some(versions) = self.pages.get_mut(&page) {
            versions.push(moment, content);
        }
    }

    /// What held at that moment is durable.
    pub(crate) fn synced(&mut self, moment: u64) {
        self.lengths.synced(moment);
        self.set.retain(|since| *since > moment);
        self.pages.retain(|_, versions| {
            versions.synced(moment);
            versions.is_open()
        });
        self.cuts.retain(|(since, _)| *since > moment);
    }

    /// Whether a cut now could change it.
    pub(crate) fn is_open(&self) -> bool {
        self.lengths.is_open() || !self.pages.is_empty()
    }

    /// As it was at the last sync, nothing since having reached the disk.
    pub(crate) fn durable(&self) -> Left {
        let pages = self.pages.iter();
        Left {
            length: *self.lengths.durable(),
            pages: pages
                .map(|(page, versions)| (*page, versions.durable().clone()))
                .collect(),
        }
    }

    /// One of the ways in which a cut now may leave it.
    pub(crate) fn cut(&self, chance: &mut Chance, tails: Tails) -> Left {
        let (since, length) = self.cut_length(chance, tails);
        // So many percent of the pages are written. The extremes matter most: of two files
        // one is there and the other is not.
        let written = *chance.one_of(&[0, 10, 50, 90, 100]);
        let short = self.before_appending(since, tails);
        let mut left = Left {
            length,
            ..Left::default()
        };
        for (page, versions) in &self.pages {
            let possible = self.possible(*page, since, versions);
            if possible.is_empty() {
                // It lies past the end.
                continue;
            }
            let appended = length > short && (page + 1) * PAGE > short;
            let content = if appended && tails != Tails::Holes || chance.happens(written) {
                possible[possible.len() - 1].clone()
            } else {
                choose(chance, &possible)
            };
            left.pages.insert(*page, content);
        }
        left
    }

    /// How long it was before anything was appended that is there as far as it goes: the
    /// shortest that it was until that moment, or the longest that was noted.
    fn before_appending(&self, since: u64, tails: Tails) -> u64 {
        let all = self.lengths.all().iter();
        let until = all.take_while(|(when, _)| *when <= since);
        let noted = until
            .clone()
            .filter(|(when, _)| tails == Tails::Noted && self.set.contains(when));
        let noted = noted.map(|(_, length)| *length).max().unwrap_or(0);
        let shortest = until.map(|(_, length)| *length).min().unwrap_or(0);
        shortest.max(noted)
    }

    /// A length that it may have, and the moment from which it had it.
    fn cut_length(&self, chance: &mut Chance, tails: Tails) -> (u64, u64) {
        let all = self.lengths.all();
        let last = all.len() - 1;
        let index = match chance.below(10) {
            0..4 => last,
            4..6 => 0,
            _ => chance.below(all.len() as u64) as usize,
        };
        let (since, length) = all[index];
        let before = all[index.saturating_sub(1)].1;
        let is_noted = tails == Tails::Noted && self.set.contains(&since);
        if tails == Tails::Holes || is_noted || length <= before || chance.happens(40) {
            return (since, length);
        }
        let anywhere = chance.between(before, length);
        let grain = *chance.one_of(&[1, SECTOR as u64, PAGE]);
        (since, (anywhere / grain * grain).max(before))
    }

    /// What a page may hold if the file has the length that it had from that moment.
    fn possible<'a>(
        &self,
        page: u64,
        since: u64,
        versions: &'a Versions<Vec<u8>>,
    ) -> Vec<&'a Vec<u8>> {
        let cuts = self.cuts.iter().filter(|(_, first)| *first <= page);
        let (before, after): (Vec<u64>, Vec<u64>) =
            cuts.map(|(when, _)| *when).partition(|when| *when <= since);
        let from = before.last().copied().unwrap_or(0);
        let until = after.first().copied().unwrap_or(u64::MAX);
        let all = versions.all().iter();
        all.filter(|(when, _)| (from..until).contains(when))
            .map(|(_, content)| content)
            .collect()
    }
}

/// A page that was not written as it was last: an older one, or pieces of several.
fn choose(chance: &mut Chance, possible: &[&Vec<u8>]) -> Vec<u8> {
    match chance.below(4) {
        0 | 1 => possible[0].clone(),
        2 => (*chance.one_of(possible)).clone(),
        _ => (0..PAGE as usize / SECTOR)
            .flat_map(|sector| {
                let page = chance.one_of(possible);
                page[sector * SECTOR..][..SECTOR].to_vec()
            })
            .collect(),
    }
}

pub(crate) fn hash(octets: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    octets.hash(&mut hasher);
    hasher.finish()
}
