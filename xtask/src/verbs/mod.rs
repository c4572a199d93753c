//! The verbs of `cargo xtask`.

mod bench;
mod garage;
mod lint;
mod prove;
mod run;
mod test;

pub(crate) use garage::garage;

use crate::shell::Failure;
use crate::workspace::Workspace;

/// What is printed for whoever asks for no verb, or for one that is not.
const USAGE: &str = "\
usage: cargo xtask VERB

  run [ARGUMENTS]     build the service and start it: facteur quickstart ARGUMENTS
  test [-- FILTER]    everything that must pass every day; with a filter, those tests alone
  lint                format, clippy, documentation, dependencies and the rules of the house
  bench NAME          what something costs: queue, store
  garage              builds the S3 server of several nodes that the proof `nodes` uses
  prove NAME          a proof that takes longer; docs/proofs.md tells of each
  prove --list        their names";

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Run { arguments: Vec<String> },
    Test { filter: Vec<String> },
    Lint,
    Bench { name: String },
    Garage,
    Prove { name: String },
    ListProofs,
}

impl Verb {
    /// Reads the words of the command line after `xtask`; an error is the text to show.
    pub(crate) fn parse(arguments: &[String]) -> Result<Verb, String> {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["run", rest @ ..] => Ok(Verb::Run {
                arguments: owned(rest),
            }),
            ["test"] => Ok(Verb::Test { filter: Vec::new() }),
            ["test", "--", filter @ ..] => Ok(Verb::Test {
                filter: owned(filter),
            }),
            ["lint"] => Ok(Verb::Lint),
            ["bench", name] => Ok(Verb::Bench {
                name: (*name).to_owned(),
            }),
            ["garage"] => Ok(Verb::Garage),
            ["prove", "--list"] => Ok(Verb::ListProofs),
            ["prove", name] => Ok(Verb::Prove {
                name: (*name).to_owned(),
            }),
            _ => Err(USAGE.to_owned()),
        }
    }

    /// Does it.
    pub(crate) fn carry_out(self, workspace: &Workspace) -> Result<(), Failure> {
        match self {
            Self::Run { arguments } => run::run(workspace, &arguments),
            Self::Test { filter } => test::test(workspace, &filter),
            Self::Lint => lint::lint(workspace),
            Self::Bench { name } => bench::bench(workspace, &name),
            Self::Garage => garage::garage(workspace),
            Self::Prove { name } => prove::prove(workspace, &name),
            Self::ListProofs => {
                prove::list();
                Ok(())
            }
        }
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Verb, String> {
        Verb::parse(
            &line
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn each_verb_is_understood() {
        let arguments = vec!["--port-base".to_owned(), "0".to_owned()];
        assert_eq!(parse("run --port-base 0"), Ok(Verb::Run { arguments }));
        assert_eq!(parse("test"), Ok(Verb::Test { filter: vec![] }));
        assert_eq!(
            parse("test -- pop3"),
            Ok(Verb::Test {
                filter: vec!["pop3".to_owned()]
            })
        );
        assert_eq!(
            parse("bench store"),
            Ok(Verb::Bench {
                name: "store".to_owned()
            })
        );
        assert_eq!(parse("garage"), Ok(Verb::Garage));
        assert_eq!(parse("prove --list"), Ok(Verb::ListProofs));
        assert_eq!(
            parse("prove fresh"),
            Ok(Verb::Prove {
                name: "fresh".to_owned()
            })
        );
    }

    #[test]
    fn anything_else_gets_the_list_of_verbs() {
        for line in [
            "",
            "--help",
            "tests",
            "test pop3",
            "lint now",
            "bench",
            "prove",
            "prove a b",
        ] {
            assert_eq!(parse(line), Err(USAGE.to_owned()), "{line}");
        }
    }
}
