//! Carries the verbs out.

use std::io::{self, BufRead, Write};
use std::path::Path;

use address::{Domain, Password};
use anyhow::{Context, bail, ensure};
use service::keep::{Order, Report};
use service::manage::{AddressOrder, KeysOrder, QueueOrder, Request, Response, Secret};

use super::meter::Meter;
use super::{
    AccountRedirect, AccountSet, AccountVerb, AddressVerb, AliasVerb, Cli, Command, ConfigVerb,
    DomainVerb, KeysVerb, Output, QueueVerb, Quickstart, StoreVerb, Switch, kept, show,
};
use crate::quickstart::{self, Choices};
use crate::rooms::{self, Chosen};
use crate::{admin, config, serve};

/// Octets that are read of a line with a password: more than any password has
/// ([`directory::PASSWORD_OCTETS`]), so that one that is too long is told as such.
const PASSWORD_LINE_OCTETS: u64 = 2 * directory::PASSWORD_OCTETS as u64 + 2;

/// Which service is meant.
#[derive(Clone, Copy)]
struct At<'a> {
    data: &'a Path,
    config: Option<&'a Path>,
}

/// Does what the command line says; an error is a refusal with its reason.
pub(crate) fn run(cli: Cli) -> anyhow::Result<()> {
    let at = At {
        data: &cli.data,
        config: cli.config.as_deref(),
    };
    match cli.command {
        Command::Quickstart(arguments) => {
            ensure!(
                at.config.is_none(),
                "a quick start writes its configuration into the data folder; leave --config out"
            );
            quickstart::run(at.data, &choices(arguments))
        }
        Command::Serve => serve::run(at.data, at.config, || {}),
        Command::Config(verb) => configuration(at, verb),
        Command::Domain(verb) => domain(at, verb),
        Command::Account(verb) => account(at, verb),
        Command::Alias(verb) => alias(at, verb),
        Command::Address(verb) => address(at, verb),
        Command::Queue(verb) => queue(at, verb),
        Command::Store(verb) => store(at, verb),
        Command::Backup { folder, output } => backup(at, &folder, output),
    }
}

fn choices(arguments: Quickstart) -> Choices {
    Choices {
        port_base: arguments.port_base,
        domain: arguments.domain,
        hostname: arguments.hostname,
        listen: arguments.listen,
    }
}

fn configuration(at: At<'_>, verb: ConfigVerb) -> anyhow::Result<()> {
    let loaded = config::load_for(at.data, at.config)?;
    match verb {
        ConfigVerb::Check(output) => {
            // With the files that it names.
            let chosen = Chosen::of(&loaded.config.storage, at.data)?;
            // What it names is read, as by the server when it starts.
            dns::Resolver::new(&loaded.config.dns_in(at.data))?;
            print(&show::checked(chosen.concerns(), output.json)?)
        }
        ConfigVerb::Show(output) => print(&show::settings(&loaded.settings()?, output.json)?),
    }
}

fn domain(at: At<'_>, verb: DomainVerb) -> anyhow::Result<()> {
    match verb {
        DomainVerb::Add {
            domain,
            postmaster,
            alias_of,
        } => {
            let request = Request::DomainAdd {
                domain,
                postmaster,
                alias_of,
            };
            quietly(at, request)
        }
        DomainVerb::List(output) => aloud(at, Request::DomainList, output),
        DomainVerb::Remove { domain } => quietly(at, Request::DomainRemove { domain }),
        DomainVerb::Dns { domain, output } => aloud(at, Request::DomainDns { domain }, output),
        DomainVerb::Keys(verb) => keys(at, verb),
    }
}

fn keys(at: At<'_>, verb: KeysVerb) -> anyhow::Result<()> {
    let (of, order): (_, fn(Domain) -> KeysOrder) = match verb {
        KeysVerb::List(of) => (of, |domain| KeysOrder::List { domain }),
        KeysVerb::Prepare(of) => (of, |domain| KeysOrder::Prepare { domain }),
        KeysVerb::Rotate(of) => (of, |domain| KeysOrder::Rotate { domain }),
        KeysVerb::Forget(of) => (of, |domain| KeysOrder::Forget { domain }),
    };
    aloud(at, Request::Keys(order(of.domain)), of.output)
}

fn account(at: At<'_>, verb: AccountVerb) -> anyhow::Result<()> {
    match verb {
        AccountVerb::Add {
            address,
            password: _,
            name,
            quota,
            output,
        } => {
            let password = read_password(io::stdin().lock())?;
            let request = Request::AccountAdd {
                address,
                password,
                name,
                quota,
            };
            aloud(at, request, output)
        }
        AccountVerb::List(output) => aloud(at, Request::AccountList, output),
        AccountVerb::Show { address, output } => {
            aloud(at, Request::AccountShow { address }, output)
        }
        AccountVerb::Remove { address, output } => {
            aloud(at, Request::AccountRemove { address }, output)
        }
        AccountVerb::Password {
            address,
            password: _,
        } => {
            let password = read_password(io::stdin().lock())?;
            quietly(at, Request::AccountPassword { address, password })
        }
        AccountVerb::Set(set) => set_account(at, set),
        AccountVerb::Redirect(redirect) => redirect_account(at, redirect),
    }
}

fn set_account(at: At<'_>, set: AccountSet) -> anyhow::Result<()> {
    let request = Request::AccountSet {
        address: set.address,
        old_devices: set.old_devices.map(|switch| switch == Switch::On),
        quota: set.quota,
        name: set.name,
    };
    aloud(at, request, set.output)
}

fn redirect_account(at: At<'_>, redirect: AccountRedirect) -> anyhow::Result<()> {
    // With --off there are no targets.
    let request = Request::Address(AddressOrder::Redirect {
        account: redirect.address,
        targets: redirect.targets,
        keeps: redirect.keep_copy,
    });
    aloud(at, request, redirect.output)
}

fn address(at: At<'_>, verb: AddressVerb) -> anyhow::Result<()> {
    let AddressVerb::Explain { address, output } = verb;
    let request = Request::Address(AddressOrder::Explain { address });
    aloud(at, request, output)
}

fn alias(at: At<'_>, verb: AliasVerb) -> anyhow::Result<()> {
    match verb {
        AliasVerb::Add {
            address,
            targets,
            output,
        } => aloud(at, Request::AliasAdd { address, targets }, output),
        AliasVerb::List(output) => aloud(at, Request::AliasList, output),
        AliasVerb::Remove { address } => quietly(at, Request::AliasRemove { address }),
    }
}

fn queue(at: At<'_>, verb: QueueVerb) -> anyhow::Result<()> {
    let ask = Request::Queue;
    match verb {
        QueueVerb::List { after, output } => aloud(at, ask(QueueOrder::List { after }), output),
        QueueVerb::Show { id, output } => aloud(at, ask(QueueOrder::Show { id }), output),
        QueueVerb::Retry { id } => quietly(at, ask(QueueOrder::Retry { id })),
        QueueVerb::Hold { id } => quietly(at, ask(QueueOrder::Hold { id })),
        QueueVerb::Drop { id } => quietly(at, ask(QueueOrder::Drop { id })),
        QueueVerb::Flush { domain, output } => aloud(at, ask(QueueOrder::Flush { domain }), output),
        QueueVerb::Destinations(output) => aloud(at, ask(QueueOrder::Destinations), output),
    }
}

fn store(at: At<'_>, verb: StoreVerb) -> anyhow::Result<()> {
    match verb {
        StoreVerb::Check {
            records,
            mend,
            output,
        } => {
            let messages = !records;
            let order = Order::Check { messages, mend };
            check(at, Request::Keep(order), output)
        }
        StoreVerb::Stats(output) => aloud(at, Request::Keep(Order::Stats), output),
        StoreVerb::Compact { anyway, output } => {
            aloud(at, Request::Keep(Order::Compact { anyway }), output)
        }
        StoreVerb::Move { to, output } => {
            let meter = Meter::new();
            let moved = rooms::move_to(at.data, at.config, &to, &|step| meter.show(&step));
            meter.clear();
            print(&kept::moved(&moved?, &to, output.json)?)
        }
        StoreVerb::Salvage(output) => {
            serve::become_owner(at.data)?;
            print(&kept::salvaged(
                &rooms::salvage(at.data)?,
                at.data,
                output.json,
            )?)
        }
    }
}

fn backup(at: At<'_>, folder: &Path, output: Output) -> anyhow::Result<()> {
    // The server is somewhere else.
    let to = std::path::absolute(folder).with_context(|| folder.display().to_string())?;
    aloud(at, Request::Keep(Order::Backup { to }), output)
}

/// What is wrong is an answer, and all the same the end is not well.
fn check(at: At<'_>, request: Request, output: Output) -> anyhow::Result<()> {
    let response = answered(at, request)?;
    print(&show::response(&response, output.json)?)?;
    match response {
        Response::Kept(Report::Checked(checked)) if !checked.faults.is_empty() => {
            bail!("not all is as it should be")
        }
        _ => Ok(()),
    }
}

fn quietly(at: At<'_>, request: Request) -> anyhow::Result<()> {
    admin::ask(at.data, at.config, request, &|_| {})??;
    Ok(())
}

fn aloud(at: At<'_>, request: Request, output: Output) -> anyhow::Result<()> {
    let response = answered(at, request)?;
    print(&show::response(&response, output.json)?)
}

/// Shows how far it has come while one waits.
fn answered(at: At<'_>, request: Request) -> anyhow::Result<Response> {
    let meter = Meter::new();
    let answer = admin::ask(at.data, at.config, request, &|step| meter.show(&step));
    meter.clear();
    Ok(answer??)
}

/// Writes to the standard output. Whoever stops reading has read enough.
fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("can't write the answer"),
    }
}

/// One line, without its end; a space at an end is part of the password.
pub(super) fn read_password(input: impl BufRead) -> anyhow::Result<Secret> {
    // Its full size at once, so that no copy is left behind when it grows.
    let mut line = Vec::with_capacity(PASSWORD_LINE_OCTETS as usize);
    input
        .take(PASSWORD_LINE_OCTETS)
        .read_until(b'\n', &mut line)
        .context("can't read the password")?;
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    }
    let password = Password::new(line);
    std::str::from_utf8(password.expose()).context("the password must be UTF-8")?;
    Ok(Secret(password))
}
