//! The guide for the old tablet, against what the tablet asks for.

use axum::http::StatusCode;
use directory::AccountChange;

use crate::support::{Browser, HOST, JEANNE, World};

const ANDROID: &str = "/guides/email-android-4.1.2";

/// A page as a person reads it: no tags, characters as they are.
fn text(html: &str) -> String {
    let mut out = String::new();
    for part in html.split('<') {
        out += part.split_once('>').map_or(part, |(_, text)| text);
    }
    let out = out
        .replace("&#39;", "'")
        .replace("&#38;", "&")
        .replace('\u{a0}', " ");
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn read(browser: &mut Browser, path: &str) -> String {
    let page = browser.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}");
    text(page.body.split("<main").nth(1).unwrap())
}

#[tokio::test]
async fn ones_own_values_are_in_it() {
    let world = World::with_base(10_000).await;
    let mut browser = world.signed_in().await;
    let imap = read(&mut browser, &format!("{ANDROID}/imap?lang=fr")).await;
    for wanted in [
        &format!("Adresse e-mail : écrivez {JEANNE}"),
        &format!("Nom d’utilisateur : déjà {JEANNE}"),
        &format!("Serveur IMAP : écrivez {HOST}"),
        "Port : vérifiez 10143",
        &format!("Serveur SMTP : écrivez {HOST}"),
        "Port : vérifiez 10587",
        "elle remet 143 : retapez 10143",
    ] {
        assert!(imap.contains(wanted), "{wanted} in {imap}");
    }
    let pop3 = read(&mut browser, &format!("{ANDROID}/pop3?lang=en")).await;
    for wanted in [
        &format!("POP3 server: type {HOST}"),
        "Port: check that it says 10110",
    ] {
        assert!(pop3.contains(wanted), "{wanted} in {pop3}");
    }
}

#[tokio::test]
async fn general_values_are_nobodys() {
    let world = World::new().await;
    let guide = read(&mut world.browser(), &format!("{ANDROID}/imap")).await;
    assert!(
        guide.contains(
            "Email address: type your whole address, such as first.last@tilleuls.example"
        )
    );
    assert!(guide.contains("Port: check that it says 143") && !guide.contains("puts 143 again"));
    assert!(!guide.contains("jeanne"));
}

/// Every screen, field and choice of section 1 of the description of that app.
#[tokio::test]
async fn every_screen_and_field_is_named_as_the_device_names_it() {
    let both_french = [
        "Configurer un compte",
        "Adresse e-mail",
        "Mot de passe",
        "Par défaut, envoyer les e-mails avec ce compte",
        "Configuration manuelle",
        "Type de compte",
        "De quel type de compte s’agit-il ?",
        "Paramètres du serveur entrant",
        "Nom d’utilisateur",
        "Type de sécurité",
        "SSL/TLS (accepter tous les certificats)",
        "Port",
        "Suivant",
        "Paramètres du serveur sortant",
        "Serveur SMTP",
        "Connexion obligatoire.",
        "Connexion requise",
        "Options de compte",
        "Fréquence de consultation de la boîte de réception",
        "Toutes les 15 minutes",
        "Afficher une notification lors de la réception d’un e-mail",
        "Synchroniser les e-mails à partir de ce compte",
        "Configuration du compte",
        "Nom du compte (facultatif)",
        "Votre nom (affiché sur les messages sortants)",
        "Boîte de réception",
        "Charger plus de messages",
        "Impossible de terminer",
        "Modifier les infos",
    ];
    let both_english = [
        "Account setup",
        "Email address",
        "Password",
        "Send email from this account by default.",
        "Manual setup",
        "Account type",
        "What type of account is this?",
        "Incoming server settings",
        "Username",
        "Security type",
        "SSL/TLS (Accept all certificates)",
        "Port",
        "Next",
        "Outgoing server settings",
        "SMTP server",
        "Require sign-in.",
        "Account options",
        "Inbox checking frequency",
        "Every 15 minutes",
        "Notify me when email arrives.",
        "Sync email from this account.",
        "Give this account a name (optional)",
        "Your name (displayed on outgoing messages)",
        "Inbox",
        "Load more messages",
        "Couldn’t finish",
        "Edit details",
    ];
    let pop3_french = [
        "Compte POP3",
        "Serveur POP3",
        "Supprimer les e-mails du serveur",
        "Jamais",
        "Si messages suppr. de boîte de récep.",
    ];
    let imap_french = [
        "Serveur IMAP",
        "Préfixe du chemin IMAP : laissez ce champ vide",
        "Télécharger automatiquement les pièces jointes une fois connecté au Wi-Fi",
    ];
    let pop3_english = [
        "POP3 server",
        "Delete email from server",
        "Never",
        "When I delete from Inbox",
    ];
    let imap_english = [
        "IMAP server",
        "IMAP path prefix: leave this field empty",
        "Automatically download attachments when connected to Wi-Fi",
    ];
    let world = World::new().await;
    for (path, own, both) in [
        (
            "pop3?lang=fr",
            pop3_french.as_slice(),
            both_french.as_slice(),
        ),
        (
            "imap?lang=fr",
            imap_french.as_slice(),
            both_french.as_slice(),
        ),
        (
            "pop3?lang=en",
            pop3_english.as_slice(),
            both_english.as_slice(),
        ),
        (
            "imap?lang=en",
            imap_english.as_slice(),
            both_english.as_slice(),
        ),
    ] {
        let guide = read(&mut world.browser(), &format!("{ANDROID}/{path}")).await;
        for wanted in own.iter().chain(both) {
            assert!(guide.contains(wanted), "{path}: {wanted}");
        }
    }
}

/// The app offers TLS 1.0 at most, and the service takes TLS 1.2 at least: what a reader
/// follows must lead to ports that begin in the clear.
#[tokio::test]
async fn what_the_tablet_is_told_to_do_works_with_what_it_has() {
    let world = World::new().await;
    for (path, security, port, none) in [
        (
            "imap/4?lang=en",
            "Security type: leave None",
            "says 143",
            ["says 993", "says 995"],
        ),
        (
            "pop3/4?lang=en",
            "Security type: leave None",
            "says 110",
            ["says 993", "says 995"],
        ),
        (
            "imap/5?lang=en",
            "Security type: leave None",
            "says 587",
            ["says 465", "says 25"],
        ),
        (
            "imap/4?lang=fr",
            "Type de sécurité : laissez Aucun",
            "vérifiez 143",
            ["vérifiez 993", "vérifiez 995"],
        ),
    ] {
        let html = world.browser().get(&format!("{ANDROID}/{path}")).await.body;
        let said = text(&html);
        assert!(
            said.contains(security) && said.contains(port),
            "{path}: {said}"
        );
        assert!(
            none.iter().all(|port| !said.contains(port)),
            "{path}: {said}"
        );
        // The one port that is tinted as the reader's own is the same.
        let mine = html.split("class=\"mine\"").nth(1).unwrap();
        let digits: String = port.chars().filter(char::is_ascii_digit).collect();
        assert!(mine.starts_with(&format!("><b>{digits}</b>")), "{path}");
        assert_eq!(html.matches("class=\"mine\"").count(), 1, "{path}");
    }
}

#[tokio::test]
async fn the_warnings_stand_where_the_choice_is() {
    let world = World::new().await;
    let mut browser = world.browser();
    let incoming = read(&mut browser, &format!("{ANDROID}/imap/4")).await;
    assert!(
        incoming.contains("What this choice costs.")
            && incoming.contains("Leave the prefix empty.")
    );
    let outgoing = read(&mut browser, &format!("{ANDROID}/imap/5")).await;
    assert!(
        outgoing.contains("Without encryption, here too.")
            && outgoing.contains("Without this tick")
    );
    let pop3 = read(&mut browser, &format!("{ANDROID}/pop3/4")).await;
    assert!(!pop3.contains("prefix"));
}

#[tokio::test]
async fn old_devices_are_told_as_they_are() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let first = format!("{ANDROID}/imap/1");
    assert!(read(&mut browser, &first).await.contains("not admitted"));
    assert!(
        read(&mut browser, "/")
            .await
            .contains("Old devices not admitted")
    );
    let on = AccountChange {
        old_devices: Some(true),
        ..AccountChange::default()
    };
    world
        .site
        .directory
        .set(world.jeanne().await.id, on)
        .await
        .unwrap();
    assert!(!read(&mut browser, &first).await.contains("not admitted"));
    assert!(
        read(&mut browser, "/")
            .await
            .contains("Old devices admitted")
    );
    world
        .site
        .directory
        .set_old_devices(directory::OldDevices::Off);
    assert!(
        read(&mut browser, "/")
            .await
            .contains("Old devices not admitted"),
        "the service's rule"
    );
}

#[tokio::test]
async fn steps_that_are_not_there_are_not_found() {
    let world = World::new().await;
    let mut browser = world.browser();
    for path in [
        "imap/0",
        "imap/9",
        "imap/x",
        "imap/99999999999999999999",
        "exchange/1",
        "exchange",
    ] {
        let page = browser.get(&format!("{ANDROID}/{path}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(
        browser
            .get(&format!("{ANDROID}/imap/18446744073709551615"))
            .await
            .status,
        StatusCode::NOT_FOUND
    );
}
