//! A server that is none of MySQL's, and asks for the password in every way that there is.

use std::{
    fs,
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use alembic_runtime::pure::MysqlServer;
use harness::{Database, Kind, bash};

use super::{PASSWORD, USER, elsewhere};

const NONCE: &[u8; 20] = b"abcdefghijklmnopqrst";

/// What a server learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sent {
    /// Not even the user's name.
    Nothing,
    /// The name alone, or what proves that the password is known.
    Proof,
    /// The password, encrypted for a key.
    ForAKey,
    /// The password.
    InClear,
}

/// Greets, and sends one packet after each that comes; returns what is learned.
fn ask(address: IpAddr, mode: &str, plugin: &str, requests: &[Vec<u8>]) -> (Sent, String) {
    let listener = TcpListener::bind((address, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (greeting, requests) = (greeting(plugin), requests.to_vec());
    let heard = thread::spawn(move || hear(listener.accept().unwrap().0, &greeting, &requests));
    let url = format!("mysql://{USER}:{PASSWORD}@{address}:{port}/shop?connect_timeout=5{mode}");
    let error = MysqlServer::parse(&url).unwrap().connect().map(|_| ()).unwrap_err();
    assert!(!error.contains(PASSWORD), "{error}");
    (heard.join().unwrap().iter().map(|packet| learned(packet)).max().unwrap_or(Sent::Nothing), error)
}

fn hear(mut client: TcpStream, greeting: &[u8], requests: &[Vec<u8>]) -> Vec<Vec<u8>> {
    client.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut heard = Vec::new();
    let (mut number, mut next) = (0, Some(greeting));
    let mut requests = requests.iter();
    while let Some(packet) = next {
        let length = u8::try_from(packet.len() % 256).unwrap();
        let more = u8::try_from(packet.len() / 256).unwrap();
        if client.write_all(&[&[length, more, 0, number], packet].concat()).is_err() {
            break;
        }
        let mut header = [0; 4];
        if client.read_exact(&mut header).is_err() {
            break;
        }
        let mut answer = vec![0; usize::from(header[0]) + 256 * usize::from(header[1])];
        client.read_exact(&mut answer).unwrap();
        heard.push(answer);
        number = header[3] + 1;
        next = requests.next().map(Vec::as_slice);
    }
    heard
}

/// Protocol 10, without TLS.
fn greeting(plugin: &str) -> Vec<u8> {
    let (first, rest) = NONCE.split_at(8);
    [
        &b"\x0a9.0.0\0"[..],
        &[1, 0, 0, 0],
        first,
        &[0],
        // All capabilities but TLS and compression.
        &[0xdf, 0xf7, 255, 2, 0, 0xff, 0x01, 21],
        &[0; 10],
        rest,
        &[0],
        plugin.as_bytes(),
        &[0],
    ]
    .concat()
}

fn learned(packet: &[u8]) -> Sent {
    let holds = |text: &[u8]| packet.windows(text.len()).any(|window| window == text);
    // What a nonce that everybody knows hides is not hidden.
    let masked: Vec<u8> = PASSWORD.bytes().zip(NONCE).map(|(byte, mask)| byte ^ mask).collect();
    if holds(PASSWORD.as_bytes()) || holds(&masked) {
        Sent::InClear
    } else if packet.len() == 256 {
        Sent::ForAKey
    } else {
        Sent::Proof
    }
}

fn switch(plugin: &str) -> Vec<u8> {
    [b"\xfe", plugin.as_bytes(), b"\0", NONCE, b"\0"].concat()
}

#[test]
fn no_server_gets_the_password_or_chooses_its_key() {
    if Database::new(Kind::Mysql).is_none() {
        return;
    }
    let (here, away): (IpAddr, _) = (Ipv4Addr::LOCALHOST.into(), elsewhere());
    let folder = tempfile::tempdir().unwrap();
    let _output = bash(
        folder.path(),
        "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key 2>/dev/null; openssl pkey -in key -pubout -out public",
    );
    let file = folder.path().join("public");
    let key = [&[1][..], &fs::read(&file).unwrap()].concat();
    let (sha2, native) = ("caching_sha2_password", "mysql_native_password");
    let (is_known, is_wanted, ok) = (vec![1, 3], vec![1, 4], vec![0, 0, 0, 2, 0, 0, 0]);
    let ways = [
        (native, vec![ok.clone()], Sent::Proof),
        (sha2, vec![is_known], Sent::Proof),
        (sha2, vec![is_wanted.clone()], Sent::Proof),
        // Before it was asked.
        (sha2, vec![is_wanted.clone(), key.clone()], Sent::ForAKey),
        (native, vec![switch(sha2), is_wanted.clone(), key.clone()], Sent::ForAKey),
        (sha2, vec![switch(native), ok.clone()], Sent::Proof),
        (native, vec![is_wanted.clone(), key.clone()], Sent::Proof),
        ("sha256_password", vec![key.clone()], Sent::Proof),
        (native, vec![switch("sha256_password"), key.clone()], Sent::Proof),
        ("mysql_clear_password", vec![ok.clone()], Sent::Proof),
        (native, vec![switch("mysql_clear_password")], Sent::Proof),
        (sha2, vec![switch("dialog")], Sent::Proof),
        (sha2, vec![switch("client_ed25519")], Sent::Proof),
        (sha2, vec![switch("mysql_old_password")], Sent::Proof),
        (native, vec![vec![0xfe]], Sent::Proof),
        (native, vec![switch(native), switch("mysql_clear_password")], Sent::Proof),
        (native, vec![vec![2, b'?']], Sent::Proof),
    ];
    let given = format!("&ssl-mode=disabled&server-public-key-path={}", file.display());
    for (plugin, requests, at_most) in &ways {
        for mode in ["", "&ssl-mode=preferred", "&ssl-mode=required", "&ssl-mode=verify_identity"] {
            let (sent, error) = ask(away, mode, plugin, requests);
            assert_eq!(sent, Sent::Nothing, "{plugin} {requests:?}{mode}: {error}");
            assert!(error.contains("does not offer TLS"), "{error}");
        }
        let (sent, error) = ask(away, "&ssl-mode=disabled", plugin, requests);
        assert_eq!(sent, Sent::Proof, "{plugin} {requests:?}: {error}");
        // A key that was asked for, on this machine or because the URL says so, and one that the URL gives.
        let asked = "&ssl-mode=disabled&get-server-public-key=true";
        for (address, mode) in [(here, ""), (here, "&ssl-mode=disabled"), (away, asked)] {
            let (sent, error) = ask(address, mode, plugin, requests);
            assert_eq!(sent, *at_most, "{plugin} {requests:?}{mode}: {error}");
        }
        let wants = requests.contains(&is_wanted) && (*plugin == sha2 || requests.contains(&switch(sha2)));
        let (sent, error) = ask(away, &given, plugin, requests);
        assert_eq!(sent, if wants { Sent::ForAKey } else { Sent::Proof }, "{plugin} {requests:?}: {error}");
    }
    for nonsense in [&b"\x01"[..], b"\x01-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n", b"\x01\x30\x05"]
    {
        let (sent, error) = ask(here, "", sha2, &[is_wanted.clone(), nonsense.to_vec()]);
        assert_eq!(sent, Sent::Proof);
        assert!(error.contains("the server's key is no RSA key"), "{error}");
    }
}
