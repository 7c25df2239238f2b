//! How MySQL and MariaDB let somebody in: encryption first, then the password, in a form that depends on who may read it.

use std::sync::Arc;

use mysql_async::consts::CapabilityFlags;
use mysql_common::{
    crypto::rsa::{GetRandom, Pkcs1OaepPadding, PublicKey},
    packets::{AuthPlugin, HandshakeResponse, SslRequest},
    proto::MySerialize,
};
use num_bigint::BigUint;
use rustls::pki_types::{ServerName, SubjectPublicKeyInfoDer, pem::PemObject};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{
    der::{BIT_STRING, Elements, INTEGER, SEQUENCE},
    tls::{self, Files, Verify},
};

/// The largest packet, as the driver has it by default.
const PACKET_SIZE: u32 = 16 << 20;

/// `ssl-mode`, as MySQL's clients have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Disabled,
    Preferred,
    Encrypted(Verify),
}

/// Where the key comes from that encrypts a password on an unencrypted connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ServerKey {
    /// Nobody can be asked for it but the peer, which may be anybody.
    Unknown,
    /// The peer is asked.
    Asked,
    /// A file has it.
    File(String),
}

/// Who wants to be let in, where, and what protects the password.
pub(super) struct Login {
    pub(super) host: String,
    pub(super) password: Option<String>,
    pub(super) mode: Mode,
    pub(super) files: Files,
    pub(super) server_key: ServerKey,
}

pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Packets, each with its length and its number.
pub(super) struct Packets {
    pub(super) stream: Box<dyn Stream>,
    next: u8,
}

impl Packets {
    pub(super) fn new(stream: impl Stream + 'static) -> Self {
        Self { stream: Box::new(stream), next: 0 }
    }

    pub(super) async fn read(&mut self) -> Result<Vec<u8>, String> {
        const ENOUGH: usize = 1 << 16;
        let lost = |error| format!("the connection was lost while logging in: {error}");
        let mut header = [0; 4];
        self.stream.read_exact(&mut header).await.map_err(lost)?;
        let [a, b, c, number] = header;
        let length = u32::from_le_bytes([a, b, c, 0]) as usize;
        if length > ENOUGH {
            return Err("what answers is no MySQL server".to_owned());
        }
        self.next = number.wrapping_add(1);
        let mut packet = vec![0; length];
        self.stream.read_exact(&mut packet).await.map_err(lost)?;
        Ok(packet)
    }

    pub(super) async fn write(&mut self, packet: &[u8]) -> Result<(), String> {
        let [a, b, c, _] = u32::try_from(packet.len()).map_err(|_| "the password is too long")?.to_le_bytes();
        let bytes = [&[a, b, c, self.next], packet].concat();
        self.next = self.next.wrapping_add(1);
        let sent = async {
            self.stream.write_all(&bytes).await?;
            self.stream.flush().await
        };
        sent.await.map_err(|error| format!("the connection was lost while logging in: {error}"))
    }

    async fn write_value(&mut self, value: &impl MySerialize) -> Result<(), String> {
        let mut bytes = Vec::new();
        value.serialize(&mut bytes);
        self.write(&bytes).await
    }
}

/// A connection whose server has said who it is.
pub(super) struct Greeted {
    packets: Packets,
    /// Nobody else can read what is sent.
    is_private: bool,
    /// The first packet: a greeting, or an error.
    pub(super) packet: Vec<u8>,
    pub(super) greeting: Option<Greeting>,
}

/// What of a greeting matters here.
#[derive(Debug)]
pub(super) struct Greeting {
    offers_tls: bool,
    pub(super) nonce: Vec<u8>,
    pub(super) plugin: AuthPlugin<'static>,
}

impl Greeting {
    /// Version, text that ends with zero, number, 8 bytes of nonce, zero, half of the capabilities, 3 bytes, the other
    /// half, length of the nonce, 10 bytes, the rest of the nonce, plugin.
    fn parse(packet: &[u8]) -> Option<Self> {
        let (10, rest) = packet.split_first()? else { return None };
        let end = rest.iter().position(|byte| *byte == 0)?;
        let [_, _, _, _, nonce @ .., _] = rest.get(end + 1..end + 14)? else { return None };
        let [low, high, _, _, _, lower, upper, length, ..] = rest.get(end + 14..end + 32)? else { return None };
        let capabilities = CapabilityFlags::from_bits_truncate(u32::from_le_bytes([*low, *high, *lower, *upper]));
        let needed = CapabilityFlags::CLIENT_PROTOCOL_41
            | CapabilityFlags::CLIENT_SECURE_CONNECTION
            | CapabilityFlags::CLIENT_PLUGIN_AUTH;
        // The driver reads the length as a number with sign.
        if !capabilities.contains(needed) || !(8..=127).contains(length) {
            return None;
        }
        let (more, plugin) = rest.get(end + 32..)?.split_at_checked(usize::from(length - 8).max(13))?;
        let mut nonce = [nonce, more].concat();
        nonce.resize(20, 0);
        let plugin = match AuthPlugin::from_bytes(plugin) {
            AuthPlugin::CachingSha2Password => AuthPlugin::CachingSha2Password,
            // The server asks for what it wants once it knows whose password it is.
            _ => AuthPlugin::MysqlNativePassword,
        };
        Some(Self { offers_tls: capabilities.contains(CapabilityFlags::CLIENT_SSL), nonce, plugin })
    }
}

impl Login {
    /// Reads the greeting.
    pub(super) async fn greet(&self, stream: TcpStream) -> Result<Greeted, String> {
        let address = stream.peer_addr().map_err(|error| error.to_string())?;
        let is_private = tls::stays_here(address.ip());
        let mut packets = Packets::new(stream);
        let packet = packets.read().await?;
        let greeting = match packet.first() {
            Some(0xff) => None,
            _ => Some(Greeting::parse(&packet).ok_or("what answers is no MySQL server of 5.5 or newer")?),
        };
        Ok(Greeted { packets, is_private, packet, greeting })
    }

    /// Logs in as the driver wants to, with the real password, and returns the server's last word: that we are in, or an
    /// error.
    pub(super) async fn log_in(
        &self,
        greeted: Greeted,
        greeting: Greeting,
        wanted: &HandshakeResponse<'_>,
    ) -> Result<(Packets, Vec<u8>), String> {
        let Greeted { mut packets, is_private, .. } = greeted;
        let mut capabilities = wanted.capabilities();
        let mut link = if is_private { Link::Private } else { Link::Plain };
        if self.encrypts(&greeting, link)? {
            capabilities.insert(CapabilityFlags::CLIENT_SSL);
            packets = self.encrypt(packets, capabilities, wanted).await?;
            link = Link::Encrypted;
        }
        let Greeting { nonce, plugin, .. } = greeting;
        let data = plugin.gen_data(self.password.as_deref(), &nonce);
        let response = HandshakeResponse::new(
            data.as_deref(),
            // Every server here has utf8mb4.
            (5, 5, 3),
            Some(wanted.user()),
            wanted.db_name(),
            Some(plugin.clone()),
            capabilities,
            None,
            PACKET_SIZE,
        );
        packets.write_value(&response).await?;
        let last = self.authenticate(&mut packets, link, plugin, nonce).await?;
        Ok((packets, last))
    }

    /// Decides whether to encrypt, and whether not to is good enough.
    fn encrypts(&self, greeting: &Greeting, link: Link) -> Result<bool, String> {
        match self.mode {
            Mode::Disabled => Ok(false),
            _ if greeting.offers_tls => Ok(true),
            Mode::Encrypted(_) => Err("the server does not offer TLS".to_owned()),
            Mode::Preferred if link == Link::Plain && self.has_password() => {
                Err("the server does not offer TLS, and others may read along; `ssl-mode=disabled` sends the password \
                 nevertheless"
                    .to_owned())
            }
            Mode::Preferred => Ok(false),
        }
    }

    fn has_password(&self) -> bool {
        self.password.as_ref().is_some_and(|password| !password.is_empty())
    }

    async fn encrypt(
        &self,
        mut packets: Packets,
        capabilities: CapabilityFlags,
        wanted: &HandshakeResponse<'_>,
    ) -> Result<Packets, String> {
        let verify = if let Mode::Encrypted(verify) = self.mode { verify } else { Verify::Nothing };
        let config = Arc::new(tls::config(verify, &self.files)?);
        let name = ServerName::try_from(self.host.clone()).map_err(|error| format!("`{}`: {error}", self.host))?;
        packets.write_value(&SslRequest::new(capabilities, PACKET_SIZE, wanted.collation())).await?;
        let stream = TlsConnector::from(config).connect(name, packets.stream).await;
        let stream = stream.map_err(|error| format!("no TLS with the server: {error}"))?;
        Ok(Packets { stream: Box::new(stream), next: packets.next })
    }

    /// Answers until the server is satisfied, or not.
    async fn authenticate(
        &self,
        packets: &mut Packets,
        link: Link,
        mut plugin: AuthPlugin<'static>,
        mut nonce: Vec<u8>,
    ) -> Result<Vec<u8>, String> {
        const DONE: u8 = 0x00;
        const MORE: u8 = 0x01;
        const SWITCH: u8 = 0xfe;
        const ERROR: u8 = 0xff;
        let mut has_switched = false;
        loop {
            let packet = packets.read().await?;
            match packet[..] {
                [DONE | ERROR, ..] => return Ok(packet),
                [SWITCH, ref asked @ ..] if !has_switched => {
                    has_switched = true;
                    (plugin, nonce) = switch(asked)?;
                    let data = plugin.gen_data(self.password.as_deref(), &nonce);
                    packets.write(data.as_deref().unwrap_or_default()).await?;
                }
                // The server has it in its memory.
                [MORE, 3] if plugin == AuthPlugin::CachingSha2Password => {}
                [MORE, 4] if plugin == AuthPlugin::CachingSha2Password => self.send(packets, link, &nonce).await?,
                _ => return Err("the server asks for something unknown while logging in".to_owned()),
            }
        }
    }

    /// Sends the password: as it is if nobody else can read it, encrypted for the server's key otherwise.
    async fn send(&self, packets: &mut Packets, link: Link, nonce: &[u8]) -> Result<(), String> {
        let mut password = self.password.clone().unwrap_or_default().into_bytes();
        password.push(0);
        if link == Link::Encrypted {
            return packets.write(&password).await;
        }
        let key = match &self.server_key {
            ServerKey::File(file) => {
                std::fs::read(file).map_err(|error| format!("could not read `{file}`: {error}"))?
            }
            ServerKey::Unknown if link == Link::Plain => {
                return Err(
                    "the server asks for the password, the connection is not encrypted, and the server's key is \
                            not known; use TLS, or give the key with `server-public-key-path=FILE`, or take whatever \
                            key the peer has with `get-server-public-key=true`"
                        .to_owned(),
                );
            }
            ServerKey::Unknown | ServerKey::Asked => {
                const KEY: u8 = 2;
                packets.write(&[KEY]).await?;
                let [1, key @ ..] = &packets.read().await?[..] else { return Err("the server has no key".to_owned()) };
                key.to_vec()
            }
        };
        for (byte, mask) in password.iter_mut().zip(nonce.iter().cycle()) {
            *byte ^= mask;
        }
        packets.write(&encrypted(&password, &key)?).await
    }
}

/// Who can read along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    /// Anybody.
    Plain,
    /// Nobody who is not on this machine.
    Private,
    /// Nobody but the peer.
    Encrypted,
}

/// Reads which plugin the server wants. It gets what proves that we know the password, and never the password itself.
fn switch(asked: &[u8]) -> Result<(AuthPlugin<'static>, Vec<u8>), String> {
    let end = asked.iter().position(|byte| *byte == 0).unwrap_or(asked.len());
    let (name, nonce) = asked.split_at(end);
    let plugin = match AuthPlugin::from_bytes(name) {
        AuthPlugin::MysqlNativePassword => AuthPlugin::MysqlNativePassword,
        AuthPlugin::CachingSha2Password => AuthPlugin::CachingSha2Password,
        _ => {
            let name = if name.is_empty() { "mysql_old_password".into() } else { String::from_utf8_lossy(name) };
            return Err(format!(
                "the server asks for the authentication plugin `{}`; only caching_sha2_password and \
                 mysql_native_password are supported",
                name.escape_debug()
            ));
        }
    };
    let mut nonce = nonce.get(1..).unwrap_or_default().to_vec();
    nonce.resize(20, 0);
    Ok((plugin, nonce))
}

/// Encrypts for whoever has the other half of a public key.
fn encrypted(password: &[u8], key: &[u8]) -> Result<Vec<u8>, String> {
    // What the padding takes.
    const PADDING: usize = 42;
    let (modulus, exponent) = public_key(key).ok_or("the server's key is no RSA key in PEM format")?;
    let key = PublicKey::new(BigUint::from_bytes_be(&modulus), BigUint::from_bytes_be(&exponent));
    if key.num_octets() < password.len() + PADDING {
        return Err("the server's key is too short for the password".to_owned());
    }
    Ok(key.encrypt_block(password, Pkcs1OaepPadding::new(GetRandom)))
}

fn public_key(pem: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let der = SubjectPublicKeyInfoDer::from_pem_slice(pem).ok()?;
    let mut info = Elements(&der).inside(SEQUENCE)?;
    info.next(SEQUENCE)?;
    let (0, key) = info.next(BIT_STRING)?.split_first()? else { return None };
    let mut numbers = Elements(key).inside(SEQUENCE)?;
    let (modulus, exponent) = (numbers.next(INTEGER)?, numbers.next(INTEGER)?);
    let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
    (is_odd(modulus) && is_odd(exponent)).then(|| (modulus.to_vec(), exponent.to_vec()))
}
