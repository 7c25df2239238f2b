//! PostgreSQL's connection before the first message: whether TLS is used, and what may be sent without.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use rustls::{
    ClientConfig,
    pki_types::{InvalidDnsNameError, ServerName},
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_postgres::{
    Socket,
    tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream},
};
use tokio_rustls::TlsConnector;

use super::{
    channel_binding::end_point,
    tls::{Files, Verify},
};

/// What `sslmode` and `sslrootcert` ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encryption {
    Disabled,
    Preferred,
    Required(Verify),
}

impl Encryption {
    /// Decides as libpq does.
    pub(super) fn parse(mode: Option<&str>, files: &Files) -> Result<Self, String> {
        let (has_roots, are_the_systems) = (files.roots.is_some(), files.roots.as_deref() == Some("system"));
        let mode = mode.unwrap_or(if are_the_systems { "verify-full" } else { "prefer" });
        let encryption = match mode {
            "disable" => Self::Disabled,
            "allow" | "prefer" => Self::Preferred,
            // With an authority to check against, libpq checks.
            "require" if has_roots => Self::Required(Verify::Authority),
            "require" => Self::Required(Verify::Nothing),
            "verify-ca" if !has_roots => {
                return Err("`sslmode=verify-ca` needs the authority's certificate, in ~/.postgresql/root.crt or as \
                            `sslrootcert=FILE`"
                    .to_owned());
            }
            "verify-ca" => Self::Required(Verify::Authority),
            "verify-full" => Self::Required(Verify::Host),
            _ => {
                return Err("`sslmode` is none of disable, allow, prefer, require, verify-ca, verify-full".to_owned());
            }
        };
        // Anybody gets a certificate for some name of the authorities that the system trusts.
        if are_the_systems && encryption != Self::Required(Verify::Host) {
            return Err(format!("`sslmode={mode}` is too weak for `sslrootcert=system`; use verify-full"));
        }
        Ok(encryption)
    }
}

/// How a connection begins. The driver is told that TLS comes at once, and leaves the question for it to us.
#[derive(Debug, Clone)]
pub(super) struct Negotiator {
    pub(super) tls: Arc<ClientConfig>,
    /// Whether a server without TLS is good enough.
    pub(super) may_be_plain: bool,
    /// Whether a password may then be sent as it is.
    pub(super) may_be_read: bool,
}

impl MakeTlsConnect<Socket> for Negotiator {
    type Stream = PgStream;
    type TlsConnect = Negotiation;
    type Error = InvalidDnsNameError;

    fn make_tls_connect(&mut self, host: &str) -> Result<Negotiation, InvalidDnsNameError> {
        Ok(Negotiation { name: ServerName::try_from(host)?.to_owned(), negotiator: self.clone() })
    }
}

pub(super) struct Negotiation {
    name: ServerName<'static>,
    negotiator: Negotiator,
}

impl Negotiation {
    async fn negotiate(self, mut socket: Socket) -> io::Result<PgStream> {
        const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
        let Negotiator { tls, may_be_plain, may_be_read } = self.negotiator;
        socket.write_all(&SSL_REQUEST).await?;
        match socket.read_u8().await? {
            b'S' => {
                let stream = TlsConnector::from(tls).connect(self.name, socket).await?;
                let certificates = stream.get_ref().1.peer_certificates();
                let end_point = certificates.and_then(<[_]>::first).and_then(|certificate| end_point(certificate));
                Ok(PgStream::Encrypted { stream: Box::new(stream), end_point })
            }
            b'N' if may_be_plain => Ok(PgStream::Plain { socket, requests: (!may_be_read).then(Requests::default) }),
            b'N' => Err(io::Error::other("server does not support TLS")),
            // Whoever that is has not proved anything yet: what it says is not repeated.
            _ => Err(io::Error::other("the server answered the question for TLS with an error")),
        }
    }
}

impl TlsConnect<Socket> for Negotiation {
    type Stream = PgStream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<PgStream>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(self.negotiate(socket))
    }
}

/// A connection, encrypted or not.
pub(super) enum PgStream {
    Plain {
        socket: Socket,
        /// Watched until the server knows who we are, if a password must not be sent as it is.
        requests: Option<Requests>,
    },
    Encrypted {
        stream: Box<tokio_rustls::client::TlsStream<Socket>>,
        end_point: Option<Vec<u8>>,
    },
}

impl TlsStream for PgStream {
    fn channel_binding(&self) -> ChannelBinding {
        match self {
            Self::Encrypted { end_point: Some(hash), .. } => ChannelBinding::tls_server_end_point(hash.clone()),
            _ => ChannelBinding::none(),
        }
    }
}

impl AsyncRead for PgStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Encrypted { stream, .. } => Pin::new(stream).poll_read(cx, buffer),
            Self::Plain { socket, requests } => {
                let before = buffer.filled().len();
                ready!(Pin::new(socket).poll_read(cx, buffer))?;
                if requests.as_mut().is_some_and(|requests| requests.ask_for_the_password(&buffer.filled()[before..])) {
                    return Poll::Ready(Err(io::Error::new(
                        io::ErrorKind::PermissionDenied,
                        "the server asks for the password in clear text, and the connection is not encrypted; \
                         `sslmode=disable` allows that",
                    )));
                }
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl AsyncWrite for PgStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain { socket, .. } => Pin::new(socket).poll_write(cx, bytes),
            Self::Encrypted { stream, .. } => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain { socket, .. } => Pin::new(socket).poll_flush(cx),
            Self::Encrypted { stream, .. } => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain { socket, .. } => Pin::new(socket).poll_shutdown(cx),
            Self::Encrypted { stream, .. } => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// What a server sends before it lets anybody in, as it arrives: messages of kind, length and content, cut anywhere.
#[derive(Default)]
pub(super) struct Requests {
    unread: Vec<u8>,
    are_over: bool,
}

impl Requests {
    /// Returns whether these bytes complete a request for the password in clear text.
    fn ask_for_the_password(&mut self, bytes: &[u8]) -> bool {
        if self.are_over {
            return false;
        }
        self.unread.extend(bytes);
        while let [kind, a, b, c, d, rest @ ..] = &self.unread[..] {
            // The length counts itself.
            let length = (u32::from_be_bytes([*a, *b, *c, *d]) as usize).saturating_sub(4);
            if *kind == b'R' {
                match rest {
                    [0, 0, 0, 3, ..] => return true,
                    [0, 0, 0, 0, ..] => {
                        *self = Self { are_over: true, unread: Vec::new() };
                        return false;
                    }
                    _ => {}
                }
            }
            if rest.len() < length {
                return false;
            }
            self.unread.drain(..5 + length);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::Requests;

    fn message(kind: u8, content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len() + 4).unwrap().to_be_bytes();
        [&[kind], &length[..], content].concat()
    }

    #[test]
    fn a_request_for_the_password_is_seen_however_it_arrives() {
        let clear = message(b'R', &[0, 0, 0, 3]);
        let md5 = message(b'R', &[0, 0, 0, 5, 1, 2, 3, 4]);
        let let_in = message(b'R', &[0, 0, 0, 0]);
        let notice = message(b'N', b"SNOTICE\0MR\0\0\0\x08\0\0\0\x03\0\0");
        let empty = message(b'n', b"");
        for (messages, asks) in [
            (vec![&clear], true),
            (vec![&notice, &clear], true),
            (vec![&empty, &clear], true),
            (vec![&md5, &clear], true),
            (vec![&md5, &let_in], false),
            (vec![&notice, &empty, &let_in], false),
            // Rows may hold anything.
            (vec![&let_in, &clear], false),
        ] {
            let bytes = messages.into_iter().flatten().copied().collect::<Vec<u8>>();
            for size in 1..=bytes.len() {
                let mut requests = Requests::default();
                let found = bytes.chunks(size).any(|part| requests.ask_for_the_password(part));
                assert_eq!(found, asks, "{bytes:?} in parts of {size}");
            }
        }
    }
}
