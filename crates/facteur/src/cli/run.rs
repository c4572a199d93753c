//! Carries the verbs out.

use std::io::{self, BufRead, Write};
use std::path::Path;

use address::Password;
use anyhow::Context;
use service::keep::Order;
use service::manage::{Request, Response, Secret};

use super::meter::Meter;
use super::{
    AccountSet, AccountVerb, AliasVerb, Cli, Command, ConfigFile, ConfigVerb, DomainVerb, Output,
    QueueVerb, Quickstart, StoreVerb, Switch, kept, show,
};
use crate::quickstart::{self, Choices};
use crate::{admin, config, rooms, serve};

/// Octets that are read of a line with a password: more than any password has
/// ([`directory::PASSWORD_OCTETS`]), so that one that is too long is told as such.
const PASSWORD_LINE_OCTETS: u64 = 2 * directory::PASSWORD_OCTETS as u64 + 2;

/// Does what the command line says; an error is a refusal with its reason.
pub(crate) fn run(cli: Cli) -> anyhow::Result<()> {
    let data = &cli.data;
    match cli.command {
        Command::Quickstart(arguments) => quickstart::run(data, &choices(arguments)),
        Command::Serve(file) => serve::run(data, file.config.as_deref(), || {}),
        Command::Config(verb) => configuration(data, verb),
        Command::Domain(verb) => domain(data, verb),
        Command::Account(verb) => account(data, verb),
        Command::Alias(verb) => alias(data, verb),
        Command::Queue(verb) => queue(data, verb),
        Command::Store(verb) => store(data, &verb),
        Command::Backup { folder, output } => backup(data, &folder, output),
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

fn configuration(data: &Path, verb: ConfigVerb) -> anyhow::Result<()> {
    let load = |file: ConfigFile| config::load_for(data, file.config.as_deref());
    match verb {
        ConfigVerb::Check { file, output } => {
            load(file)?;
            print(&show::checked(output.json))
        }
        ConfigVerb::Show { file, output } => {
            let settings = load(file)?.settings()?;
            print(&show::settings(&settings, output.json)?)
        }
    }
}

fn domain(data: &Path, verb: DomainVerb) -> anyhow::Result<()> {
    match verb {
        DomainVerb::Add { domain, postmaster } => {
            quietly(data, Request::DomainAdd { domain, postmaster })
        }
        DomainVerb::List(output) => aloud(data, Request::DomainList, output),
        DomainVerb::Remove { domain } => quietly(data, Request::DomainRemove { domain }),
    }
}

fn account(data: &Path, verb: AccountVerb) -> anyhow::Result<()> {
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
            aloud(data, request, output)
        }
        AccountVerb::List(output) => aloud(data, Request::AccountList, output),
        AccountVerb::Show { address, output } => {
            aloud(data, Request::AccountShow { address }, output)
        }
        AccountVerb::Remove { address, output } => {
            aloud(data, Request::AccountRemove { address }, output)
        }
        AccountVerb::Password {
            address,
            password: _,
        } => {
            let password = read_password(io::stdin().lock())?;
            quietly(data, Request::AccountPassword { address, password })
        }
        AccountVerb::Set(set) => set_account(data, set),
    }
}

fn set_account(data: &Path, set: AccountSet) -> anyhow::Result<()> {
    let request = Request::AccountSet {
        address: set.address,
        old_devices: set.old_devices.map(|switch| switch == Switch::On),
        quota: set.quota,
        name: set.name,
    };
    aloud(data, request, set.output)
}

fn alias(data: &Path, verb: AliasVerb) -> anyhow::Result<()> {
    match verb {
        AliasVerb::Add {
            address,
            targets,
            output,
        } => aloud(data, Request::AliasAdd { address, targets }, output),
        AliasVerb::List(output) => aloud(data, Request::AliasList, output),
        AliasVerb::Remove { address } => quietly(data, Request::AliasRemove { address }),
    }
}

fn queue(data: &Path, verb: QueueVerb) -> anyhow::Result<()> {
    match verb {
        QueueVerb::List(output) => aloud(data, Request::QueueList, output),
        QueueVerb::Show { id, output } => aloud(data, Request::QueueShow { id }, output),
    }
}

fn store(data: &Path, verb: &StoreVerb) -> anyhow::Result<()> {
    match *verb {
        StoreVerb::Stats(output) => aloud(data, Request::Keep(Order::Stats), output),
        StoreVerb::Compact(output) => aloud(data, Request::Keep(Order::Compact), output),
        StoreVerb::Salvage(output) => {
            serve::become_owner(data)?;
            print(&kept::salvaged(&rooms::salvage(data)?, output.json)?)
        }
    }
}

fn backup(data: &Path, folder: &Path, output: Output) -> anyhow::Result<()> {
    // The server is somewhere else.
    let to = std::path::absolute(folder).with_context(|| folder.display().to_string())?;
    aloud(data, Request::Keep(Order::Backup { to }), output)
}

fn quietly(data: &Path, request: Request) -> anyhow::Result<()> {
    admin::ask(data, request, &|_| {})??;
    Ok(())
}

fn aloud(data: &Path, request: Request, output: Output) -> anyhow::Result<()> {
    let meter = Meter::new();
    let answer = admin::ask(data, request, &|step| meter.show(&step));
    meter.clear();
    let response: Response = answer??;
    print(&show::response(&response, output.json)?)
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
