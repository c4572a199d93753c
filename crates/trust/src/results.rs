//! The field that tells of the verdicts. RFC 8601.

use events::{DkimVerdict, DmarcPolicy, Finding, Verdicts};
use message::{Field, fields};

/// The name of the field.
const NAME: &str = "Authentication-Results";
/// What a field of a stranger becomes that claims to be ours. It stays to be read by who
/// looks for the forger, and no program believes it.
const FORGED: &[u8] = b"X-Forged-Authentication-Results";
/// What was done with a message, as DMARC has it (RFC 9989 section 2.7).
const DELIVERED: &str = "none";

/// The field with these verdicts, in the name of this host, with its line end.
pub fn results(host: &str, verdicts: &Verdicts, from: &str) -> String {
    let Verdicts {
        spf,
        dmarc,
        iprev,
        arc,
        ..
    } = verdicts;
    let mut parts = Vec::new();
    for dkim in &verdicts.dkim {
        parts.push(signature(dkim));
    }
    if verdicts.dkim.is_empty() {
        parts.push("dkim=none".to_owned());
    }
    let (property, who) = match spf.helo {
        true => ("smtp.helo", spf.domain.as_str()),
        false => ("smtp.mailfrom", from),
    };
    parts.push(format!("spf={}{}", spf.finding, said(property, who)));
    let policy = dmarc.policy.word();
    let done = match verdicts.asked() {
        DmarcPolicy::Quarantine => DmarcPolicy::Quarantine.word(),
        _ => DELIVERED,
    };
    let comment = match dmarc.finding {
        Finding::Pass | Finding::Fail => match &verdicts.vouched {
            Some(sealer) => format!(" (p={policy} dis={done} vouched={sealer})"),
            None => format!(" (p={policy} dis={done})"),
        },
        _ => String::new(),
    };
    let domain = said("header.from", &dmarc.domain);
    parts.push(format!("dmarc={}{comment}{domain}", dmarc.finding));
    // RFC 8617 section 7.1.
    if arc.finding != Finding::None {
        let seals = match arc.sets {
            0 => String::new(),
            sets => format!(" (i={sets} d={})", arc.sealer),
        };
        let peer = said("smtp.remote-ip", &iprev.ip.to_string());
        parts.push(format!("arc={}{seals}{peer}", arc.finding));
    }
    parts.push(format!(
        "iprev={}{}",
        iprev.finding,
        said("policy.iprev", &iprev.ip.to_string())
    ));
    format!("{NAME}: {host};\r\n\t{}\r\n", parts.join(";\r\n\t"))
}

fn signature(dkim: &DkimVerdict) -> String {
    let why = match dkim.flaw {
        Some(flaw) => format!(" ({})", flaw.words()),
        None => String::new(),
    };
    let mut text = format!(
        "dkim={}{why}{}",
        dkim.finding,
        said("header.d", &dkim.domain)
    );
    for (property, value) in [
        ("header.s", &dkim.selector),
        ("header.a", &dkim.algorithm),
        ("header.b", &dkim.signature),
    ] {
        text += &said(property, value);
    }
    text
}

/// ` property=value`, in a form that nothing in the value can leave; nothing for no value.
fn said(property: &str, value: &str) -> String {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "-._@+:".contains(c);
    if value.is_empty() {
        String::new()
    } else if value.chars().all(is_token) {
        format!(" {property}={value}")
    } else {
        let safe = |c: char| match c {
            '"' | '\\' => '?',
            ' ' => ' ',
            c if c.is_ascii_graphic() => c,
            _ => '?',
        };
        let quoted: String = value.chars().map(safe).collect();
        format!(" {property}=\"{quoted}\"")
    }
}

/// The header of a message without any claim to be judged by this host: such fields get
/// another name, and everything else stays as it is. RFC 8601 section 5.
pub fn without_claims(header: &[u8], host: &str) -> Vec<u8> {
    let mut kept = Vec::with_capacity(header.len());
    for field in fields(header) {
        if claims(&field, host) {
            let name = field.name.len();
            kept.extend_from_slice(FORGED);
            kept.extend_from_slice(field.raw.get(name..).unwrap_or_default());
        } else {
            kept.extend_from_slice(field.raw);
        }
    }
    // The empty line, which is no field, and all behind it.
    let fields_octets: usize = fields(header).map(|field| field.raw.len()).sum();
    kept.extend_from_slice(header.get(fields_octets..).unwrap_or_default());
    kept
}

/// Whether a field claims to tell what this host found: whatever comments stand before the
/// host's name, which is read as generously as any program may.
fn claims(field: &Field<'_>, host: &str) -> bool {
    if !field.is(NAME) {
        return false;
    }
    let mut depth = 0_u32;
    let mut escaped = false;
    let mut id = String::new();
    for octet in field.value {
        let letter = char::from(*octet).to_ascii_lowercase();
        match letter {
            _ if std::mem::take(&mut escaped) => {
                if depth == 0 {
                    id.push(letter);
                }
            }
            '\\' => escaped = true,
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            ';' => break,
            '"' => {}
            c if c.is_ascii_whitespace() => {
                // A version may follow the name.
                if !id.is_empty() {
                    break;
                }
            }
            c => id.push(c),
        }
    }
    id.trim_end_matches('.') == host.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use events::{ArcVerdict, DkimFlaw, DmarcVerdict, IprevVerdict, SpfVerdict};

    use super::*;

    fn verdicts() -> Verdicts {
        let dkim = DkimVerdict {
            finding: Finding::Pass,
            domain: "a.test".to_owned(),
            selector: "s1".to_owned(),
            algorithm: "ed25519-sha256".to_owned(),
            signature: "AbCd+/12".to_owned(),
            flaw: None,
        };
        Verdicts {
            spf: SpfVerdict {
                finding: Finding::SoftFail,
                domain: "a.test".to_owned(),
                helo: false,
            },
            dkim: vec![
                dkim.clone(),
                DkimVerdict {
                    finding: Finding::Fail,
                    flaw: Some(DkimFlaw::Body),
                    domain: "b\r\n\";x".to_owned(),
                    ..dkim
                },
            ],
            dmarc: DmarcVerdict {
                finding: Finding::Fail,
                domain: "a.test".to_owned(),
                policy: DmarcPolicy::Quarantine,
            },
            iprev: IprevVerdict {
                finding: Finding::Pass,
                ip: "2001:db8::1".parse().unwrap(),
            },
            arc: ArcVerdict {
                finding: Finding::None,
                sealer: String::new(),
                sets: 0,
            },
            vouched: None,
            listed: Vec::new(),
            is_junk_by_list: false,
        }
    }

    #[test]
    fn the_field_tells_all_and_nothing_leaves_its_place() {
        assert_eq!(
            results("mx.test", &verdicts(), "lea@a.test"),
            "Authentication-Results: mx.test;\r\n\
             \tdkim=pass header.d=a.test header.s=s1 header.a=ed25519-sha256 \
             header.b=\"AbCd+/12\";\r\n\
             \tdkim=fail (body altered) header.d=\"b???;x\" header.s=s1 \
             header.a=ed25519-sha256 header.b=\"AbCd+/12\";\r\n\
             \tspf=softfail smtp.mailfrom=lea@a.test;\r\n\
             \tdmarc=fail (p=quarantine dis=quarantine) header.from=a.test;\r\n\
             \tiprev=pass policy.iprev=2001:db8::1\r\n"
        );
        let mut vouched = verdicts();
        vouched.vouched = Some("list.test".to_owned());
        vouched.arc = ArcVerdict {
            finding: Finding::Pass,
            sealer: "list.test".to_owned(),
            sets: 2,
        };
        let field = results("mx.test", &vouched, "");
        for part in [
            "dmarc=fail (p=quarantine dis=none vouched=list.test) header.from=a.test;",
            "\tarc=pass (i=2 d=list.test) smtp.remote-ip=2001:db8::1;\r\n",
        ] {
            assert!(field.contains(part), "{field}");
        }
        let mut none = verdicts();
        none.dkim.clear();
        none.spf.helo = true;
        none.dmarc.finding = Finding::None;
        none.dmarc.domain.clear();
        let field = results("mx.test", &none, "");
        assert!(
            field.contains("dkim=none;\r\n\tspf=softfail smtp.helo=a.test;"),
            "{field}"
        );
        assert!(field.contains("\tdmarc=none;\r\n"), "{field}");
    }

    #[test]
    fn who_claims_to_be_us_is_renamed() {
        let header = "Authentication-Results: other.test; spf=pass\r\n\
                      authentication-results: (a (b\\) ) c)\r\n\tMX.Test. 1; spf=pass\r\n\
                      no field\r\n\
                      Authentication-Results : \"mx.test\"; dmarc=pass\r\n\
                      Authentication-Results: mx.test\r\n\
                      Authentication-Results: xmx.test; a=b\r\n\
                      Subject: mx.test\r\n\r\n";
        let kept = String::from_utf8(without_claims(header.as_bytes(), "mx.test")).unwrap();
        assert_eq!(
            kept,
            "Authentication-Results: other.test; spf=pass\r\n\
             X-Forged-Authentication-Results: (a (b\\) ) c)\r\n\tMX.Test. 1; spf=pass\r\n\
             no field\r\n\
             X-Forged-Authentication-Results : \"mx.test\"; dmarc=pass\r\n\
             X-Forged-Authentication-Results: mx.test\r\n\
             Authentication-Results: xmx.test; a=b\r\n\
             Subject: mx.test\r\n\r\n"
        );
        let plain = b"Subject: a\r\n\r\nbody";
        assert_eq!(without_claims(plain, "mx.test"), plain);
    }
}
