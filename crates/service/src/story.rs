//! How a message came in, written down to be kept with it.
//!
//! A version octet, then the fields by postcard. What an older version wrote is read for
//! ever; a message that has none came before there were any, or by a way that nobody tells of.

use events::Story;

/// The version that is written today.
const VERSION: u8 = 1;

/// Writes a story; empty where it can't be.
pub(crate) fn write(story: &Story) -> Vec<u8> {
    postcard::to_extend(story, vec![VERSION]).unwrap_or_default()
}

/// Reads a story; none where there is none, or one of a newer version.
pub(crate) fn read(octets: &[u8]) -> Option<Story> {
    let (&version, fields) = octets.split_first()?;
    match version {
        VERSION => postcard::from_bytes(fields).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use events::{
        ArcVerdict, DkimFlaw, DkimVerdict, DmarcPolicy, DmarcVerdict, Finding, IprevVerdict,
        SpfVerdict, Verdicts,
    };

    use super::*;

    fn story() -> Story {
        Story {
            id: "1a".to_owned(),
            peer: "2001:db8::1".parse().unwrap(),
            hello: "mx.test".to_owned(),
            tls: Some(("TLSv1.3".to_owned(), "X".to_owned())),
            account: None,
            verdicts: Some(Verdicts {
                spf: SpfVerdict {
                    finding: Finding::SoftFail,
                    domain: "a.test".to_owned(),
                    helo: true,
                },
                dkim: vec![DkimVerdict {
                    finding: Finding::Policy,
                    domain: "a.test".to_owned(),
                    selector: "s".to_owned(),
                    algorithm: "rsa-sha256".to_owned(),
                    signature: "AAAA".to_owned(),
                    flaw: Some(DkimFlaw::Partial),
                }],
                dmarc: DmarcVerdict {
                    finding: Finding::PermError,
                    domain: "b.test".to_owned(),
                    policy: DmarcPolicy::Reject,
                },
                iprev: IprevVerdict {
                    finding: Finding::TempError,
                    ip: [192, 0, 2, 1].into(),
                },
                arc: ArcVerdict {
                    finding: Finding::Pass,
                    sealer: "l.test".to_owned(),
                    sets: 3,
                },
                vouched: Some("l.test".to_owned()),
                listed: vec!["bl.test".to_owned()],
                is_junk_by_list: true,
            }),
        }
    }

    #[test]
    fn a_story_comes_back_and_what_is_none_is_none() {
        let octets = write(&story());
        assert_eq!(read(&octets), Some(story()));
        for odd in [&[][..], &[0], &[1], &[2, 1], &octets[..octets.len() - 1]] {
            assert_eq!(read(odd), None, "{odd:?}");
        }
    }

    /// What was written once is read for ever: who changes a type that is in a story sees it
    /// here, and makes a new version.
    #[test]
    fn version_1_is_what_it_was() {
        let known = concat!(
            "010231610120010db8000000000000000000000001076d782e746573740107544c5376312e330158",
            "00010206612e7465737401010506612e7465737401730a7273612d7368613235360441414141010a",
            "0706622e74657374020600c000020100066c2e746573740301066c2e746573740107626c2e746573",
            "7401",
        );
        let octets: String = write(&story()).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(octets, known);
    }
}
