//! Prints where mail to an address goes, and why.

use service::manage::{AddressShown, ByShown, PlaceShown, StepShown};

/// For people: one line a place, and one for each reason under it.
pub(super) fn lines(shown: &AddressShown) -> String {
    let mut text = String::new();
    if let Some(known) = &shown.known_as {
        text += &format!(
            "{} is another name of {}: {known}\n",
            shown.address.domain(),
            known.domain()
        );
    }
    if let Some(why) = &shown.refused {
        text += &format!("refused: {why}\n");
    }
    for place in &shown.places {
        text += &place_lines(place);
    }
    for missing in &shown.missing {
        text += &format!("nobody: {missing} is not there\n");
    }
    text
}

fn place_lines(place: &PlaceShown) -> String {
    let kind = match place.here {
        true => "account",
        false => "elsewhere",
    };
    let steps: Vec<String> = place.through.iter().map(step_line).collect();
    format!("{kind}: {}\n{}", place.to, steps.concat())
}

fn step_line(step: &StepShown) -> String {
    let why = match step.by {
        ByShown::Alias => "is an alias",
        ByShown::Redirection => "is an account whose mail goes on",
        ByShown::CatchAll => "is not there, and its domain has an alias for all that is not",
        ByShown::Help => "is nobody's, and goes to whoever looks after the domain or the service",
        ByShown::SentOn => "is the sender of a message that was sent on from here",
    };
    format!("  since {} {why}\n", step.address)
}
