//! Whom to believe: whatever a stranger writes in a message and in the DNS, each verdict
//! comes, after so many questions at most; and the field that tells of them is one field. What
//! a domain promises of its hosts is kept as it was read.
#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use address::ReversePath;
use fuzz::{fuzz_target, within};
use trust::sts::{Policy, policy_number};
use trust::{
    Authors, BlockList, Dns, Listing, Missing, Opinion, Watch, author_domains, iprev, results, spf,
    without_claims,
};

/// Far more than the limits of all mechanisms together leave.
const QUESTIONS: usize = 1000;

/// Answers every question with what the stranger wrote.
struct Strange<'a> {
    lines: Vec<&'a [u8]>,
    asked: AtomicUsize,
}

impl Strange<'_> {
    fn answer<T>(&self, all: Vec<T>) -> Result<Vec<T>, Missing> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        assert!(asked < QUESTIONS);
        match all.is_empty() {
            true => Err(Missing::NoRecords),
            false => Ok(all),
        }
    }

    fn names(&self) -> Vec<String> {
        let lines = self.lines.iter();
        lines
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect()
    }
}

impl Dns for Strange<'_> {
    async fn txt(&self, _: &str) -> Result<Vec<Vec<u8>>, Missing> {
        self.answer(self.lines.iter().map(|line| line.to_vec()).collect())
    }

    async fn ipv4(&self, host: &str) -> Result<Vec<Ipv4Addr>, Missing> {
        self.answer(vec![Ipv4Addr::new(192, 0, 2, host.len() as u8)])
    }

    async fn ipv6(&self, _: &str) -> Result<Vec<Ipv6Addr>, Missing> {
        self.answer(Vec::new())
    }

    async fn mx(&self, _: &str) -> Result<Vec<String>, Missing> {
        self.answer(self.names())
    }

    async fn reverse(&self, _: IpAddr) -> Result<Vec<String>, Missing> {
        self.answer(self.names())
    }
}

/// What a future gives that waits for nothing.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}

fn watch(message: &[u8], size: usize) -> Watch {
    let mut watch = Watch::new();
    message.chunks(size).for_each(|piece| watch.push(piece));
    watch.end_header();
    watch
}

fuzz_target!(|input: &[u8]| {
    within(1024 * 1024 + 64 * input.len(), || {
        let end = input.iter().position(|octet| *octet == 0).unwrap_or(0);
        let (lines, message) = input.split_at(end);
        let message = message.strip_prefix(b"\0").unwrap_or(message);
        let dns = Strange {
            lines: lines.split(|octet| *octet == b'\n').collect(),
            asked: AtomicUsize::new(0),
        };
        let whole = watch(message, usize::MAX);
        let cut = watch(message, 1 + input.len() % 7);
        let header = whole.header().expect("it has ended").to_vec();
        assert_eq!(cut.header(), Some(header.as_slice()));

        let peer = IpAddr::from([192, 0, 2, 9]);
        let helo = String::from_utf8_lossy(lines.get(..20).unwrap_or_default());
        let authors = author_domains(&message::senders(&header));
        let claims = whole.claims();
        let others: Vec<&str> = claims.iter().filter_map(trust::Claim::domain).collect();
        let opinion = Opinion {
            spf: now(spf(&dns, peer, &helo, &ReversePath::Null)),
            dkim: claims
                .iter()
                .map(|claim| now(claim.check(&dns, &header, 1)))
                .collect(),
            authors: now(Authors::find(&dns, &authors, &others)),
            iprev: now(iprev(&dns, peer)),
            chain: now(whole.chain().check(&dns, &header, 1)),
            trusted_sealers: ["list.test".parse().expect("a domain")].into(),
            listed: Vec::new(),
            is_junk_by_list: false,
        };
        let list: BlockList = "bl.test refuse".parse().expect("a list");
        if let Listing::Listed(Some(reason)) = now(list.look_up(&dns, peer)) {
            assert!(reason.chars().all(|c| (' '..='~').contains(&c)));
        }
        let hashes = whole.finish();
        assert_eq!(cut.finish(), hashes);
        let verdicts = opinion.verdicts(Some(&hashes));

        let field = results("mx.test", &verdicts, &helo);
        assert!(field.starts_with("Authentication-Results: mx.test;") && field.is_ascii());
        let mut folds = field.strip_suffix("\r\n").expect("it ends").split("\r\n");
        assert!(folds.next().is_some() && folds.all(|line| line.starts_with('\t')));
        assert!(!field.replace("\r\n", "").contains(['\r', '\n']));

        let texts = lines.split(|octet| *octet == b'\n');
        if let Some(number) = policy_number(texts) {
            assert!((1..=32).contains(&number.len()) && number.is_ascii());
        }
        if let Ok(policy) = Policy::read(message) {
            assert!(policy.to_string().len() < 60_000);
            assert_eq!(Policy::read(policy.to_string().as_bytes()), Ok(policy));
        }

        let kept = without_claims(&header, "mx.test");
        assert_eq!(without_claims(&kept, "mx.test"), kept);
        assert!(kept.len() <= 10 * header.len());
    });
});
