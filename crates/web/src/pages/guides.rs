//! The guides: their list, and each as pages.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use words::{Key, keys as k};

use super::error::{self, Fault};
use super::{Page, render};
use crate::guide::{self, For, Guide, Protocol, Remedy, Step};
use crate::paths;
use crate::rich::{Html, Words};
use crate::routes::App;
use crate::settings::{Ports, Setting, settings};
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "guides.html")]
struct ListPage {
    p: Page,
    own: bool,
    android: Vec<Link>,
    any: &'static str,
    home: &'static str,
}

#[derive(Template)]
#[template(path = "guide_any.html")]
struct AnyPage {
    p: Page,
    guides: &'static str,
    steps: Vec<Step>,
    settings: Vec<Setting>,
    ports: Ports,
}

/// One step on its own page.
#[derive(Template)]
#[template(path = "guide_step.html")]
struct StepPage {
    p: Page,
    head: Head,
    round: Vec<Stop>,
    number: usize,
    position: String,
    step: Step,
    ports: Ports,
    before: Option<Link>,
    after: Option<Link>,
    whole: String,
    own: bool,
    refuses: Option<Refuses>,
}

/// All steps on one page.
#[derive(Template)]
#[template(path = "guide_all.html")]
struct AllPage {
    p: Page,
    head: Head,
    steps: Vec<Step>,
    ports: Ports,
    first: String,
    own: bool,
    refuses: Refuses,
}

/// Where a page of a guide stands.
struct Head {
    guides: &'static str,
    /// The guide's own name and page.
    name: String,
    whole: String,
    protocol: String,
    /// The same guide for the other protocol.
    other: Link,
}

struct Link {
    url: String,
    label: String,
}

/// One stop of the round.
struct Stop {
    url: String,
    number: usize,
    label: String,
    state: StopState,
}

#[derive(PartialEq)]
enum StopState {
    Done,
    Here,
    ToCome,
}

struct Refuses {
    lead: Html,
    remedies: Vec<Remedy>,
}

fn who<'a>(app: &'a App, visit: &'a Visit) -> For<'a> {
    For {
        site: &app.site,
        words: Words(visit.language),
        account: visit.account(),
    }
}

/// The list of guides.
pub(crate) async fn list(
    State(app): State<App>,
    Extension(visit): Extension<Arc<Visit>>,
) -> Response {
    let w = Words(visit.language);
    let link = |protocol: Protocol| {
        let label = match protocol {
            Protocol::Imap => k::GUIDES_IMAP,
            Protocol::Pop3 => k::GUIDES_POP3,
        };
        Link {
            url: paths::android_step(protocol.slug(), 1),
            label: w.t(label),
        }
    };
    let template = ListPage {
        p: Page::new(&app, &visit, &w.t(k::GUIDES_TITLE), Some(paths::GUIDES)),
        own: visit.account().is_some(),
        android: Protocol::ALL.map(link).into(),
        any: paths::GUIDE_ANY,
        home: paths::HOME,
    };
    render(StatusCode::OK, &template)
}

/// Any other app.
pub(crate) async fn any(
    State(app): State<App>,
    Extension(visit): Extension<Arc<Visit>>,
) -> Response {
    let who = who(&app, &visit);
    let template = AnyPage {
        p: Page::new(
            &app,
            &visit,
            &who.words.t(k::ANY_TITLE),
            Some(paths::GUIDES),
        ),
        guides: paths::GUIDES,
        steps: guide::any(who),
        settings: settings(who.site, who.words, who.account),
        ports: Ports::of(who.site, who.words, None),
    };
    render(StatusCode::OK, &template)
}

/// E-mail on Android 4.1.2, whole.
pub(crate) async fn android(
    State(app): State<App>,
    Extension(visit): Extension<Arc<Visit>>,
    Path(slug): Path<String>,
) -> Response {
    let Some(protocol) = Protocol::from_slug(&slug) else {
        return error::page(&app, &visit, Fault::NotFound);
    };
    let who = who(&app, &visit);
    let Guide {
        steps,
        remedies,
        refuses,
    } = guide::android_email(who, protocol);
    // The port that is typed first.
    let mine = steps.iter().find_map(|step| step.port);
    let template = AllPage {
        p: Page::new(
            &app,
            &visit,
            &who.words.t(k::ANDROID_TITLE),
            Some(paths::GUIDES),
        ),
        head: head(who, protocol, paths::android),
        steps,
        ports: Ports::of(who.site, who.words, mine),
        first: paths::android_step(slug.as_str(), 1),
        own: who.account.is_some(),
        refuses: Refuses {
            lead: refuses,
            remedies,
        },
    };
    render(StatusCode::OK, &template)
}

/// One step of it.
pub(crate) async fn android_step(
    State(app): State<App>,
    Extension(visit): Extension<Arc<Visit>>,
    Path((slug, number)): Path<(String, String)>,
) -> Response {
    let who = who(&app, &visit);
    let template = Protocol::from_slug(&slug)
        .zip(number.parse().ok())
        .and_then(|(protocol, number)| {
            let guide = guide::android_email(who, protocol);
            step_page(&app, &visit, protocol, number, guide)
        });
    match template {
        Some(template) => render(StatusCode::OK, &template),
        None => error::page(&app, &visit, Fault::NotFound),
    }
}

/// The page of one step; None if the guide has no such step.
fn step_page(
    app: &App,
    visit: &Visit,
    protocol: Protocol,
    number: usize,
    guide: Guide,
) -> Option<StepPage> {
    let who = who(app, visit);
    let w = who.words;
    let count = guide.steps.len();
    let round = round(&guide.steps, protocol, number);
    let step = guide.steps.into_iter().nth(number.checked_sub(1)?)?;
    let near = |number: usize| {
        let label = w.with(k::GUIDE_STEP_BUTTON, &[("number", &number.to_string())]);
        (1..=count).contains(&number).then(|| Link {
            url: paths::android_step(protocol.slug(), number),
            label,
        })
    };
    // The screens that connect are the ones that can refuse.
    let refuses = step.port.map(|_| Refuses {
        lead: guide.refuses,
        remedies: guide.remedies,
    });
    Some(StepPage {
        p: Page::new(app, visit, &step.title, Some(paths::GUIDES)),
        head: head(who, protocol, |slug| paths::android_step(slug, number)),
        round,
        number,
        position: w.with(
            k::GUIDE_STEP,
            &[
                ("number", &number.to_string()),
                ("count", &count.to_string()),
            ],
        ),
        ports: Ports::of(who.site, w, step.port),
        step,
        before: near(number - 1),
        after: near(number + 1),
        whole: paths::android(protocol.slug()),
        own: who.account.is_some(),
        refuses,
    })
}

/// Where the page stands; `same` is the path of this very page for a protocol.
fn head(who: For<'_>, protocol: Protocol, same: impl Fn(&str) -> String) -> Head {
    let w = who.words;
    let named =
        |key: Key, protocol: Protocol| w.with(key, &[("protocol", protocol.service().name())]);
    let other = protocol.other();
    Head {
        guides: paths::GUIDES,
        name: w.t(k::ANDROID_TITLE),
        whole: paths::android(protocol.slug()),
        protocol: named(k::GUIDE_IN, protocol),
        other: Link {
            url: same(other.slug()),
            label: named(k::GUIDE_OTHER, other),
        },
    }
}

fn round(steps: &[Step], protocol: Protocol, here: usize) -> Vec<Stop> {
    let stop = |(at, step): (usize, &Step)| {
        let number = at + 1;
        let state = match number.cmp(&here) {
            std::cmp::Ordering::Less => StopState::Done,
            std::cmp::Ordering::Equal => StopState::Here,
            std::cmp::Ordering::Greater => StopState::ToCome,
        };
        Stop {
            url: paths::android_step(protocol.slug(), number),
            number,
            label: step.stop.clone(),
            state,
        }
    };
    steps.iter().enumerate().map(stop).collect()
}
