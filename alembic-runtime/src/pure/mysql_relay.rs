//! The driver's connection to MySQL and MariaDB, by way of ours.
//!
//! The driver encrypts with a verifier of its own, and answers whatever a server asks the password for. So it never gets
//! the password: it is connected to a port of this process, and what it says once we have logged in is passed on.

use std::{net::Ipv4Addr, sync::OnceLock, time::Duration};

use mysql_async::{Conn, Opts, OptsBuilder};
use mysql_common::{io::ParseBuf, packets::HandshakeResponse};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{Builder, Handle},
    task::JoinError,
    time::timeout,
};
use uuid::Uuid;

use super::{
    mysql_login::{Login, Packets},
    tls,
};

/// Opens a connection.
pub(super) async fn connect(options: OptsBuilder, login: Login, wait: Duration) -> Result<Conn, String> {
    let port = Opts::from(options.clone()).tcp_port();
    // Nobody else on this machine can take the driver's place.
    let secret = Uuid::new_v4().to_string();
    let options = options.pass(Some(&secret)).ip_or_hostname(Ipv4Addr::LOCALHOST.to_string());
    let (listener, own_port) = background().spawn(listen()).await.map_err(|error| ended(&error))??;
    let relay = async move {
        let done = timeout(wait, relay(listener, login, port, &secret)).await;
        done.unwrap_or_else(|_| Err("the server did not answer in time".to_owned()))
    };
    let relay = background().spawn(relay);
    let conn = Conn::new(options.tcp_port(own_port)).await;
    // What went wrong behind the relay is the cause of what the driver sees.
    relay.await.map_err(|error| ended(&error))??;
    conn.map_err(|error| error.to_string())
}

fn ended(error: &JoinError) -> String {
    format!("could not log in: {error}")
}

/// Drives what is behind the driver. A connection that is dropped has to end at once, also while nobody waits for a
/// database.
fn background() -> &'static Handle {
    static BACKGROUND: OnceLock<Handle> = OnceLock::new();
    BACKGROUND.get_or_init(|| {
        let runtime = Builder::new_current_thread().enable_all().build().expect("the system gives us an event loop");
        let handle = runtime.handle().clone();
        std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
        handle
    })
}

async fn listen() -> Result<(TcpListener, u16), String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| error.to_string())?;
    let port = listener.local_addr().map_err(|error| error.to_string())?.port();
    Ok((listener, port))
}

/// Logs in at the server for the driver, and passes on what the two say afterwards.
async fn relay(listener: TcpListener, login: Login, port: u16, secret: &str) -> Result<(), String> {
    let mut greeted = login.greet(reach(&login.host, port).await?).await?;
    let (driver, _) = listener.accept().await.map_err(|error| error.to_string())?;
    driver.set_nodelay(true).map_err(|error| error.to_string())?;
    let mut driver = Packets::new(driver);
    driver.write(&greeted.packet).await?;
    // Too many connections, say: the driver knows how to tell that.
    let Some(greeting) = greeted.greeting.take() else { return Ok(()) };
    let response = driver.read().await?;
    let wanted = ParseBuf(&response).parse::<HandshakeResponse<'_>>(()).map_err(|error| error.to_string())?;
    let expected = greeting.plugin.gen_data(Some(secret), &greeting.nonce);
    if expected.as_deref() != Some(wanted.scramble_buf()) {
        return Err("another program has connected in place of the driver".to_owned());
    }
    let (server, last) = login.log_in(greeted, greeting, &wanted).await?;
    driver.write(&last).await?;
    let (mut driver, mut server) = (driver.stream, server.stream);
    tokio::spawn(async move { tokio::io::copy_bidirectional(&mut driver, &mut server).await });
    Ok(())
}

/// Connects to the first of a host's addresses that answers.
async fn reach(host: &str, port: u16) -> Result<TcpStream, String> {
    let addresses = tls::resolve(host, port).await?;
    let stream = TcpStream::connect(&*addresses).await;
    let stream = stream.map_err(|error| format!("error connecting to server: {error}"))?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    Ok(stream)
}
