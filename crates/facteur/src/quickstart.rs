//! `facteur quickstart`: a service with everything in it, in one command.
//!
//! It makes a data folder with a certificate authority, a configuration, a domain and two
//! addresses; says what to type into a device; then serves. The configuration is written
//! last: where it stands, the rest is there, and a second start just serves.

mod clients;

use std::fs;
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use address::{Address, Domain, Password};
use anyhow::{Context, ensure};
use directory::{DirectoryError, NewAccount, generate_password};
use jiff::Timestamp;
use service::endpoints::{Endpoints, Service, Tls};
use words::Language;

use crate::config::{self, Config};
use crate::rooms::{self, Chosen, Rooms};
use crate::{machine, serve};

/// What may be chosen on the command line.
#[derive(Debug)]
pub(crate) struct Choices {
    pub(crate) port_base: u16,
    pub(crate) domain: Domain,
    pub(crate) hostname: Option<String>,
    pub(crate) listen: Vec<IpAddr>,
}

/// One of the two addresses, with the password that is shown once.
pub(crate) struct Made {
    pub(crate) address: Address,
    pub(crate) password: String,
}

/// What was made, for whoever sets up a device.
pub(crate) struct Sheet {
    pub(crate) host: String,
    pub(crate) endpoints: Endpoints,
    pub(crate) authority: PathBuf,
    pub(crate) accounts: [Made; 2],
}

/// Where the sheet can be read again, in the data folder.
const SHEET: &str = "quickstart.txt";
/// There while a quick start makes the folder; one that was cut short is taken up again.
const UNFINISHED: &str = "quickstart.unfinished";
/// The local parts of the two addresses.
const NAMES: [&str; 2] = ["jeanne", "paul"];

/// Makes what is not there, then serves.
pub(crate) fn run(data: &Path, choices: &Choices) -> anyhow::Result<()> {
    let file = data.join(config::FILE);
    if file.exists() {
        let sheet = data.join(SHEET);
        return serve::run(data, None, || {
            say(&format!(
                "Serving from {}. What to type into a device stands in {}\n",
                data.display(),
                sheet.display()
            ));
        });
    }
    let text = make(data, &file, choices)?;
    serve::run(data, None, || say(&text))
}

/// Standard output may be closed; the service goes on, and the sheet is kept.
fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
    let _ = std::io::stdout().flush();
}

fn make(data: &Path, file: &Path, choices: &Choices) -> anyhow::Result<String> {
    let config = configuration(choices)?;
    let host = config.hostname.clone();
    let endpoints = serve::endpoints(&config)?;
    // Before anything is made, so that another try can begin anew with other choices.
    serve::can_open(&endpoints, &config.listen)?;
    let unfinished = begin(data)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let accounts = runtime.block_on(accounts(data, &choices.domain, &config))?;
    let mut names = vec![host.clone(), "localhost".to_owned()];
    names.extend(machine::addresses().iter().map(IpAddr::to_string));
    names.extend(
        config
            .listen
            .iter()
            .filter(|ip| !ip.is_unspecified())
            .map(IpAddr::to_string),
    );
    names.sort_unstable();
    names.dedup();
    // The service's own name comes first: it names the certificate.
    names.sort_by_key(|name| *name != host);
    let folder = data.join("tls");
    let files = tls::make_authority(&folder, &names)?;
    let sheet = Sheet {
        host,
        endpoints,
        authority: fs::canonicalize(&files.authority)?,
        accounts,
    };
    let text = describe(&sheet, &fs::canonicalize(data)?)?;
    write_private(&data.join(SHEET), &text)?;
    write_private(file, &config::documented(&config)?)?;
    // If it stays, it says nothing while the configuration is there.
    let _ = fs::remove_file(unfinished);
    Ok(text)
}

/// Marks a folder as one that a quick start is making. One with data of another origin is
/// refused: its passwords and its certificate would be replaced.
fn begin(data: &Path) -> anyhow::Result<PathBuf> {
    let unfinished = data.join(UNFINISHED);
    let holds = ["index", "tls"].map(|name| data.join(name).exists());
    ensure!(
        unfinished.exists() || !holds.contains(&true),
        "{} holds a service already, without {}. Serve it with  facteur --data {} serve, or \
         name another folder for a quick start",
        data.display(),
        config::FILE,
        data.display()
    );
    rooms::make_folder(data).with_context(|| data.display().to_string())?;
    write_private(&unfinished, "")?;
    Ok(unfinished)
}

/// The configuration that was chosen, found to be one that can work.
fn configuration(choices: &Choices) -> anyhow::Result<Config> {
    let hostname = choices.hostname.clone();
    let mut config = Config {
        hostname: hostname.unwrap_or_else(machine::host_name),
        port_base: choices.port_base,
        ..Config::default()
    };
    if !choices.listen.is_empty() {
        config.listen.clone_from(&choices.listen);
    }
    config::settle(&mut config)?;
    Ok(config)
}

/// The domain and the two accounts, durably. A quick start that was cut short is taken up
/// again: what is there already stays, with a new password.
async fn accounts(data: &Path, domain: &Domain, config: &Config) -> anyhow::Result<[Made; 2]> {
    let chosen = Chosen::embedded().with_care(&config.care);
    let rooms = Rooms::open(data, &chosen, config.old_devices).await?;
    let now = Timestamp::now();
    if !rooms.directory.is_hosted(domain).await? {
        rooms.directory.add_domain(domain, now).await?;
    }
    let [first, second] = NAMES;
    let made = [
        account(&rooms, first, domain, now).await?,
        account(&rooms, second, domain, now).await?,
    ];
    let postmaster: Address = format!("postmaster@{domain}").parse()?;
    let aliases = rooms.directory.aliases().await?;
    if !aliases.iter().any(|alias| alias.address == postmaster) {
        let targets = vec![made[0].address.clone()];
        rooms.directory.add_alias(&postmaster, targets).await?;
    }
    Ok(made)
}

async fn account(
    rooms: &Rooms,
    name: &str,
    domain: &Domain,
    now: Timestamp,
) -> anyhow::Result<Made> {
    let address: Address = format!("{name}@{domain}").parse()?;
    let password = generate_password();
    let clear = String::from_utf8(password.expose().to_vec())?;
    let id = match rooms.directory.account_at(&address).await {
        Ok(account) => {
            let secret = Password::new(clear.as_bytes());
            rooms
                .directory
                .set_password(account.id, &secret, now)
                .await?;
            account.id
        }
        Err(DirectoryError::NoSuchAccount { .. }) => {
            let new = NewAccount {
                address: address.clone(),
                password,
                name: None,
                quota: None,
                language: Language::default(),
            };
            rooms.directory.add_account(new, now).await?.id
        }
        Err(error) => return Err(error.into()),
    };
    rooms.store.create_account(id, now).await?;
    Ok(Made {
        address,
        password: clear,
    })
}

fn describe(sheet: &Sheet, data: &Path) -> anyhow::Result<String> {
    use std::fmt::Write as _;
    let port = |service, tls| sheet.endpoints.port(service, tls).unwrap_or_default();
    let host = &sheet.host;
    let mut text = String::new();
    writeln!(text, "\nFacteur is ready. Type this into any device:\n")?;
    let wide = host.chars().count().max("server".len());
    writeln!(
        text,
        "  service         {:<wide$}  SSL/TLS  STARTTLS",
        "server"
    )?;
    for (name, service) in [
        ("incoming, IMAP", Service::Imap),
        ("incoming, POP3", Service::Pop3),
        ("outgoing, SMTP", Service::Submission),
    ] {
        let (implicit, upgraded) = (port(service, Tls::Implicit), port(service, Tls::StartTls));
        writeln!(
            text,
            "  {name:<15} {host:<wide$}  {implicit:>7}  {upgraded:>8}"
        )?;
    }
    let (transfer, pages) = (
        port(Service::Transfer, Tls::StartTls),
        port(Service::Pages, Tls::Implicit),
    );
    writeln!(
        text,
        "\n  mail from other servers comes in at port {transfer}"
    )?;
    writeln!(text, "  customer area: https://{host}:{pages}/\n")?;
    let user = "user name (the whole address)";
    let names = sheet.accounts.iter().map(|made| made.address.to_string());
    let wide = names.map(|name| name.chars().count()).max();
    let wide = wide.unwrap_or_default().max(user.len());
    writeln!(text, "  {user:<wide$}  password")?;
    for Made { address, password } in &sheet.accounts {
        writeln!(text, "  {:<wide$}  {password}", address.to_string())?;
    }
    let authority = sheet.authority.display();
    writeln!(text, "\n  authority to trust: {authority}\n")?;
    text.push_str(&clients::lines(sheet, data)?);
    writeln!(text, "This sheet is kept in {}", data.join(SHEET).display())?;
    Ok(text)
}

/// A file with secrets: for its owner alone, complete or not there.
pub(crate) fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let new = path.with_extension("new");
    let put = || {
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        match path.parent() {
            Some(folder) => fs::File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    };
    put().with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(hostname: &str) -> Choices {
        Choices {
            port_base: 10_000,
            domain: "a.test".parse().unwrap(),
            hostname: Some(hostname.to_owned()),
            listen: vec![],
        }
    }

    #[test]
    fn nothing_is_made_for_choices_that_cannot_work() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        // So that one of the ports is the one that is taken.
        let base = taken.local_addr().unwrap().port() - 25;
        let occupied = Choices {
            port_base: base,
            listen: vec![IpAddr::from([127, 0, 0, 1])],
            ..choices("mail.a.test")
        };
        for (wrong, word) in [(choices("two words"), "hostname"), (occupied, "port")] {
            let error = make(&data, &data.join(config::FILE), &wrong).err().unwrap();
            assert!(format!("{error:#}").contains(word), "{error:#}");
            assert!(!data.exists());
        }
    }

    #[test]
    fn what_was_cut_short_is_taken_up_and_what_is_another_s_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let file = data.join(config::FILE);
        // An address that no other test listens at.
        let choices = Choices {
            listen: vec![IpAddr::from([127, 83, 11, 7])],
            ..choices("localhost")
        };
        let first = make(&data, &file, &choices).unwrap();
        let key = data.join("tls/key.pem");
        let kept = fs::read(&key).unwrap();
        assert!(!data.join(UNFINISHED).exists());
        // A service whose configuration is elsewhere.
        fs::remove_file(&file).unwrap();
        let error = make(&data, &file, &choices).unwrap_err().to_string();
        assert!(error.contains("holds a service already"), "{error}");
        assert_eq!(fs::read(&key).unwrap(), kept);
        // Killed before its last step.
        fs::write(data.join(UNFINISHED), "").unwrap();
        let again = make(&data, &file, &choices).unwrap();
        assert_ne!(first, again);
        assert!(file.exists() && !data.join(UNFINISHED).exists());
    }

    #[test]
    fn a_host_name_is_kept_as_the_network_spells_it() {
        let host = |name: &str| configuration(&choices(name)).unwrap().hostname;
        assert_eq!(host("Courrier.Été.test"), "courrier.xn--t-9fab.test");
        assert_eq!(host("mail.a.test"), "mail.a.test");
    }

    #[test]
    fn long_names_stay_in_their_columns() {
        let made = |address: &str| Made {
            address: address.parse().unwrap(),
            password: "kfwmra-hutbye-qgxdns".to_owned(),
        };
        let folder = tempfile::tempdir().unwrap();
        let sheet = Sheet {
            host: "a-rather-long-name.of-a-machine.test".to_owned(),
            endpoints: Endpoints::standard(),
            authority: folder.path().join("authority.pem"),
            accounts: [
                made("jeanne@a-rather-long-domain-name.test"),
                made("paul@a-rather-long-domain-name.test"),
            ],
        };
        let text = describe(&sheet, folder.path()).unwrap();
        let column = |start: &str, word: &str| {
            let line = text.lines().find(|line| line.starts_with(start)).unwrap();
            line.find(word).unwrap() + word.len()
        };
        assert_eq!(
            column("  service", "SSL/TLS"),
            column("  incoming, IMAP", " 993")
        );
        let secrets = ["  jeanne@", "  paul@"].map(|line| column(line, "kfwmra"));
        assert_eq!(secrets[0], secrets[1]);
        assert_eq!(secrets[0], column("  user name", "password") - 2);
    }

    #[test]
    fn a_private_file_is_whole_and_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sheet.txt");
        write_private(&path, "one").unwrap();
        write_private(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
