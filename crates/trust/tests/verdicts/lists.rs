//! Block lists, as RFC 5782 has them.

use std::net::IpAddr;

use trust::{BlockList, Listing};

use crate::table::Table;

const RECORDS: &str = "\
2.2.0.192.bl.test A 127.0.0.2
2.2.0.192.bl.test TXT See https://bl.test/192.0.2.2
3.2.0.192.bl.test A 127.0.0.4
3.2.0.192.bl.test A 127.0.0.10
4.2.0.192.bl.test A 127.255.255.254
4.2.0.192.bl.test TXT no open resolvers
5.2.0.192.bl.test A 198.51.100.1
6.2.0.192.bl.test A 127.0.0.1
7.2.0.192.bl.test FAIL
8.2.0.192.bl.test TXT a text alone
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.test A 127.0.0.2
";

async fn look_up(ip: &str) -> Listing {
    let list: BlockList = "bl.test refuse".parse().unwrap();
    let ip: IpAddr = ip.parse().unwrap();
    list.look_up(&Table::new(RECORDS), ip).await
}

#[tokio::test]
async fn an_address_is_on_it_or_not() {
    for (ip, listing) in [
        ("192.0.2.1", Listing::NotListed),
        (
            "192.0.2.2",
            Listing::Listed(Some("See https://bl.test/192.0.2.2".to_owned())),
        ),
        ("::ffff:192.0.2.3", Listing::Listed(None)),
        ("192.0.2.7", Listing::Unknown),
        ("192.0.2.8", Listing::NotListed),
        ("2001:db8::1", Listing::Listed(None)),
        ("2001:db8::2", Listing::NotListed),
    ] {
        assert_eq!(look_up(ip).await, listing, "{ip}");
    }
}

#[tokio::test]
async fn what_no_list_answers_lists_nobody() {
    for (ip, answer) in [
        ("192.0.2.4", [127, 255, 255, 254]),
        ("192.0.2.5", [198, 51, 100, 1]),
        ("192.0.2.6", [127, 0, 0, 1]),
    ] {
        assert_eq!(look_up(ip).await, Listing::Useless(answer.into()), "{ip}");
    }
}
