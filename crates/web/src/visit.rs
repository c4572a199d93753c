//! Who asks, in which language and over what: found once for each request.

use std::sync::Arc;

use address::AccountId;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::uri::Authority;
use axum::http::{StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use directory::Account;
use jiff::Timestamp;
use words::Language;

use crate::pages::error::{self, Fault};
use crate::routes::App;
use crate::site::Peer;
use crate::token::Token;

/// The cookie that holds a session's token. The prefix makes the browser insist on
/// `Secure`, on our host alone and on every path (RFC 6265bis section 4.1.3.2).
const SESSION_COOKIE: &str = "__Host-session";
/// The secret of a visitor who has not signed in, for the sign-in form's proof.
const VISIT_COOKIE: &str = "__Host-visit";
/// The language that a visitor chose. It says nothing about anybody, and the plain
/// pages of port 80 must read it too, so it has neither prefix nor `Secure`.
const LANGUAGE_COOKIE: &str = "language";
/// The query that chooses it.
const LANGUAGE_QUERY: &str = "lang";

/// One request, as every page needs to know it.
pub(crate) struct Visit {
    /// The reader's language: chosen now, chosen before, or asked for by the browser.
    pub(crate) language: Language,
    /// Who is signed in.
    pub(crate) reader: Option<Reader>,
    /// The other end of the connection.
    pub(crate) peer: Peer,
    /// When the request came.
    pub(crate) now: Timestamp,
    /// The path asked for.
    pub(crate) path: String,
    /// The host and port that the browser believes to speak to.
    pub(crate) authority: Option<Authority>,
    /// What a form's proof is made from, unless a session's token is.
    anonymous: Token,
    anonymous_is_new: bool,
}

/// Somebody signed in.
pub(crate) struct Reader {
    pub(crate) token: Token,
    /// The account as it is now.
    pub(crate) account: Account,
    /// When the session was opened.
    pub(crate) opened: Timestamp,
}

impl Visit {
    /// The account of whoever is signed in.
    pub(crate) fn account(&self) -> Option<&Account> {
        self.reader.as_ref().map(|reader| &reader.account)
    }

    /// The secret that this visitor's forms prove.
    pub(crate) fn secret(&self) -> &Token {
        self.reader
            .as_ref()
            .map_or(&self.anonymous, |reader| &reader.token)
    }

    /// Gives a visitor without a secret one to keep, so that the form in this reply
    /// can come back.
    pub(crate) fn with_form(&self, mut reply: Response) -> Response {
        if self.reader.is_none() && self.anonymous_is_new {
            set_cookie(
                &mut reply,
                &secret_cookie(VISIT_COOKIE, &self.anonymous.to_cookie()),
            );
        }
        reply
    }
}

/// Makes the reply hand over a new session's token.
pub(crate) fn keep_session(reply: &mut Response, token: &Token) {
    set_cookie(reply, &secret_cookie(SESSION_COOKIE, &token.to_cookie()));
}

/// Makes the browser forget its session.
pub(crate) fn forget_session(reply: &mut Response) {
    set_cookie(
        reply,
        &format!("{}; Max-Age=0", secret_cookie(SESSION_COOKIE, "")),
    );
}

/// A cookie that lasts as long as the browser's window, is sent to us alone, never to a
/// script, and never with another site's form.
fn secret_cookie(name: &str, value: &str) -> String {
    format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax")
}

fn set_cookie(reply: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        reply.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Finds out who asks, gives it to the page, and keeps the language that was chosen.
pub(crate) async fn visit(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let Some(peer) = request.extensions().get::<Peer>().copied() else {
        tracing::error!("a page was asked for on a connection that did not say whose it is");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let chosen = query(request.uri(), LANGUAGE_QUERY).and_then(Language::from_code);
    let mut visit = look(&app, peer, chosen, request.uri(), request.headers());
    match reader(&app, request.headers(), visit.now).await {
        Ok(reader) => visit.reader = reader,
        Err(()) => return error::page(&app, &visit, Fault::Ours),
    }
    request.extensions_mut().insert(Arc::new(visit));
    let mut reply = next.run(request).await;
    if let Some(language) = chosen {
        let code = language.code();
        set_cookie(
            &mut reply,
            &format!("{LANGUAGE_COOKIE}={code}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"),
        );
    }
    reply
}

/// What the request alone says.
fn look(app: &App, peer: Peer, chosen: Option<Language>, uri: &Uri, headers: &HeaderMap) -> Visit {
    let known = || cookie(headers, LANGUAGE_COOKIE).and_then(Language::from_code);
    let asked = || {
        headers
            .get(header::ACCEPT_LANGUAGE)?
            .to_str()
            .ok()
            .and_then(Language::accepted)
    };
    let kept = cookie(headers, VISIT_COOKIE).and_then(Token::from_cookie);
    let anonymous_is_new = kept.is_none();
    Visit {
        language: chosen.or_else(known).or_else(asked).unwrap_or_default(),
        reader: None,
        peer,
        now: app.site.now(),
        path: uri.path().to_owned(),
        authority: authority(uri, headers),
        anonymous: kept.unwrap_or_else(Token::random),
        anonymous_is_new,
    }
}

/// The session that a request belongs to, with its account as it is now. `Err` when the
/// directory can't say.
async fn reader(app: &App, headers: &HeaderMap, now: Timestamp) -> Result<Option<Reader>, ()> {
    let Some(token) = cookie(headers, SESSION_COOKIE).and_then(Token::from_cookie) else {
        return Ok(None);
    };
    let Some(signed) = app.sessions.find(&token, now) else {
        return Ok(None);
    };
    match account(app, signed.account).await? {
        Some(account) => Ok(Some(Reader {
            token,
            account,
            opened: signed.opened,
        })),
        None => {
            app.sessions.close(&token);
            Ok(None)
        }
    }
}

async fn account(app: &App, id: AccountId) -> Result<Option<Account>, ()> {
    app.site.directory.account(id).await.map_err(|error| {
        tracing::error!(%error, "the directory could not be read for a page");
    })
}

/// The value of a cookie, if it is text. RFC 6265 section 5.4. Another's cookie in the
/// same field may be anything; it hides none of ours.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let fields = headers
        .get_all(header::COOKIE)
        .iter()
        .map(HeaderValue::as_bytes);
    let mut pairs = fields.flat_map(|field| field.split(|octet| *octet == b';'));
    pairs.find_map(|pair| {
        let (found, value) = std::str::from_utf8(pair).ok()?.split_once('=')?;
        (found.trim() == name).then(|| value.trim())
    })
}

/// The value of a query, where it needs no decoding.
pub(crate) fn query<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    let mut pairs = uri
        .query()?
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// The host that was asked for: `:authority` of HTTP/2, `Host` of HTTP/1.1.
fn authority(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    let host = || headers.get(header::HOST)?.to_str().ok()?.parse().ok();
    uri.authority().cloned().or_else(host)
}
