//! The operator's way into a running server: `admin.sock` in the data folder.
//!
//! One line of JSON is one [`Request`]; the answer is one line, a [`Response`] or a
//! [`Refused`], after lines that tell how far it has come ([`Step`]) where that takes long.
//! Only the server's own user and root may connect. Where no server listens, the
//! command carries the request out itself, on the stores.

use std::fs::{self, Permissions};
use std::future::Future;
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use care::{Progress, Step};
use nix::unistd::geteuid;
use serde::{Deserialize, Serialize};
use service::manage::{Manager, Refused, Request, Response};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

use crate::config::{self, Config};
use crate::rooms::{Chosen, Rooms};
use crate::serve;

/// The socket's name in the data folder.
pub(crate) const SOCKET: &str = "admin.sock";
/// Octets of one request with its line's end.
const REQUEST_OCTETS: u64 = 64 * 1024;
/// Octets of one answer with its line's end: the longest is the list of all accounts.
const ANSWER_OCTETS: u64 = 256 * 1024 * 1024;
/// Operators served at a time; the next one waits.
const CONNECTIONS: usize = 16;
/// How long a connection may take to send its next request, and to take its answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long to wait after the system refused a connection (no descriptors left).
const REST: Duration = Duration::from_millis(100);
/// Nobody but the server's own user (and root, whom no mode keeps out).
const SOCKET_MODE: u32 = 0o600;

/// How often it is told how far something has come.
const TOLD: Duration = Duration::from_millis(250);

/// What a request comes to.
type Answer = Result<Response, Refused>;

/// One line to whoever asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    /// How far it has come.
    Progress { progress: Step },
    /// The end.
    Answer(Answer),
}

/// Listens in the data folder; the future serves operators until `stopping` becomes
/// true. The caller has the stores open, so no other server has the socket: one that is
/// there was left behind. To be called in a runtime.
pub(crate) fn serve_admin(
    data: &Path,
    manager: Manager,
    mut stopping: watch::Receiver<bool>,
) -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let path = data.join(SOCKET);
    let listener = open(&path).with_context(|| format!("can't listen at {}", path.display()))?;
    Ok(async move {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        tokio::select! {
            never = accept(&listener, &manager, &places) => match never {},
            // Whoever could say it being gone says it too.
            _ = stopping.wait_for(|stop| *stop) => {}
        }
        // A next server removes it too; it may be gone with its folder.
        if let Err(error) = fs::remove_file(&path) {
            tracing::debug!(%error, "the admin socket is left");
        }
    })
}

fn open(path: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // Until its mode is set, its folder most often keeps others away; `is_operator` does.
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(SOCKET_MODE))?;
    Ok(listener)
}

async fn accept(
    listener: &UnixListener,
    manager: &Manager,
    places: &Arc<Semaphore>,
) -> std::convert::Infallible {
    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            std::future::pending().await
        };
        match listener.accept().await {
            Ok((stream, _)) if !is_operator(&stream) => {
                tracing::warn!("somebody else's connection to the admin socket was closed");
            }
            Ok((stream, _)) => {
                tokio::spawn(converse(stream, manager.clone(), place));
            }
            Err(error) => {
                tracing::warn!(%error, "an operator's connection failed");
                sleep(REST).await;
            }
        }
    }
}

/// The server's own user, or root. The socket's mode says the same, but not yet at the
/// moment in which the socket is made, nor when somebody widened it.
fn is_operator(stream: &UnixStream) -> bool {
    let user = stream.peer_cred().map(|peer| peer.uid());
    user.is_ok_and(|user| may_operate(user, geteuid().as_raw()))
}

fn may_operate(user: u32, own: u32) -> bool {
    user == own || user == 0
}

/// Serves one operator until they go or stop talking.
async fn converse(stream: UnixStream, manager: Manager, _place: OwnedSemaphorePermit) {
    let (reading, mut writing) = stream.into_split();
    let mut reading = BufReader::new(reading);
    loop {
        let line = match timeout(PATIENCE, read_line(&mut reading, REQUEST_OCTETS)).await {
            Ok(Ok(Some(line))) => line,
            Ok(Ok(None) | Err(_)) | Err(_) => return,
        };
        let answer = match serde_json::from_slice::<Request>(&line) {
            Ok(request) => match execute(&manager, request, &mut writing).await {
                Some(answer) => answer,
                None => return,
            },
            // Not the text of the request, which may hold a password.
            Err(error) => Err(Refused {
                message: format!(
                    "that request can't be read (column {}); are both of one version?",
                    error.column()
                ),
            }),
        };
        if !write_line(&mut writing, &Line::Answer(answer)).await {
            return;
        }
    }
}

/// Carries out a request, and tells how far it has come. None when whoever asked is gone:
/// what was begun is then left where it is.
async fn execute(
    manager: &Manager,
    request: Request,
    writing: &mut OwnedWriteHalf,
) -> Option<Answer> {
    let (tell, mut told) = watch::channel(None);
    let progress = |step| {
        tell.send_replace(Some(step));
    };
    // Boxed: it holds every change there is.
    let mut work = Box::pin(manager.execute_telling(request, &progress));
    loop {
        tokio::select! {
            answer = &mut work => return Some(answer),
            () = sleep(TOLD) => {
                let step = told.borrow_and_update().clone();
                if let Some(progress) = step
                    && !write_line(writing, &Line::Progress { progress }).await
                {
                    return None;
                }
            }
        }
    }
}

/// False when nobody reads it.
async fn write_line(writing: &mut OwnedWriteHalf, line: &Line) -> bool {
    let Ok(mut line) = serde_json::to_vec(line) else {
        return false;
    };
    line.push(b'\n');
    matches!(
        timeout(PATIENCE, writing.write_all(&line)).await,
        Ok(Ok(()))
    )
}

/// A line without its end; none at the end of the stream. One that is longer than
/// `most`, or cut short, is an error.
async fn read_line<R: AsyncRead + Unpin>(
    reading: &mut BufReader<R>,
    most: u64,
) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let count = reading.take(most).read_until(b'\n', &mut line).await?;
    if count == 0 {
        return Ok(None);
    }
    match line.pop() {
        Some(b'\n') => Ok(Some(line)),
        _ => Err(ErrorKind::InvalidData.into()),
    }
}

/// Has a request carried out: by the server of this data folder if one runs, else here, on
/// what the configuration chooses. `progress` is told how far it has come.
pub(crate) fn ask(
    data: &Path,
    file: Option<&Path>,
    request: Request,
    progress: Progress<'_>,
) -> anyhow::Result<Answer> {
    let socket = data.join(SOCKET);
    let way = match net::UnixStream::connect(&socket) {
        Ok(stream) => Way::Server(stream),
        Err(error) if nobody_listens(&error) => {
            check_folder(data, &request)?;
            // Both before the user changes: secrets may be root's alone.
            let config = config::load_for(data, file)?.config;
            let chosen = Chosen::of(&config.storage, data)?.with_care(&config.care);
            serve::become_owner(data)?;
            Way::Rooms(Box::new((chosen, config)))
        }
        Err(error) => {
            return Err(error)
                .with_context(|| format!("can't reach the server at {}", socket.display()));
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("can't start")?;
    runtime.block_on(async {
        match way {
            Way::Server(stream) => {
                stream.set_nonblocking(true)?;
                ask_server(UnixStream::from_std(stream)?, &request, progress).await
            }
            Way::Rooms(here) => {
                let (chosen, config) = *here;
                let rooms = Box::pin(Rooms::open(data, &chosen, config.old_devices)).await?;
                // Nothing else needs what that reads.
                let published = match request {
                    Request::DomainDns { .. } => {
                        let resolver = dns::Resolver::new(&config.dns_in(data))?;
                        Some(serve::published(&config, data, resolver)?)
                    }
                    _ => None,
                };
                let manager = rooms.manager(false, published);
                let answer = Box::pin(manager.execute_telling(request, progress)).await;
                rooms.close().await;
                Ok(answer)
            }
        }
    })
}

/// How a request is carried out.
enum Way {
    /// By a server.
    Server(net::UnixStream),
    /// Here, on the stores.
    Rooms(Box<(Chosen, Config)>),
}

/// Whether a server of this data folder runs.
pub(crate) fn is_served(data: &Path) -> bool {
    net::UnixStream::connect(data.join(SOCKET)).is_ok()
}

fn nobody_listens(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::ConnectionRefused
    )
}

/// A folder that is not there is made for a first domain only: anything else is a
/// mistyped path.
fn check_folder(data: &Path, request: &Request) -> anyhow::Result<()> {
    ensure!(
        data.is_dir() || matches!(request, Request::DomainAdd { .. }),
        "there is no data folder {}; name it: facteur --data DIR",
        data.display()
    );
    Ok(())
}

async fn ask_server(
    mut stream: UnixStream,
    request: &Request,
    progress: Progress<'_>,
) -> anyhow::Result<Answer> {
    let mut line = serde_json::to_vec(request).context("that request can't be sent")?;
    line.push(b'\n');
    if line.len() as u64 > REQUEST_OCTETS {
        bail!("that request is too long; the limit is {REQUEST_OCTETS} octets");
    }
    stream
        .write_all(&line)
        .await
        .context("the server does not listen")?;
    let mut reading = BufReader::new(stream);
    loop {
        let line = read_line(&mut reading, ANSWER_OCTETS)
            .await
            .context("the server's answer was cut short")?
            .context("the server is stopping; look whether the change was made once it runs")?;
        let line = serde_json::from_slice(&line)
            .context("the server's answer can't be read; it is of another version")?;
        match line {
            Line::Progress { progress: step } => progress(step),
            Line::Answer(answer) => return Ok(answer),
        }
    }
}

#[cfg(test)]
mod tests {
    use directory::OldDevices;

    use super::*;

    fn domain(name: &str) -> Request {
        Request::DomainAdd {
            domain: name.parse().unwrap(),
            postmaster: None,
            alias_of: None,
        }
    }

    fn listed(answer: &anyhow::Result<Answer>) -> usize {
        match answer {
            Ok(Ok(Response::Domains(domains))) => domains.len(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn without_a_server_the_stores_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        assert!(ask(&data, None, Request::DomainList, &|_| {}).is_err());
        assert!(!data.exists());
        assert_eq!(
            ask(&data, None, domain("a.test"), &|_| {}).unwrap(),
            Ok(Response::Done)
        );
        assert_eq!(listed(&ask(&data, None, Request::DomainList, &|_| {})), 1);
        assert!(
            ask(&data, None, domain("a.test"), &|_| {})
                .unwrap()
                .is_err()
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_running_server_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().to_owned();
        let chosen = Chosen::embedded();
        let rooms = Rooms::open(&data, &chosen, OldDevices::default())
            .await
            .unwrap();
        let (stop, stopping) = watch::channel(false);
        let server = tokio::spawn(serve_admin(&data, rooms.manager(true, None), stopping).unwrap());
        let asked = data.clone();
        let answers = tokio::task::spawn_blocking(move || {
            let added = ask(&asked, None, domain("a.test"), &|_| {});
            (added, ask(&asked, None, Request::DomainList, &|_| {}))
        });
        let (added, list) = answers.await.unwrap();
        assert_eq!(added.unwrap(), Ok(Response::Done));
        assert_eq!(listed(&list), 1);
        let mode = data.join(SOCKET).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, SOCKET_MODE);
        stop.send_replace(true);
        server.await.unwrap();
        assert!(!data.join(SOCKET).exists());
    }

    #[test]
    fn the_own_user_and_root_may_operate() {
        assert!(may_operate(1000, 1000) && may_operate(0, 1000));
        assert!(!may_operate(1001, 1000) && !may_operate(1000, 0));
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_or_cut_is_refused() {
        let mut whole = BufReader::new(&b"abc\n\nde"[..]);
        assert_eq!(
            read_line(&mut whole, 4).await.unwrap(),
            Some(b"abc".to_vec())
        );
        assert_eq!(read_line(&mut whole, 4).await.unwrap(), Some(vec![]));
        assert!(read_line(&mut whole, 4).await.is_err());
        let mut long = BufReader::new(&b"abcd\n"[..]);
        assert!(read_line(&mut long, 4).await.is_err());
    }
}
