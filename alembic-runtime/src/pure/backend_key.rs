//! Is there a pooler between us and PostgreSQL?
//!
//! Who answers a connection tells the process that could cancel its queries. A pooler answers for
//! itself; the server's own process has another number. The driver keeps that number to itself, and
//! shows it only to whom it sends a request to cancel: so one is sent here, and goes no further.

use std::{
    future::{Ready, ready},
    io,
    pin::Pin,
    task::{Context, Poll},
};

use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio_postgres::{
    CancelToken,
    tls::{ChannelBinding, TlsConnect, TlsStream},
};

#[derive(diesel::QueryableByName)]
struct Process {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    pid: i32,
}

/// Returns whether the process that answers queries is another one than the one that was connected
/// to. Not knowing counts as no.
pub(super) async fn is_pooled(token: CancelToken, conn: &mut AsyncPgConnection) -> bool {
    let announced = announced_process(token).await;
    // A pooler may send a query elsewhere than its preparation, unless they share a transaction.
    let begun = conn.batch_execute("BEGIN").await;
    let asked: Result<Process, _> = diesel::sql_query("SELECT pg_backend_pid() AS pid").get_result(conn).await;
    let ended = conn.batch_execute("COMMIT").await;
    match (announced, asked, begun.and(ended)) {
        (Some(announced), Ok(asked), Ok(())) => announced != asked.pid,
        _ => false,
    }
}

/// Reads the process out of a request to cancel: length, code, process, secret, four bytes each.
async fn announced_process(token: CancelToken) -> Option<i32> {
    let (ours, mut theirs) = tokio::io::duplex(64);
    // Should it ask for TLS first, it gets it.
    theirs.write_all(b"S").await.ok()?;
    token.cancel_query_raw(ours, Plain).await.ok()?;
    let mut request = Vec::new();
    theirs.read_to_end(&mut request).await.ok()?;
    let request = request.last_chunk::<16>()?;
    Some(i32::from_be_bytes([request[8], request[9], request[10], request[11]]))
}

/// Passes for TLS where nobody else can read.
struct Plain;

impl TlsConnect<DuplexStream> for Plain {
    type Stream = Wire;
    type Error = io::Error;
    type Future = Ready<io::Result<Wire>>;

    fn connect(self, stream: DuplexStream) -> Self::Future {
        ready(Ok(Wire(stream)))
    }
}

struct Wire(DuplexStream);

impl TlsStream for Wire {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
