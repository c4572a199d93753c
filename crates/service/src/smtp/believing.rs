//! Mail from other servers, and what is found out about who sent it.
//!
//! The verdicts stand in a field on top of the message, and are known only when all of it
//! has come, since a signature covers the body. A message of up to [`HELD_OCTETS`] waits in
//! memory for them. A larger one is judged when that much has come, as if its body were the
//! one that was signed; then it streams to its place. If the body turns out to be another,
//! the message is written once more: that is seldom so, and nothing else is written twice.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use address::{Domain, ReversePath};
use dns::{Answer, DnsError, Resolver};
use events::{DmarcPolicy, Finding, IprevVerdict, Refusal, Verdicts};
use futures_util::future::join_all;
use jiff::Timestamp;
use message::trace::joint;
use net::Network;
use store::{Incoming, Intake, Store};
use tokio::time::{Instant, timeout_at};
use trust::{
    Action, Authors, Dns, HEADER_OCTETS, Missing, Opinion, Watch, author_domains, iprev, results,
    spf, spf_unknown, without_claims,
};

use super::doors::Doors;
use super::lists::{Asking, Found, Lists};
use crate::trouble;

/// Octets of a message that wait for the verdicts: as many as wait in memory for the disk
/// in any case ([`blob::SMALL_BODY_OCTETS`]), and more than any header that is judged.
const HELD_OCTETS: usize = blob::SMALL_BODY_OCTETS;
const _: () = assert!(HELD_OCTETS > HEADER_OCTETS);

/// How mail from other servers is judged.
#[derive(Clone)]
pub struct Believing {
    /// Whom to ask.
    pub dns: Resolver,
    /// Networks whose mail is not judged.
    pub trusted: Arc<[Network]>,
    /// The most time that judging one message may take.
    pub patience: Duration,
    /// How fast mail comes in from whom nobody knows.
    pub doors: Doors,
    /// Lists of addresses that mail is not taken from.
    pub lists: Lists,
    /// Those whose word counts on whether somebody stood by a message before it came to
    /// them (ARC).
    pub trusted_sealers: Arc<[Domain]>,
}

impl Believing {
    /// Whether the mail of this peer is taken as it is.
    pub(super) fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.trusted.iter().any(|network| network.contains(peer))
    }

    /// A peer has come: the block lists are asked, if its mail is judged.
    pub(super) fn begin(&self, peer: IpAddr) -> Option<Asking> {
        match self.trusts(peer) {
            true => None,
            false => self.lists.ask(&self.dns, peer, self.patience),
        }
    }
}

/// Where a message comes from.
pub(super) struct Origin {
    pub(super) peer: IpAddr,
    pub(super) helo: String,
    pub(super) from: ReversePath,
    /// When it began to come.
    pub(super) now: Timestamp,
    /// The block lists that name the peer.
    pub(super) listed: Vec<Found>,
}

/// The fields that stand around the verdicts.
pub(super) struct Frame {
    /// Our host's name, in which we judge.
    pub(super) host: String,
    /// `Return-Path`, which is above.
    pub(super) above: String,
    /// `Received`, which is below.
    pub(super) below: String,
}

/// A message that is judged while it comes in.
pub(super) struct Judged {
    believing: Believing,
    store: Store,
    origin: Origin,
    frame: Frame,
    watch: Watch,
    state: State,
}

enum State {
    /// All that has come waits.
    Held(Vec<u8>),
    /// What was found out stands on top already.
    Streaming(Box<Streaming>),
    /// The rest is not looked at.
    Refused(Refusal),
}

struct Streaming {
    opinion: Opinion,
    verdicts: Verdicts,
    /// Octets on top, up to the message itself.
    top: u64,
    intake: Intake,
}

impl Judged {
    pub(super) fn new(believing: Believing, store: Store, origin: Origin, frame: Frame) -> Judged {
        Judged {
            believing,
            store,
            origin,
            frame,
            watch: Watch::new(),
            state: State::Held(Vec::new()),
        }
    }

    /// Takes the next octets of the message.
    pub(super) async fn write(&mut self, octets: &[u8]) {
        if let Err(refusal) = self.try_write(octets).await {
            self.state = State::Refused(refusal);
        }
    }

    async fn try_write(&mut self, octets: &[u8]) -> Result<(), Refusal> {
        self.watch.push(octets);
        match &mut self.state {
            State::Held(held) => {
                held.extend_from_slice(octets);
                self.check_header()?;
                match self.held_octets() > HELD_OCTETS {
                    true => self.begin_to_stream().await,
                    false => Ok(()),
                }
            }
            State::Streaming(streaming) => {
                let written = streaming.intake.write(octets).await;
                written.map_err(trouble::of_store)
            }
            State::Refused(_) => Ok(()),
        }
    }

    fn held_octets(&self) -> usize {
        match &self.state {
            State::Held(held) => held.len(),
            State::Streaming(_) | State::Refused(_) => 0,
        }
    }

    fn check_header(&self) -> Result<(), Refusal> {
        match self.watch.is_too_long() {
            true => Err(Refusal::HeaderTooLong {
                limit: HEADER_OCTETS as u64,
            }),
            false => Ok(()),
        }
    }

    /// The message has come to its end.
    ///
    /// # Errors
    /// Why it is not taken, be it for what was found out about it.
    pub(super) async fn finish(mut self) -> Result<(Incoming, Verdicts), Refusal> {
        match std::mem::replace(&mut self.state, State::Refused(Refusal::Temporary)) {
            State::Held(held) => self.finish_held(&held).await,
            State::Streaming(streaming) => self.finish_streaming(*streaming).await,
            State::Refused(refusal) => Err(refusal),
        }
    }

    async fn finish_held(mut self, held: &[u8]) -> Result<(Incoming, Verdicts), Refusal> {
        self.watch.end_header();
        self.check_header()?;
        let opinion = self.opinion().await;
        let hashes = std::mem::take(&mut self.watch).finish();
        let verdicts = opinion.verdicts(Some(&hashes));
        obey(&verdicts)?;
        let (_, intake) = self.write_held(held, &verdicts).await?;
        let incoming = intake.finish().await.map_err(trouble::of_store)?;
        Ok((incoming, verdicts))
    }

    /// Judges a message that is larger than what waits.
    async fn begin_to_stream(&mut self) -> Result<(), Refusal> {
        let opinion = self.opinion().await;
        let verdicts = opinion.verdicts(None);
        // No body can make them better.
        obey(&verdicts)?;
        let state = std::mem::replace(&mut self.state, State::Refused(Refusal::Temporary));
        let State::Held(held) = state else {
            return Err(Refusal::Temporary);
        };
        let (top, intake) = self.write_held(&held, &verdicts).await?;
        self.state = State::Streaming(Box::new(Streaming {
            opinion,
            verdicts,
            top,
            intake,
        }));
        Ok(())
    }

    async fn finish_streaming(
        mut self,
        streaming: Streaming,
    ) -> Result<(Incoming, Verdicts), Refusal> {
        let hashes = std::mem::take(&mut self.watch).finish();
        let verdicts = streaming.opinion.verdicts(Some(&hashes));
        obey(&verdicts)?;
        let finished = streaming.intake.finish().await;
        let incoming = finished.map_err(trouble::of_store)?;
        if verdicts == streaming.verdicts {
            return Ok((incoming, verdicts));
        }
        let mut intake = self.store.body();
        let top = self.top(&verdicts);
        intake
            .write(top.as_bytes())
            .await
            .map_err(trouble::of_store)?;
        let rest = streaming.top..incoming.body.length();
        let mut reader = self.store.read(&incoming.body, rest);
        while let Some(piece) = reader.next().await {
            let piece = piece.map_err(|error| trouble::of_store(error.into()))?;
            intake.write(&piece).await.map_err(trouble::of_store)?;
        }
        let incoming = intake.finish().await.map_err(trouble::of_store)?;
        Ok((incoming, verdicts))
    }

    /// Writes what waits, below our fields; and says how many octets those are.
    async fn write_held(&self, held: &[u8], verdicts: &Verdicts) -> Result<(u64, Intake), Refusal> {
        let mut intake = self.store.body();
        let top = self.top(verdicts);
        let header = self.watch.header().map_or(held.len(), <[u8]>::len);
        let (header, body) = held.split_at_checked(header).unwrap_or((held, &[]));
        let joint = joint(held, true).unwrap_or_default();
        let header = without_claims(header, &self.frame.host);
        for octets in [top.as_bytes(), joint.as_bytes(), &header, body] {
            intake.write(octets).await.map_err(trouble::of_store)?;
        }
        Ok((top.len() as u64, intake))
    }

    fn top(&self, verdicts: &Verdicts) -> String {
        let Frame { host, above, below } = &self.frame;
        let from = match &self.origin.from {
            ReversePath::Address(address) => address.to_string(),
            ReversePath::Null => String::new(),
        };
        format!("{above}{}{below}", results(host, verdicts, &from))
    }

    /// All that can be found out in time.
    async fn opinion(&self) -> Opinion {
        let deadline = Instant::now() + self.believing.patience;
        let Origin {
            peer,
            helo,
            from,
            listed,
            ..
        } = &self.origin;
        let header = self.watch.header().unwrap_or_default();
        let claims = self.watch.claims();
        let dns = Asked(&self.believing.dns);
        let authors = author_domains(&message::senders(header));
        let unknown = spf_unknown(helo, from);
        let signers = claims.iter().filter_map(trust::Claim::domain);
        let others: Vec<&str> = signers.chain([unknown.domain.as_str()]).collect();
        let now = self.origin.now.as_second().max(0).unsigned_abs();
        let check = |claim: &trust::Claim| {
            let claim = claim.clone();
            let dns = &dns;
            async move {
                let checked = timeout_at(deadline, claim.check(dns, header, now)).await;
                checked.unwrap_or_else(|_| claim.unknown())
            }
        };
        let chain = self.watch.chain();
        let (spf, dkim, authors_found, iprev, checked_chain) = tokio::join!(
            timeout_at(deadline, spf(&dns, *peer, helo, from)),
            join_all(claims.iter().map(check)),
            timeout_at(deadline, Authors::find(&dns, &authors, &others)),
            timeout_at(deadline, iprev(&dns, *peer)),
            timeout_at(deadline, chain.check(&dns, header, now)),
        );
        Opinion {
            spf: spf.unwrap_or_else(|_| unknown.clone()),
            dkim,
            authors: authors_found.unwrap_or_else(|_| Authors::unknown(&authors)),
            iprev: iprev.unwrap_or(IprevVerdict {
                finding: Finding::TempError,
                ip: peer.to_canonical(),
            }),
            chain: checked_chain.unwrap_or_else(|_| chain.unknown()),
            trusted_sealers: Arc::clone(&self.believing.trusted_sealers),
            listed: listed.iter().map(|found| found.list.to_string()).collect(),
            is_junk_by_list: listed.iter().any(|found| found.action == Action::Junk),
        }
    }
}

/// Refuses what the domain that the message is from asks to be refused.
fn obey(verdicts: &Verdicts) -> Result<(), Refusal> {
    if verdicts.asked() != DmarcPolicy::Reject {
        return Ok(());
    }
    let signed = verdicts.dkim.iter().map(|dkim| dkim.finding);
    Err(Refusal::Forged {
        domain: verdicts.dmarc.domain.clone(),
        spf: verdicts.spf.finding,
        dkim: signed
            .max_by_key(|finding| *finding == Finding::Pass)
            .unwrap_or(Finding::None),
    })
}

/// The resolver, as what decides asks it.
pub(super) struct Asked<'a>(pub(super) &'a Resolver);

impl Dns for Asked<'_> {
    async fn txt(&self, name: &str) -> Result<Vec<Vec<u8>>, Missing> {
        records(self.0.txt(name).await)
    }

    async fn ipv4(&self, host: &str) -> Result<Vec<Ipv4Addr>, Missing> {
        records(self.0.ipv4(host).await)
    }

    async fn ipv6(&self, host: &str) -> Result<Vec<Ipv6Addr>, Missing> {
        records(self.0.ipv6(host).await)
    }

    async fn mx(&self, domain: &str) -> Result<Vec<String>, Missing> {
        let domain = domain.parse().map_err(|_| Missing::NoName)?;
        let hosts = records(self.0.mx(&domain).await)?;
        Ok(hosts.into_iter().filter_map(|mx| mx.host).collect())
    }

    async fn reverse(&self, ip: IpAddr) -> Result<Vec<String>, Missing> {
        records(self.0.reverse(ip).await)
    }
}

/// What was found, whether or not DNSSEC vouches for it: a domain that does without is
/// heard too.
fn records<T>(found: Result<Answer<T>, DnsError>) -> Result<Vec<T>, Missing> {
    match found {
        Ok(answer) => Ok(answer.records),
        Err(DnsError::NoName { .. } | DnsError::NotAName) => Err(Missing::NoName),
        Err(DnsError::NoRecords { .. }) => Err(Missing::NoRecords),
        Err(DnsError::Bogus | DnsError::Trouble(_)) => Err(Missing::Unknown),
    }
}
