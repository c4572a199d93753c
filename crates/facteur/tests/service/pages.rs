//! The pages, over the real binary, to a browser that keeps cookies.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use crate::common::Facteur;
use crate::served::{Served, python, run};

#[test]
fn a_person_signs_in_and_reads_and_others_do_not() {
    let facteur = Facteur::start();
    let [jeanne, _] = facteur.people();
    let words = [&jeanne.address, &jeanne.password].map(String::as_str);
    run(python(&facteur, "pages.py", &words));
}

#[test]
fn a_password_changed_on_the_page_counts_everywhere_at_once() {
    let facteur = Facteur::start();
    let [jeanne, _] = facteur.people();
    let words = [&jeanne.address, &jeanne.password].map(String::as_str);
    let milliseconds = run(python(&facteur, "changed.py", &words));
    println!("the sessions were closed after {} ms", milliseconds.trim());
}

#[test]
fn what_is_wrong_odd_or_endless_gets_an_answer() {
    let facteur = Facteur::start();
    run(python(&facteur, "pages_edges.py", &[]));
}

#[test]
fn a_browser_that_says_nothing_does_not_hold_the_service_up() {
    let facteur = Facteur::prepared();
    let mut served = Served::start(facteur.facteur(&["serve"]));
    // One says nothing, one stops in the middle; and those who never finish a handshake.
    let connect = |port| TcpStream::connect((Ipv4Addr::LOCALHOST, facteur.port(port))).unwrap();
    let _silent = [443, 993, 995, 465].map(connect);
    let mut upgrading = connect(110);
    upgrading.write_all(b"STLS\r\n").unwrap();
    let mut greeting = Vec::new();
    while greeting.iter().filter(|octet| **octet == b'\n').count() < 2 {
        let mut octet = [0];
        upgrading.read_exact(&mut octet).unwrap();
        greeting.extend(octet);
    }
    let mut half = connect(80);
    half.write_all(b"GET /guides HTTP/1.1\r\nHost: loc")
        .unwrap();
    let mut idle = connect(80);
    let request = b"GET /guides HTTP/1.1\r\nHost: localhost\r\n\r\n";
    idle.write_all(request).unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let (status, log) = served.stop();
    assert!(status.success(), "{log}");
    assert!(!log.contains("were cut"), "{log}");
}
