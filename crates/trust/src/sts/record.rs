//! The record that says that there is a policy, and which. RFC 8461 section 3.1.

/// What such a record begins with. Case counts there.
const VERSION: &str = "v=STSv1";
/// Octets of a policy's number.
const NUMBER_OCTETS: usize = 32;

/// The number of a domain's policy, from the texts that DNS has of `_mta-sts.DOMAIN`. None where
/// the domain has no policy: a record that is not as it must be is none, and two are none.
pub fn policy_number<'a>(texts: impl IntoIterator<Item = &'a [u8]>) -> Option<&'a str> {
    let mut ours = texts
        .into_iter()
        .filter_map(|text| std::str::from_utf8(text).ok())
        .filter_map(fields);
    match (ours.next(), ours.next()) {
        (Some(fields), None) => number(fields),
        _ => None,
    }
}

/// What comes behind the version; none of a text that is about something else.
fn fields(text: &str) -> Option<&str> {
    let behind = text.strip_prefix(VERSION)?;
    behind.trim_start_matches(BLANK).strip_prefix(';')
}

/// The first number among the fields, of which all must be fields.
fn number(fields: &str) -> Option<&str> {
    let mut found = None;
    let mut left = fields.split(';').map(|field| field.trim_matches(BLANK));
    while let Some(field) = left.next() {
        match field.split_once('=') {
            Some(("id", value)) => found = found.or(Some(value)),
            Some((name, value)) if !name.is_empty() && !value.is_empty() => {}
            // After the last of them a semicolon may stand.
            None if field.is_empty() && left.next().is_none() => break,
            _ => return None,
        }
    }
    let is_number = |number: &&str| {
        (1..=NUMBER_OCTETS).contains(&number.len())
            && number.bytes().all(|octet| octet.is_ascii_alphanumeric())
    };
    found.filter(is_number)
}

const BLANK: [char; 2] = [' ', '\t'];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(texts: &[&'static str]) -> Option<&'static str> {
        policy_number(texts.iter().map(|text| text.as_bytes()))
    }

    #[test]
    fn the_number_is_found_whatever_stands_beside_it() {
        for text in [
            "v=STSv1; id=20160831085700Z;",
            "v=STSv1;id=20160831085700Z",
            "v=STSv1 ;\tnew.field=x:y ; id=20160831085700Z ; ",
            "v=STSv1; id=20160831085700Z; id=second;",
        ] {
            assert_eq!(of(&[text]), Some("20160831085700Z"), "{text}");
        }
        let others = [
            "google-site-verification=x",
            "v=STSv1; id=a1",
            "v=spf1 -all",
        ];
        assert_eq!(of(&others), Some("a1"));
    }

    #[test]
    fn what_is_not_one_right_record_is_none() {
        for text in [
            "",
            "v=STSv1",
            "v=STSv1;",
            "V=STSV1; id=1",
            " v=STSv1; id=1",
            "v=STSv12; id=1",
            "id=1; v=STSv1",
            "v=STSv1; id=",
            "v=STSv1; id=1-2",
            "v=STSv1; id=1;; a=b",
            "v=STSv1; id=1; nothing",
            "v=STSv1; id=123456789012345678901234567890123",
        ] {
            assert_eq!(of(&[text]), None, "{text}");
        }
        assert_eq!(of(&["v=STSv1; id=1", "v=STSv1; id=1"]), None);
        assert_eq!(of(&[]), None);
    }

    proptest! {
        #[test]
        fn a_number_is_always_one(text in "v=STSv1;[ a-z0-9=;.]{0,60}") {
            if let Some(number) = policy_number([text.as_bytes()]) {
                prop_assert!((1..=NUMBER_OCTETS).contains(&number.len()), "number");
                let again = format!("v=STSv1; id={number};");
                prop_assert_eq!(policy_number([again.as_bytes()]), Some(number));
            }
        }
    }
}
