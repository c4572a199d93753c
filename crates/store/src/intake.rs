//! A message on its way in, and one read again.

use blob::{BodyReader, BodyRef, BodyWriter, Hold};
use message::{Scanned, Scanner};

use crate::values::DetailsValue;
use crate::{Result, Store, StoreError};

/// Octets of a message's envelope, structure and header fields that one value takes.
const DETAILS_PART_OCTETS: usize = 60 * 1024;
/// Values that they may take. What is longer (thousands of parts) is not kept: the
/// message is read again when someone asks.
pub(crate) const DETAILS_PARTS: usize = 8;

/// Octets of how a message came in that are kept with it: far more than there are, whatever
/// strangers wrote.
pub const STORY_OCTETS: usize = 16 * 1024;

/// A message on its way in. It streams to its place and is looked at on the way;
/// dropped before [`Intake::finish`] has answered, it never was.
#[derive(Debug)]
pub struct Intake {
    writer: BodyWriter,
    scanner: Scanner,
}

impl Intake {
    pub(crate) fn new(writer: BodyWriter) -> Intake {
        Intake {
            writer,
            scanner: Scanner::new(),
        }
    }

    /// Octets so far.
    pub fn length(&self) -> u64 {
        self.writer.length()
    }

    /// Adds to the message.
    ///
    /// # Errors
    /// [`crate::StoreError::Full`] when the disk is. The message is then lost; every
    /// further call says so again.
    pub async fn write(&mut self, octets: &[u8]) -> Result<()> {
        self.scanner.push(octets);
        Ok(self.writer.write(octets).await?)
    }

    /// Ends the message and makes it durable. Nobody sees it until it is delivered.
    ///
    /// # Errors
    /// As [`Intake::write`].
    pub async fn finish(self) -> Result<Incoming> {
        let hold = self.writer.hold();
        let body = self.writer.finish().await?;
        let scanned = self.scanner.finish();
        Ok(Incoming {
            body,
            story: Vec::new(),
            scanned,
            hold,
        })
    }
}

/// A message that is durable and in no mailbox yet. It may be delivered to several
/// accounts, and to none. To be kept until a record names the body: until then nothing else
/// keeps it from being cleared away.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Where its octets are.
    pub body: BodyRef,
    /// How it came in, as whoever brings it in writes that; empty where nobody does.
    story: Vec<u8>,
    /// What it turned out to be.
    pub scanned: Scanned,
    hold: Hold,
}

impl Incoming {
    /// The same, with how it came in: what is kept beside its envelope. A story that is
    /// longer than [`STORY_OCTETS`] is not kept.
    #[must_use]
    pub fn with_story(mut self, story: Vec<u8>) -> Incoming {
        if story.len() <= STORY_OCTETS {
            self.story = story;
        }
        self
    }

    /// How it came in; empty where nobody said.
    pub fn story(&self) -> &[u8] {
        &self.story
    }

    /// Refuses a message whose body has waited for a record for so long that it may have been
    /// cleared away. To be asked just before a record that names it is committed.
    ///
    /// # Errors
    /// [`StoreError::Broken`]: who brought the message may bring it again.
    pub fn check(&self) -> Result<()> {
        if self.hold.is_good() {
            return Ok(());
        }
        let why = "a message waited too long for its record";
        Err(StoreError::Broken(why.into()))
    }
}

/// A message's envelope, structure and header fields as they are kept: in parts, or in none when
/// there would be too many.
pub(crate) fn details(scanned: &Scanned, story: &[u8]) -> Result<Vec<Vec<u8>>> {
    let Scanned {
        envelope,
        structure,
        asked,
        ..
    } = scanned;
    let octets = DetailsValue::write_parts(envelope, structure, asked.as_deref(), story)?;
    if octets.len() > DETAILS_PARTS * DETAILS_PART_OCTETS {
        return Ok(Vec::new());
    }
    Ok(octets
        .chunks(DETAILS_PART_OCTETS)
        .map(<[u8]>::to_vec)
        .collect())
}

impl Store {
    /// Makes a message that somebody else names, a queue say, into one on its way in: after a
    /// restart nobody knows more of it. The hold ([`Hold::from_now`]) is one from before the
    /// name was read: whoever names the body may name another place meanwhile.
    ///
    /// # Errors
    /// As [`Store::rescan`].
    pub async fn take_up(&self, body: &BodyRef, hold: Hold) -> Result<Incoming> {
        Ok(Incoming {
            body: body.clone(),
            story: Vec::new(),
            scanned: self.rescan(body).await?,
            hold,
        })
    }

    /// Looks at a message again, for what was known of it when it came in.
    ///
    /// # Errors
    /// [`crate::StoreError::Damaged`] when it is no longer what came in.
    pub async fn rescan(&self, body: &BodyRef) -> Result<Scanned> {
        scan(self.read(body, 0..body.length())).await
    }
}

async fn scan(mut reader: BodyReader) -> Result<Scanned> {
    let mut scanner = Scanner::new();
    while let Some(piece) = reader.next().await {
        scanner.push(&piece?);
    }
    Ok(scanner.finish())
}
