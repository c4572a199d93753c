//! The command line. Others write scripts against it: verbs are added, none changes.
//!
//! | file | what it does |
//! | --- | --- |
//! | `cli.rs` | the verbs and their arguments |
//! | `run.rs` | carries them out |
//! | `show.rs`, `kept.rs`, `dns.rs`, `explain.rs` | print what was found |
//! | `meter.rs` | shows how far something has come |

mod dns;
mod explain;
mod kept;
mod meter;
mod run;
mod show;

use std::net::IpAddr;
use std::path::PathBuf;

use address::{Address, Domain};
use clap::{Args, Parser, Subcommand, ValueEnum};
use service::manage::Quota;

pub(crate) use run::run;

/// A mail service in one program.
#[derive(Debug, Parser)]
#[command(name = "facteur", version, about)]
pub(crate) struct Cli {
    /// The folder that holds the mail and everything else.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        default_value = "./facteur-data"
    )]
    pub(crate) data: PathBuf,
    /// The configuration; else facteur.toml in the data folder, if it is there.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make everything a first service needs, say what to type into a device, and serve.
    Quickstart(Quickstart),
    /// Serve mail.
    Serve,
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigVerb),
    /// Domains that are served.
    #[command(subcommand)]
    Domain(DomainVerb),
    /// Accounts of people.
    #[command(subcommand)]
    Account(AccountVerb),
    /// Addresses that lead to others.
    #[command(subcommand)]
    Alias(AliasVerb),
    /// Any address.
    #[command(subcommand)]
    Address(AddressVerb),
    /// Mail accepted and not yet handed over.
    #[command(subcommand)]
    Queue(QueueVerb),
    /// What is kept: its soundness and its space.
    #[command(subcommand)]
    Store(StoreVerb),
    /// Copy everything to another folder, while serving; what an earlier backup there has is
    /// not written again. To go back to it, copy that folder and serve the copy.
    Backup {
        /// The folder of the backup.
        folder: PathBuf,
        /// How to print.
        #[command(flatten)]
        output: Output,
    },
}

/// What the quick start is told.
#[derive(Clone, Debug, Args)]
pub(crate) struct Quickstart {
    /// Added to each standard port: 10000 makes 993 into 10993; 0 is the standard ports.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(crate) port_base: u16,
    /// The domain of the first two addresses.
    #[arg(long, value_name = "D", default_value = "facteur.test")]
    pub(crate) domain: Domain,
    /// The name of this host; else the machine's where it resolves, else localhost.
    #[arg(long, value_name = "H")]
    pub(crate) hostname: Option<String>,
    /// An address to listen at, may be repeated; else all, IPv4 and IPv6.
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Vec<IpAddr>,
}

/// How to print.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Output {
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where a password comes from.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct PasswordSource {
    /// Read the password from the standard input: one line, without its end.
    #[arg(long, required = true)]
    pub(crate) password_stdin: bool,
}

/// Verbs about the configuration.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ConfigVerb {
    /// Say what is wrong with it.
    Check(Output),
    /// Show every setting with its value and where that came from.
    Show(Output),
}

/// Verbs about domains.
#[derive(Debug, Subcommand)]
pub(crate) enum DomainVerb {
    /// Serve a domain.
    Add {
        /// Its name.
        domain: Domain,
        /// Who gets its mail for postmaster and abuse, which become aliases; else that goes to
        /// the postmaster of the oldest domain that has one.
        #[arg(long, value_name = "ADDRESS", conflicts_with = "alias_of")]
        postmaster: Option<Address>,
        /// Make it another name of this domain: each address there is one here too.
        #[arg(long, value_name = "DOMAIN")]
        alias_of: Option<Domain>,
    },
    /// List the domains.
    List(Output),
    /// Serve a domain no longer; it must have no addresses.
    Remove {
        /// Its name.
        domain: Domain,
    },
    /// Print the records that a domain is to have in DNS, as lines of a zone, and how those
    /// stand that are there.
    Dns {
        /// The domain.
        domain: Domain,
        /// How to print.
        #[command(flatten)]
        output: Output,
    },
    /// The keys that a domain signs its mail with (DKIM).
    #[command(subcommand)]
    Keys(KeysVerb),
}

/// Verbs about the keys of a domain. To change them: prepare, publish what `domain dns`
/// prints, rotate some days later, and forget the old ones some weeks after that.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysVerb {
    /// List the keys, with the records to publish.
    List(KeysOf),
    /// Make the next keys. They sign nothing until they are used.
    Prepare(KeysOf),
    /// Sign with the keys that were made, once their records are published. Those that signed
    /// are retired; their records must stay for two weeks.
    Rotate(KeysOf),
    /// Forget the keys that have been retired for two weeks.
    Forget(KeysOf),
}

/// Whose keys.
#[derive(Debug, Args)]
pub(crate) struct KeysOf {
    /// The domain.
    pub(crate) domain: Domain,
    /// How to print.
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Verbs about accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountVerb {
    /// Add an account.
    Add {
        /// Its address.
        address: Address,
        /// Its password.
        #[command(flatten)]
        password: PasswordSource,
        /// The person's name.
        #[arg(long, value_name = "N")]
        name: Option<String>,
        /// How much it may hold: 2G, 500M, none.
        #[arg(long, value_name = "SIZE", value_parser = size, default_value = "none")]
        quota: Quota,
        /// How to print.
        #[command(flatten)]
        output: Output,
    },
    /// List the accounts.
    List(Output),
    /// Show an account and what it holds.
    Show {
        /// Its address.
        address: Address,
        /// How to print.
        #[command(flatten)]
        output: Output,
    },
    /// Remove an account with all its mail.
    Remove {
        /// Its address.
        address: Address,
        /// How to print.
        #[command(flatten)]
        output: Output,
    },
    /// Set an account's password.
    Password {
        /// Its address.
        address: Address,
        /// The new password.
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Change an account.
    Set(AccountSet),
    /// Have an account's mail go on to other addresses.
    Redirect(AccountRedirect),
}

/// What to change of an account.
#[derive(Debug, Args)]
#[group(id = "changes", required = true, multiple = true, args = ["old_devices", "quota", "name"])]
pub(crate) struct AccountSet {
    /// Its address.
    pub(crate) address: Address,
    /// Whether it may sign in without encryption.
    #[arg(long, value_name = "on|off")]
    pub(crate) old_devices: Option<Switch>,
    /// How much it may hold: 2G, 500M, none.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) quota: Option<Quota>,
    /// The person's name; an empty one takes it away.
    #[arg(long, value_name = "N")]
    pub(crate) name: Option<String>,
    /// How to print.
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Where an account's mail is to go on to.
#[derive(Debug, Args)]
#[group(id = "whereto", required = true, args = ["targets", "off"])]
pub(crate) struct AccountRedirect {
    /// Its address.
    pub(crate) address: Address,
    /// Where its mail goes, here or elsewhere.
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<Address>,
    /// The account gets its mail too.
    #[arg(long, requires = "targets")]
    pub(crate) keep_copy: bool,
    /// Its mail stays.
    #[arg(long)]
    pub(crate) off: bool,
    /// How to print.
    #[command(flatten)]
    pub(crate) output: Output,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// Yes.
    On,
    /// No.
    Off,
}

/// Verbs about aliases.
#[derive(Debug, Subcommand)]
pub(crate) enum AliasVerb {
    /// Make an address lead to others.
    Add {
        /// The alias; '*@DOMAIN' is for all addresses of a domain that are not there.
        address: Address,
        /// Where it leads.
        #[arg(required = true, value_name = "TARGET")]
        targets: Vec<Address>,
        /// How to print.
        #[command(flatten)]
        output: Output,
    },
    /// List the aliases.
    List(Output),
    /// Remove an alias.
    Remove {
        /// The alias.
        address: Address,
    },
}

/// Verbs about any address.
#[derive(Debug, Subcommand)]
pub(crate) enum AddressVerb {
    /// Say where mail to an address goes, and why.
    Explain {
        /// The address.
        address: Address,
        /// How to print.
        #[command(flatten)]
        output: Output,
    },
}

/// Verbs about the queue.
#[derive(Debug, Subcommand)]
pub(crate) enum QueueVerb {
    /// List what waits, the oldest first: a thousand messages at most.
    List {
        /// Go on after this message, where an earlier list ended.
        #[arg(long)]
        after: Option<String>,
        /// How to print.
        #[command(flatten)]
        output: Output,
    },
    /// Show one message that waits: who has not got it, why, and when it is tried next.
    Show {
        /// Its number, as the list shows it.
        id: String,
        /// How to print.
        #[command(flatten)]
        output: Output,
    },
    /// Try one message now, also if it was held.
    Retry {
        /// Its number, as the list shows it.
        id: String,
    },
    /// Have one message stay where it is until it is retried. Nobody is told.
    Hold {
        /// Its number, as the list shows it.
        id: String,
    },
    /// Throw one message away for those who have not got it. Nobody is told.
    Drop {
        /// Its number, as the list shows it.
        id: String,
    },
    /// Try all that waits now, or all for one domain.
    Flush {
        /// The domain.
        domain: Option<Domain>,
        /// How to print.
        #[command(flatten)]
        output: Output,
    },
    /// Show which destinations are left in peace for a time, since they could not be reached.
    Destinations(Output),
}

/// Verbs about what is kept.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreVerb {
    /// Look at every record and read every message, while serving, and say what is wrong. The
    /// exit code is 1 when anything is.
    Check {
        /// Look at the records alone, which takes seconds.
        #[arg(long)]
        records: bool,
        /// Put right what can be without losing anything, and say what was and what is left.
        /// For after a salvage that had to pass something over.
        #[arg(long)]
        mend: bool,
        /// How to print.
        #[command(flatten)]
        output: Output,
    },
    /// Count what there is, and what of it is needed.
    Stats(Output),
    /// Take back all space that can be. While serving, what is freed leaves the disk, or the
    /// bucket, an hour later or more.
    Compact {
        /// Also where that looks like a mistake, since nothing names most of what is in the
        /// bucket, or since the index was put back to an earlier state.
        #[arg(long)]
        anyway: bool,
        /// How to print.
        #[command(flatten)]
        output: Output,
    },
    /// Make a lost or damaged index again from the files of the messages, and name what could
    /// not be read. The service must not run. What there was of the index is put aside.
    Salvage(Output),
    /// Copy all that is kept to another data folder, or to the database and the bucket that
    /// the facteur.toml in it names, and compare. The service must not run, on any node. What
    /// was cut short is taken up again by the same command. The old place stays as it is.
    Move {
        /// The data folder of the new place.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// How to print.
        #[command(flatten)]
        output: Output,
    },
}

/// Reads `2G`, `500M`, `64K`, `1T`, a number of octets, or `none`.
fn size(text: &str) -> Result<Quota, String> {
    if text == "none" {
        return Ok(Quota::None);
    }
    let wrong = || format!("{text:?} is no size; write 2G, 500M or none");
    let (number, shift) = match text.char_indices().last() {
        Some((at, 'K' | 'k')) => (&text[..at], 10),
        Some((at, 'M' | 'm')) => (&text[..at], 20),
        Some((at, 'G' | 'g')) => (&text[..at], 30),
        Some((at, 'T' | 't')) => (&text[..at], 40),
        _ => (text, 0),
    };
    if !number.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(wrong());
    }
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let bytes = number.checked_mul(1 << shift).ok_or_else(wrong)?;
    Ok(Quota::Bytes(bytes))
}

#[cfg(test)]
mod tests;
