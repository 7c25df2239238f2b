//! A server that is none of PostgreSQL's, and asks for the password in every way that there is.

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, TcpListener, TcpStream},
    thread,
};

use alembic_runtime::pure::PgServer;

use super::{PASSWORD, USER, elsewhere};

/// Answers the question for TLS, and asks for a password by a message; returns what is sent for it.
fn ask(address: IpAddr, mode: &str, tls: u8, request: &[u8]) -> (String, Vec<u8>) {
    let listener = TcpListener::bind((address, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let request = request.to_vec();
    let heard = thread::spawn(move || hear(listener.accept().unwrap().0, tls, &request));
    let url = format!("postgres://{USER}:{PASSWORD}@{address}:{port}/shop?connect_timeout=5{mode}");
    let error = PgServer::parse(&url, &|_| None).unwrap().connect().map(|_| ()).unwrap_err();
    assert!(!error.contains(PASSWORD), "{error}");
    (error, heard.join().unwrap())
}

fn hear(mut client: TcpStream, tls: u8, request: &[u8]) -> Vec<u8> {
    let mut heard = Vec::new();
    let mut first = [0; 8];
    if client.read_exact(&mut first).is_err() {
        return heard;
    }
    if first == [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f] {
        client.write_all(&[tls]).unwrap();
        if client.read_exact(&mut first).is_err() {
            return heard;
        }
    }
    let mut startup = vec![0; usize::from(first[3]) - 8];
    if client.read_exact(&mut startup).is_err() {
        return heard;
    }
    heard.extend(&startup);
    client.write_all(request).unwrap();
    client.set_read_timeout(Some(std::time::Duration::from_secs(2))).unwrap();
    let mut answer = [0; 1024];
    if let Ok(length) = client.read(&mut answer) {
        heard.extend(&answer[..length]);
    }
    heard
}

fn message(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 4).unwrap().to_be_bytes();
    [&[kind], &length[..], content].concat()
}

fn holds(heard: &[u8], text: &str) -> bool {
    heard.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn no_server_gets_the_password_as_it_is_from_afar() {
    if harness::Database::new(harness::Kind::Postgres).is_none() {
        return;
    }
    let (here, away) = (Ipv4Addr::LOCALHOST.into(), elsewhere());
    let clear = message(b'R', &[0, 0, 0, 3]);
    let notice = message(b'N', b"SNOTICE\0Mlook\0\0");
    let version = message(b'v', &[0, 3, 0, 0, 0, 0, 0, 0]);
    let requests: [(&str, Vec<u8>, &str); 9] = [
        ("cleartext", clear.clone(), "in clear text"),
        ("cleartext after a notice", [&notice[..], &clear].concat(), ""),
        ("cleartext after another version", [&version[..], &clear].concat(), ""),
        ("md5", message(b'R', &[0, 0, 0, 5, 1, 2, 3, 4]), ""),
        ("md5, then cleartext", [&message(b'R', &[0, 0, 0, 5, 1, 2, 3, 4])[..], &clear].concat(), ""),
        ("SASL", message(b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0"), ""),
        ("an unknown SASL", message(b'R', b"\0\0\0\x0aPLAIN\0\0"), "unsupported SASL mechanism"),
        ("GSS", message(b'R', &[0, 0, 0, 7]), "unsupported authentication method"),
        ("something unknown", message(b'R', &[0, 0, 0, 99]), ""),
    ];
    for (name, request, why) in &requests {
        for mode in ["", "&sslmode=allow", "&sslmode=prefer"] {
            let (error, heard) = ask(away, mode, b'N', request);
            assert!(!holds(&heard, PASSWORD), "{name} {mode}");
            assert!(holds(&heard, USER), "{name} {mode}: it came so far");
            assert!(error.contains(why), "{name} {mode}: {error}");
        }
        // Who insists on TLS does not even say the user's name, and nobody believes an error that comes in its place.
        for (mode, tls) in [("&sslmode=require", b'N'), ("&sslmode=verify-full", b'N'), ("", b'E'), ("", b'R')] {
            let (_, heard) = ask(away, mode, tls, request);
            assert!(heard.is_empty(), "{name} {mode}: {heard:?}");
        }
    }
    // A proof is sent, as the scheme has it.
    assert!(holds(&ask(away, "", b'N', &requests[3].1).1, "md5"));
    assert!(holds(&ask(away, "", b'N', &requests[5].1).1, "SCRAM-SHA-256"));
    assert!(!holds(&ask(away, "&channel_binding=require", b'N', &requests[3].1).1, "md5"));
    // Where nobody else reads, and where it was said.
    for (address, mode) in [(here, ""), (away, "&sslmode=disable")] {
        assert!(holds(&ask(address, mode, b'N', &clear).1, PASSWORD), "{address} {mode}");
    }
}
