//! What reaches whom: certificates that are taken or refused, and passwords on the wire.

mod fake_mysql;
mod fake_postgres;
mod page;
mod stripped;

use std::net::{IpAddr, UdpSocket};

use alembic_runtime::pure::PgServer;
use diesel::connection::SimpleConnection;
use harness::{Kind, SecureServer, bash};

/// Returns an address of this machine that counts as another's, because it is not that of the loopback.
fn elsewhere() -> IpAddr {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    // Nothing is sent: the system only chooses a way.
    socket.connect("192.0.2.77:9").expect("an address besides 127.0.0.1");
    let address = socket.local_addr().unwrap().ip();
    assert!(!address.is_loopback());
    address
}

/// Whom a server lets in; the password is part of no other word.
const USER: &str = SecureServer::USER;
const PASSWORD: &str = SecureServer::PASSWORD;

#[test]
fn a_password_is_bound_to_the_certificate() {
    let Some(server) = SecureServer::new(Kind::Postgres) else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut certificates = vec![("good".to_owned(), true), ("ecdsa".to_owned(), true)];
    for (name, key, options, binds) in [
        ("rsa-sha1", "RSA", "-sha1", true),
        ("rsa-sha384", "RSA", "-sha384", true),
        ("rsa-sha512", "RSA", "-sha512", true),
        ("ecdsa-sha384", "EC -pkeyopt ec_paramgen_curve:P-384", "-sha384", true),
        ("ecdsa-sha512", "EC -pkeyopt ec_paramgen_curve:P-256", "-sha512", true),
        // Nobody has said what it would be bound to.
        ("ed25519", "ED25519", "", false),
    ] {
        let _output = bash(
            folder.path(),
            &format!(
                "openssl genpkey -algorithm {key} -out {name}.key 2>/dev/null; \
                 openssl req -new -x509 -key {name}.key -out {name}.crt {options} -subj /CN=localhost"
            ),
        );
        certificates.push((folder.path().join(name).display().to_string(), binds));
    }
    for (certificate, binds) in certificates {
        server.show(&certificate);
        let connect = |binding: &str| {
            let url = format!(
                "postgres://{USER}:{PASSWORD}@localhost:{}/postgres?sslmode=require&channel_binding={binding}",
                server.port()
            );
            let mut conn = PgServer::parse(&url, &|_| None).unwrap().connect()?;
            conn.batch_execute("SELECT 1").map_err(|error| error.to_string())
        };
        connect("disable").unwrap_or_else(|error| panic!("{certificate}: {error}"));
        let bound = connect("require");
        assert_eq!(bound.is_ok(), binds, "{certificate}: {bound:?}");
    }
}
