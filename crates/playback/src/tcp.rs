//! A wire to a real server: TCP, and TLS with a certificate that is really checked.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};

use crate::wire::{Received, Wire};

/// How long a connection may take to be made, and a write to be taken.
const CONNECTING: Duration = Duration::from_secs(30);

/// A client that believes one certificate authority and expects one host name.
#[derive(Clone)]
pub struct Client {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Believes the authority in the PEM file `authority`, and expects a certificate for
    /// `name`, which may be an IP address.
    ///
    /// # Errors
    /// When the file holds no certificate or the name can't be one.
    pub fn new(authority: &Path, name: &str) -> io::Result<Client> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(authority).map_err(io::Error::other)? {
            roots
                .add(certificate.map_err(io::Error::other)?)
                .map_err(io::Error::other)?;
        }
        if roots.is_empty() {
            return Err(io::Error::other(format!(
                "no certificate in {}",
                authority.display()
            )));
        }
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        Ok(Client {
            config: Arc::new(config),
            name,
        })
    }

    /// Connects in the clear; a transcript's `TLS` begins encryption.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn connect(&self, address: SocketAddr) -> io::Result<Box<dyn Wire>> {
        let stream = TcpStream::connect_timeout(&address, CONNECTING)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(CONNECTING))?;
        Ok(Box::new(Clear {
            stream,
            client: self.clone(),
        }))
    }

    /// Connects with TLS from the first byte.
    ///
    /// # Errors
    /// When nobody listens there, or the certificate is not believed.
    pub fn connect_secure(&self, address: SocketAddr) -> io::Result<Box<dyn Wire>> {
        self.connect(address)?.secure()
    }
}

/// A connection in the clear.
struct Clear {
    stream: TcpStream,
    client: Client,
}

impl Wire for Clear {
    fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        self.stream.write_all(octets)
    }

    fn receive(&mut self, room: &mut [u8], patience: Duration) -> io::Result<Received> {
        self.stream.set_read_timeout(Some(patience))?;
        received(self.stream.read(room))
    }

    fn secure(self: Box<Self>) -> io::Result<Box<dyn Wire>> {
        let mut stream = self.stream;
        let client = self.client;
        let mut tls =
            ClientConnection::new(client.config, client.name).map_err(io::Error::other)?;
        stream.set_read_timeout(Some(CONNECTING))?;
        while tls.is_handshaking() {
            tls.complete_io(&mut stream)?;
        }
        Ok(Box::new(Secure {
            stream: StreamOwned::new(tls, stream),
        }))
    }
}

/// A connection inside TLS.
struct Secure {
    stream: StreamOwned<ClientConnection, TcpStream>,
}

impl Wire for Secure {
    fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        self.stream.write_all(octets)?;
        self.stream.flush()
    }

    /// An end without close_notify is an error here ([`io::ErrorKind::UnexpectedEof`]):
    /// a reader could not tell it from an attacker's cut (RFC 8446 section 6.1).
    fn receive(&mut self, room: &mut [u8], patience: Duration) -> io::Result<Received> {
        self.stream.sock.set_read_timeout(Some(patience))?;
        received(self.stream.read(room))
    }

    fn secure(self: Box<Self>) -> io::Result<Box<dyn Wire>> {
        Err(io::Error::other("TLS inside TLS"))
    }
}

fn received(read: io::Result<usize>) -> io::Result<Received> {
    match read {
        Ok(0) => Ok(Received::End),
        Ok(count) => Ok(Received::Octets(count)),
        // Which of the two a time-out is differs by system.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
            ) =>
        {
            Ok(Received::Nothing)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::net::TcpListener;
    use std::path::PathBuf;
    use std::thread;

    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use rustls::{ServerConfig, ServerConnection};
    use rustls_pki_types::PrivateKeyDer;

    use super::*;
    use crate::{Mode, Player, Script};

    /// An authority's certificate as a file, and a server's configuration for `name`.
    fn authority(name: &str) -> (PathBuf, Arc<ServerConfig>) {
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_certificate = ca.self_signed(&ca_key).unwrap();
        let issuer = Issuer::new(ca, ca_key);
        let key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = server.signed_by(&key, &issuer).unwrap();

        let file = std::env::temp_dir().join(format!("playback-{name}-{}.pem", std::process::id()));
        fs::write(&file, ca_certificate.pem()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        (file, Arc::new(config))
    }

    /// Serves one connection: a greeting in the clear, TLS after one line, a farewell.
    fn serve(config: Arc<ServerConfig>, properly: bool) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"+OK clear\r\n").unwrap();
            let mut line = [0; 6];
            stream.read_exact(&mut line).unwrap();
            stream.write_all(b"+OK begin\r\n").unwrap();
            let mut tls = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
            if tls.read_exact(&mut line).is_ok() {
                tls.write_all(b"+OK bye\r\n").unwrap();
                if properly {
                    tls.conn.send_close_notify();
                }
                let _ = tls.flush();
            }
        });
        address
    }

    const SCRIPT: &str = "S: +OK clear\nC: STLS\nS: +OK begin\nTLS\nC: QUIT\nS: +OK bye\nclose\n";

    fn play(client: &Client, address: SocketAddr) -> Result<crate::Played, crate::PlayError> {
        let script = Script::read(SCRIPT).unwrap();
        Player::new("toy", |_: &str| client.connect(address)).play(&script, Mode::Compare)
    }

    #[test]
    fn a_conversation_goes_over_tcp_and_tls() {
        let (file, config) = authority("localhost");
        let client = Client::new(&file, "localhost").unwrap();
        let played = play(&client, serve(config.clone(), true)).unwrap();
        assert_eq!((played.text.as_str(), played.surprise), (SCRIPT, None));

        let cut = play(&client, serve(config.clone(), false))
            .unwrap_err()
            .to_string();
        assert!(cut.contains("close_notify"), "a cut is no close: {cut}");

        let other = Client::new(&file, "elsewhere").unwrap();
        let error = play(&other, serve(config, true)).unwrap_err().to_string();
        assert!(
            error.starts_with("line 4: ") && error.contains("certificate"),
            "{error}"
        );
        fs::remove_file(file).unwrap();
    }

    #[test]
    fn another_authority_is_not_believed() {
        let (strangers, config) = authority("stranger");
        let (file, _) = authority("known");
        let client = Client::new(&file, "stranger").unwrap();
        let error = play(&client, serve(config, true)).unwrap_err().to_string();
        assert!(error.contains("certificate"), "{error}");
        fs::remove_file(file).unwrap();
        fs::remove_file(strangers).unwrap();
    }
}
