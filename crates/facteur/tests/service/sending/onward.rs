//! Mail that goes on from one service to another: its sender lets nobody send for it, and it is
//! believed all the same.

use testbed::Zone;

use super::World;
use crate::believing::dkimpy;

#[test]
fn what_is_sent_on_is_believed_and_reports_come_back() {
    let mut world = World::start_with(&[("FACTEUR_BELIEVING__TRUSTED_NETWORKS", "[]")]);
    let key = String::from_utf8(dkimpy(&["key"], b"")).unwrap();
    let pass = format!(
        "@ MX 10 mail
         @ TXT \"v=spf1 -all\"
         mail A 127.0.0.2
         _dmarc TXT \"v=DMARC1; p=reject\"
         s1._domainkey TXT \"v=DKIM1; k=ed25519; p={}\"",
        key.trim()
    );
    let ours = "@ MX 10 mail\n@ TXT \"v=spf1 ip4:127.0.0.1 -all\"\nmail A 127.0.0.1";
    world.dns.publish(&[
        Zone::plain("a.test", ours),
        Zone::plain("b.test", ours),
        Zone::plain("odd.test", "@ MX 10 mail\nmail A 127.0.0.2"),
        Zone::plain("pass.test", &pass),
    ]);
    let folder = world.here.folder.path().join("signed");
    std::fs::create_dir(&folder).unwrap();
    for subject in ["on", "circle", "nowhere"] {
        let message = format!(
            "From: Lea <lea@pass.test>\r\nTo: all\r\nSubject: {subject}\r\n\r\nBonjour.\r\n"
        );
        let signed = dkimpy(&["sign"], message.as_bytes());
        std::fs::write(folder.join(subject), signed).unwrap();
    }
    let done = world.script("onward").arg(folder).status().unwrap();
    assert!(done.success());
}
