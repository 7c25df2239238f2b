//! Bytes that are no text: defaults of binary columns, which MariaDB shows as they are.

/// Returns a text of the server's. A literal that is no UTF-8 becomes a hexadecimal one of the same value.
#[must_use]
pub fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| with_hexadecimal(error.as_bytes()))
}

fn with_hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut rest = bytes;
    while let Some(start) = rest.iter().position(|byte| *byte == b'\'') {
        let (before, quoted) = rest.split_at(start);
        let (value, length) = literal(quoted);
        text.push_str(&String::from_utf8_lossy(before));
        match std::str::from_utf8(&quoted[..length]) {
            Ok(literal) => text.push_str(literal),
            Err(_) => text.push_str(&hexadecimal(&value)),
        }
        rest = &quoted[length..];
    }
    text.push_str(&String::from_utf8_lossy(rest));
    text
}

/// Writes a hexadecimal literal.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold("0x".to_owned(), |hex, byte| format!("{hex}{byte:02X}"))
}

/// Returns the value of the literal that begins here, and its length.
fn literal(quoted: &[u8]) -> (Vec<u8>, usize) {
    let mut value = Vec::new();
    let mut at = 1;
    while let Some(byte) = quoted.get(at) {
        match (byte, quoted.get(at + 1)) {
            (b'\\', Some(escaped)) => {
                value.push(match escaped {
                    b'0' => 0,
                    b'b' => 8,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'Z' => 0x1a,
                    other => *other,
                });
                at += 2;
            }
            (b'\'', Some(b'\'')) => {
                value.push(b'\'');
                at += 2;
            }
            (b'\'', _) => return (value, at + 1),
            (other, _) => {
                value.push(*other);
                at += 1;
            }
        }
    }
    (value, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_written_in_digits() {
        let shown = b"`a` varbinary(8) DEFAULT '\xff\\0', `b` int COMMENT 'it''s \xc3\xa9'".to_vec();
        assert_eq!(text(shown), "`a` varbinary(8) DEFAULT 0xFF00, `b` int COMMENT 'it''s é'");
    }
}
