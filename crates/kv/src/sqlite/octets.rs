//! The pieces of what is written to the log: a key or value is its length, 4 octets, and its
//! bytes; a partition its length, 1 octet, and its bytes. Numbers have their least
//! significant octet first. All begins with the version of its encoding, 1 octet.

use crate::Partition;

/// Octets in the making.
#[derive(Debug)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    /// Begins with the version of an encoding.
    pub(super) fn new(encoding: u8) -> Writer {
        let mut octets = Vec::with_capacity(4096);
        octets.push(encoding);
        Writer(octets)
    }

    pub(super) fn octet(&mut self, octet: u8) -> &mut Writer {
        self.0.push(octet);
        self
    }

    pub(super) fn partition(&mut self, part: &[u8]) -> &mut Writer {
        // At most 9 (`Partition::to_bytes`).
        self.0.push(u8::try_from(part.len()).unwrap_or(u8::MAX));
        self.0.extend_from_slice(part);
        self
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Writer {
        self.number(bytes.len());
        self.0.extend_from_slice(bytes);
        self
    }

    /// A number of 4 octets.
    pub(super) fn number(&mut self, number: usize) -> &mut Writer {
        // Every length has a limit far below this (`limits.rs`).
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&number.to_le_bytes());
        self
    }

    /// A number of 8 octets.
    pub(super) fn wide(&mut self, number: u64) -> &mut Writer {
        self.0.extend_from_slice(&number.to_le_bytes());
        self
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Octets that are being read.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// None for what has another encoding.
    pub(super) fn new(octets: &'a [u8], encoding: u8) -> Option<Reader<'a>> {
        let mut reader = Reader(octets);
        (reader.octet()? == encoding).then_some(reader)
    }

    fn cut(&mut self, octets: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(octets)?;
        self.0 = rest;
        Some(head)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.cut(N)?.try_into().ok()
    }

    pub(super) fn octet(&mut self) -> Option<u8> {
        self.take().map(|[octet]| octet)
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    pub(super) fn wide(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    pub(super) fn partition(&mut self) -> Option<Partition> {
        let octets = usize::from(self.octet()?);
        Partition::from_bytes(self.cut(octets)?)
    }

    pub(super) fn bytes(&mut self) -> Option<Vec<u8>> {
        let octets = usize::try_from(self.number()?).ok()?;
        self.cut(octets).map(<[u8]>::to_vec)
    }

    /// None if something is left.
    pub(super) fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}
