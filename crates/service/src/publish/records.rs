//! Which records a domain is to have, each with its reason.

use address::Domain;
use directory::{KeyState, SignatureKey};
use serde::{Deserialize, Serialize};

use super::policy::{id, policy};
use super::{Data, Published, Record};
use crate::endpoints::{Endpoint, Service, Tls};

/// Where the host stands among those that take a domain's mail: there is room before it.
const PREFERENCE: u16 = 10;
/// The port at which other servers hand mail over. RFC 5321 section 4.5.4.2.
const TRANSFER_PORT: u16 = 25;

/// What a record is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Where mail comes. RFC 5321 section 5.1.
    Mail,
    /// Who sends. RFC 7208.
    Senders,
    /// A key that signs. RFC 6376.
    Key,
    /// A key that is to sign.
    KeyPrepared,
    /// A key that has signed.
    KeyRetired,
    /// What others are to do with mail that is not believed. RFC 7489.
    Policy,
    /// That mail comes encrypted. RFC 8461.
    Encryption,
    /// Where the policy of encryption is. RFC 8461 section 3.3.
    EncryptionHost,
    /// Where reports about encryption go. RFC 8460.
    EncryptionReports,
    /// Which key the host has. RFC 7672.
    HostKey,
    /// Where a program finds its servers. RFC 6186, RFC 8314.
    Service,
    /// A name that a program guesses.
    Guessed,
    /// A name at which programs look for settings.
    Settings,
}

impl Purpose {
    /// Why there is to be such a record, in plain words.
    pub fn why(self) -> &'static str {
        match self {
            Self::Mail => "Mail for the domain comes here.",
            Self::Senders => {
                "Only the host that takes the domain's mail sends for it (SPF). If others send for \
                 it too, add them before ~all; there must be one such record."
            }
            Self::Key => "The keys that sign the domain's mail (DKIM).",
            Self::KeyPrepared => {
                "The keys that will sign next. Once they are published: facteur domain keys rotate."
            }
            Self::KeyRetired => {
                "Keys that have signed. Leave them for two weeks, then: facteur domain keys forget."
            }
            Self::Policy => {
                "What others do with mail that pretends to be from the domain (DMARC). With p=none \
                 they only report it. Once the reports name no mail of your own, make it \
                 p=quarantine, then p=reject."
            }
            Self::Encryption => {
                "Mail is sent here encrypted, to a host whose certificate is right (MTA-STS)."
            }
            Self::EncryptionHost => {
                "Where the policy of that is read; the certificate must name this host too."
            }
            Self::EncryptionReports => "Who is told where that did not work (TLS-RPT).",
            Self::HostKey => {
                "The key of the certificate (DANE), in the zone of the host. It is of use only where \
                 that zone is signed (DNSSEC), and must change before the key of the certificate \
                 does."
            }
            Self::Service => "Mail programs find their servers and ports by these.",
            Self::Guessed => {
                "Old devices guess these names from the address. The certificate should name them \
                 too."
            }
            Self::Settings => "Mail programs look for settings at these names.",
        }
    }
}

/// The records of a domain, what is most needed first. `key` is the SHA-256 of the public key
/// of the host's certificate.
pub fn records(
    published: &Published,
    domain: &Domain,
    keys: &[SignatureKey],
    key: Option<[u8; 32]>,
) -> Vec<Record> {
    let host = &published.host;
    let record = |purpose, name: String, data| Record {
        purpose,
        name,
        data,
    };
    let txt = |purpose, name: String, text: &str| record(purpose, name, Data::Txt(text.to_owned()));
    let mx = Data::Mx {
        preference: PREFERENCE,
        host: host.clone(),
    };
    let mut all = vec![
        record(Purpose::Mail, domain.to_string(), mx),
        txt(Purpose::Senders, domain.to_string(), "v=spf1 mx ~all"),
    ];
    all.extend(keys.iter().map(|key| {
        let name = format!("{}._domainkey.{domain}", key.selector);
        txt(purpose(key.state), name, &key.record)
    }));
    let reports = format!("rua=mailto:postmaster@{domain}");
    let dmarc = format!("v=DMARC1; p=none; {reports}");
    let sts = format!("v=STSv1; id={}", id(&policy(host, published.mta_sts)));
    let tls_reports = format!("v=TLSRPTv1; {reports}");
    all.extend([
        txt(Purpose::Policy, format!("_dmarc.{domain}"), &dmarc),
        txt(Purpose::Encryption, format!("_mta-sts.{domain}"), &sts),
        record(
            Purpose::EncryptionHost,
            format!("mta-sts.{domain}"),
            Data::Cname(host.clone()),
        ),
        txt(
            Purpose::EncryptionReports,
            format!("_smtp._tls.{domain}"),
            &tls_reports,
        ),
    ]);
    all.extend(key.map(|digest| {
        let name = format!("_{TRANSFER_PORT}._tcp.{host}");
        record(Purpose::HostKey, name, Data::Tlsa(digest))
    }));
    all.extend(services(published, domain));
    all.extend(names(published, domain));
    all
}

fn purpose(state: KeyState) -> Purpose {
    match state {
        KeyState::Prepared => Purpose::KeyPrepared,
        KeyState::Active => Purpose::Key,
        KeyState::Retired => Purpose::KeyRetired,
    }
}

/// Where each service is that a program of people speaks to.
fn services(published: &Published, domain: &Domain) -> Vec<Record> {
    let service = |endpoint: Endpoint| {
        let label = label(endpoint.service, endpoint.tls)?;
        // Encrypted from the first byte is better: RFC 8314 section 3.
        let priority = match endpoint.tls {
            Tls::Implicit => 0,
            Tls::StartTls | Tls::Never => 10,
        };
        Some(Record {
            purpose: Purpose::Service,
            name: format!("{label}._tcp.{domain}"),
            data: Data::Srv {
                priority,
                port: endpoint.port,
                host: published.host.clone(),
            },
        })
    };
    published.endpoints.iter().filter_map(service).collect()
}

/// The name of a service in DNS. RFC 6186 section 3, RFC 8314 section 5.1.
fn label(service: Service, tls: Tls) -> Option<&'static str> {
    Some(match (service, tls) {
        (Service::Submission, Tls::Implicit) => "_submissions",
        (Service::Submission, Tls::StartTls) => "_submission",
        (Service::Imap, Tls::Implicit) => "_imaps",
        (Service::Imap, Tls::StartTls) => "_imap",
        (Service::Pop3, Tls::Implicit) => "_pop3s",
        (Service::Pop3, Tls::StartTls) => "_pop3",
        (_, Tls::Never) | (Service::Transfer | Service::Pages, _) => return None,
    })
}

/// Names that are the host's, but for its own.
fn names(published: &Published, domain: &Domain) -> Vec<Record> {
    let host = &published.host;
    let serves = |service| published.endpoints.iter().any(|one| one.service == service);
    let guessed = [
        ("imap", Service::Imap),
        ("pop3", Service::Pop3),
        ("pop", Service::Pop3),
        ("smtp", Service::Submission),
    ];
    let guessed = guessed
        .into_iter()
        .filter(|(_, service)| serves(*service))
        .map(|(label, _)| (Purpose::Guessed, label));
    let settings = ["autoconfig", "autodiscover"].map(|label| (Purpose::Settings, label));
    guessed
        .chain(settings)
        .map(|(purpose, label)| Record {
            purpose,
            name: format!("{label}.{domain}"),
            data: Data::Cname(host.clone()),
        })
        .filter(|record| record.name != *host)
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::endpoints::Endpoints;
    use crate::publish::Mode;

    fn lines(host: &str, endpoints: Endpoints, key: Option<[u8; 32]>) -> Vec<String> {
        let published = Published {
            host: host.to_owned(),
            endpoints,
            mta_sts: Mode::Testing,
            certificate: "certificate.pem".into(),
            resolver: None,
        };
        let keys = [SignatureKey {
            selector: "a".parse().unwrap(),
            algorithm: dkim::Algorithm::Rsa,
            state: KeyState::Active,
            since: Timestamp::UNIX_EPOCH,
            record: "v=DKIM1; k=rsa; p=MII".into(),
        }];
        let domain = "exemple.fr".parse().unwrap();
        let records = records(&published, &domain, &keys, key);
        records.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_domain_has_all_of_these() {
        let lines = lines("mail.exemple.fr", Endpoints::standard(), Some([1; 32]));
        let policy = policy("mail.exemple.fr", Mode::Testing);
        let wanted = format!(
            "exemple.fr. IN MX 10 mail.exemple.fr.\n\
             exemple.fr. IN TXT \"v=spf1 mx ~all\"\n\
             a._domainkey.exemple.fr. IN TXT \"v=DKIM1; k=rsa; p=MII\"\n\
             _dmarc.exemple.fr. IN TXT \"v=DMARC1; p=none; rua=mailto:postmaster@exemple.fr\"\n\
             _mta-sts.exemple.fr. IN TXT \"v=STSv1; id={}\"\n\
             mta-sts.exemple.fr. IN CNAME mail.exemple.fr.\n\
             _smtp._tls.exemple.fr. IN TXT \"v=TLSRPTv1; rua=mailto:postmaster@exemple.fr\"\n\
             _25._tcp.mail.exemple.fr. IN TLSA 3 1 1 {}\n\
             _submissions._tcp.exemple.fr. IN SRV 0 1 465 mail.exemple.fr.\n\
             _submission._tcp.exemple.fr. IN SRV 10 1 587 mail.exemple.fr.\n\
             _imaps._tcp.exemple.fr. IN SRV 0 1 993 mail.exemple.fr.\n\
             _imap._tcp.exemple.fr. IN SRV 10 1 143 mail.exemple.fr.\n\
             _pop3s._tcp.exemple.fr. IN SRV 0 1 995 mail.exemple.fr.\n\
             _pop3._tcp.exemple.fr. IN SRV 10 1 110 mail.exemple.fr.\n\
             imap.exemple.fr. IN CNAME mail.exemple.fr.\n\
             pop3.exemple.fr. IN CNAME mail.exemple.fr.\n\
             pop.exemple.fr. IN CNAME mail.exemple.fr.\n\
             smtp.exemple.fr. IN CNAME mail.exemple.fr.\n\
             autoconfig.exemple.fr. IN CNAME mail.exemple.fr.\n\
             autodiscover.exemple.fr. IN CNAME mail.exemple.fr.",
            id(&policy),
            "01".repeat(32)
        );
        assert_eq!(lines.join("\n"), wanted);
    }

    #[test]
    fn what_is_not_served_is_not_named() {
        let only = Endpoints::new(vec![Endpoint {
            service: Service::Imap,
            port: 10_993,
            tls: Tls::Implicit,
        }]);
        let lines = lines("imap.exemple.fr", only, None);
        let all = lines.join("\n");
        assert!(all.contains("_imaps._tcp.exemple.fr. IN SRV 0 1 10993 imap.exemple.fr."));
        // A name can't be another one's and the host's own.
        for absent in [
            "pop3",
            "_submission",
            "\nsmtp.",
            "TLSA",
            "imap.exemple.fr. IN CNAME",
        ] {
            assert!(!all.contains(absent), "{absent}");
        }
    }
}
