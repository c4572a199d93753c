//! What happened, as an operator sees it: sign-ins, and attempts to send without one.

use std::process::Stdio;

use crate::common::{Facteur, scripts};

#[test]
fn an_attempt_to_send_without_signing_in_is_told_of_with_whose_device_it_may_be() {
    let mut facteur = Facteur::start();
    let setting = facteur.setting();
    let run = |step: &str| {
        let script = scripts("happened.unsigned")
            .arg(&setting)
            .arg(step)
            .status();
        assert!(script.unwrap().success(), "{step}");
    };
    run("try");
    // By the running service, by what it left at its end, and by the next one.
    run("look");
    assert!(facteur.stop().success());
    run("look");
    facteur.restart();
    run("look");
    let mut check = facteur.facteur(&["store", "check"]);
    check.stdout(Stdio::null());
    assert!(check.status().unwrap().success());
}
