//! Texts of others in the log of a CI job, which runs commands that it finds there.

use std::io::{self, Write};

/// Writer whose lines are no commands to a CI service: a backslash breaks `::error::` and `##[group]` of GitHub's,
/// `##vso[task]` of Azure's and `##teamcity[message]`.
///
/// A message of a server, a comment or a name may have line breaks, and what follows one may be written by anybody.
pub(super) struct Guard<'w> {
    inner: &'w mut dyn Write,
    state: State,
}

/// What the line consists of so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Blanks.
    Start,
    /// Blanks and a colon.
    Colon,
    /// Anything.
    Middle,
    /// Anything, and at its end this many `#`.
    Hashes(u8),
}

impl<'w> Guard<'w> {
    /// Guards a stream that is at the start of a line.
    pub(super) fn new(inner: &'w mut dyn Write) -> Self {
        Self { inner, state: State::Start }
    }
}

impl Write for Guard<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut from = 0;
        for (at, byte) in bytes.iter().enumerate() {
            let breaks = match (self.state, byte) {
                (State::Colon, b':') => true,
                (State::Hashes(2..), byte) => *byte == b'[' || byte.is_ascii_alphabetic(),
                _ => false,
            };
            if breaks {
                self.inner.write_all(&bytes[from..at])?;
                self.inner.write_all(b"\\")?;
                from = at;
            }
            self.state = match (self.state, byte) {
                (_, b'\n' | b'\r') => State::Start,
                (State::Start, byte) if byte.is_ascii_whitespace() => State::Start,
                (State::Start, b':') => State::Colon,
                (State::Hashes(count), b'#') => State::Hashes(count.saturating_add(1)),
                (_, b'#') => State::Hashes(1),
                _ => State::Middle,
            };
        }
        self.inner.write_all(&bytes[from..])?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_a_command_to_a_ci_service() {
        for (text, guarded) in [
            ("error: no\n::error::yes", "error: no\n:\\:error::yes"),
            ("a\r\n  ::set-env name=A::b", "a\r\n  :\\:set-env name=A::b"),
            ("::stop-commands::x", ":\\:stop-commands::x"),
            ("x ##[group]y ##vso[task]z", "x ##\\[group]y ##\\vso[task]z"),
            ("SELECT a::int, b # ## c", "SELECT a::int, b # ## c"),
            ("a: b:: c", "a: b:: c"),
        ] {
            let (mut whole, mut pieces) = (Vec::new(), Vec::new());
            Guard::new(&mut whole).write_all(text.as_bytes()).unwrap();
            let mut guard = Guard::new(&mut pieces);
            text.as_bytes().iter().for_each(|byte| guard.write_all(&[*byte]).unwrap());
            assert_eq!(String::from_utf8(whole).unwrap(), guarded);
            assert_eq!(String::from_utf8(pieces).unwrap(), guarded);
        }
    }
}
