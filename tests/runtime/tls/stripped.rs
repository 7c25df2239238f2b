//! An attacker on the way.

use std::{
    io::{Read, Write, copy},
    net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream},
    thread,
};

use harness::Kind;

/// Takes the server's offer of TLS away, and passes on all else.
pub(super) fn server(kind: Kind, port: u16, address: IpAddr) -> SocketAddr {
    let listener = TcpListener::bind((address, 0)).unwrap();
    let own = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let server = TcpStream::connect(("127.0.0.1", port));
            if let (Ok(client), Ok(server)) = (client, server) {
                thread::spawn(move || between(kind, client, server));
            }
        }
    });
    own
}

fn between(kind: Kind, mut client: TcpStream, mut server: TcpStream) -> std::io::Result<()> {
    if kind == Kind::Postgres {
        let mut request = [0; 8];
        client.read_exact(&mut request)?;
        while matches!(request, [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f | 0x30]) {
            client.write_all(b"N")?;
            client.read_exact(&mut request)?;
        }
        server.write_all(&request)?;
    } else {
        let mut greeting = [0; 4];
        server.read_exact(&mut greeting)?;
        let mut rest = vec![0; usize::from(greeting[0])];
        server.read_exact(&mut rest)?;
        let version = rest.iter().position(|byte| *byte == 0).unwrap();
        // The twelfth capability is TLS.
        rest[version + 15] &= !0x08;
        client.write_all(&[&greeting[..], &rest].concat())?;
    }
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        copy(&mut from, &mut to).ok();
        to.shutdown(Shutdown::Write).ok();
    });
    copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Both)
}
