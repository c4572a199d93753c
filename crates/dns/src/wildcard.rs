//! That records were rightly made of a wildcard: nothing nearer is there. RFC 4035 section
//! 5.3.4.

use hickory_resolver::proto::dnssec::Proof;
use hickory_resolver::proto::dnssec::rdata::{DNSSECRData, NSEC};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

/// Whether records of this name, whose signature counts so many labels, are what their zone
/// says, with the denials (NSEC) that came with them. A signature that counts fewer labels
/// than the name has was made for a wildcard (RFC 4034 section 3.1.3).
pub(crate) fn is_proved(name: &Name, labels: u8, authorities: &[Record]) -> bool {
    if labels >= name.num_labels() {
        return true;
    }
    // The shortest name that must not be there, or the wildcard would not be used.
    let nearer = name.trim_to(usize::from(labels) + 1);
    authorities.iter().any(|record| {
        record.proof == Proof::Secure
            && match &record.data {
                RData::DNSSEC(DNSSECRData::NSEC(nsec)) => denies(&record.name, nsec, name, &nearer),
                _ => false,
            }
    })
}

/// Whether the denial between two names shows that neither `name` is there, nor anything at
/// or above it down from `nearer`.
fn denies(from: &Name, nsec: &NSEC, name: &Name, nearer: &Name) -> bool {
    let to = nsec.next_domain_name();
    let types = nsec.type_set();
    // A zone says nothing of what is below where it delegates. RFC 6840 section 4.1.
    let delegates = types.contains(RecordType::NS) && !types.contains(RecordType::SOA);
    if (delegates || types.contains(RecordType::DNAME)) && from.zone_of(name) {
        return false;
    }
    // The last denial of a zone leads back to its top.
    let is_last = to <= from && to.zone_of(name);
    from < name && (name < to || is_last) && !nearer.zone_of(from) && !nearer.zone_of(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    fn denial(from: &str, to: &str, types: &[RecordType], proof: Proof) -> Record {
        let nsec = NSEC::new(name(to), types.iter().copied());
        let mut record =
            Record::from_rdata(name(from), 300, RData::DNSSEC(DNSSECRData::NSEC(nsec)));
        record.proof = proof;
        record
    }

    /// Whether `any.wild.z.test.`, made of `*.wild.z.test.`, is proved by this.
    fn proves(from: &str, to: &str) -> bool {
        let denial = denial(from, to, &[RecordType::A], Proof::Secure);
        is_proved(&name("any.wild.z.test."), 3, &[denial])
    }

    #[test]
    fn what_is_between_two_names_is_not_there() {
        assert!(proves("*.wild.z.test.", "www.z.test."));
        assert!(proves("aaa.wild.z.test.", "bbb.wild.z.test."));
        assert!(proves("*.wild.z.test.", "z.test."));
    }

    #[test]
    fn what_may_be_there_is_not_denied() {
        // Elsewhere; at an end; something below the name; another zone's end.
        assert!(!proves("b.wild.z.test.", "c.wild.z.test."));
        assert!(!proves("any.wild.z.test.", "c.wild.z.test."));
        assert!(!proves("a.wild.z.test.", "any.wild.z.test."));
        assert!(!proves("a.wild.z.test.", "below.any.wild.z.test."));
        assert!(!proves("*.wild.z.test.", "y.test."));
    }

    #[test]
    fn only_what_is_signed_and_speaks_for_the_name_counts() {
        let wild = name("any.wild.z.test.");
        let unsigned = denial("*.wild.z.test.", "www.z.test.", &[], Proof::Insecure);
        assert!(!is_proved(&wild, 3, &[unsigned]));
        let delegated = denial(
            "wild.z.test.",
            "www.z.test.",
            &[RecordType::NS],
            Proof::Secure,
        );
        assert!(!is_proved(&wild, 2, &[delegated]));
        // No wildcard at all: nothing to prove.
        assert!(is_proved(&wild, 4, &[]));
        assert!(!is_proved(&wild, 3, &[]));
    }
}
