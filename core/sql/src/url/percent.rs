//! Percent-encoding.

/// Undoes percent-encoding, as libpq does: what is no code is an error, as is a zero byte.
pub(super) fn decode(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
        match (digit(), digit()) {
            (Some(0), Some(0)) => return Err("`%00` is in no name and in no password".to_owned()),
            (Some(high), Some(low)) => bytes.extend(u8::try_from(high * 16 + low)),
            _ => return Err("two hexadecimal digits have to follow `%`, which itself is written `%25`".to_owned()),
        }
    }
    String::from_utf8(bytes).map_err(|_| "a part is not UTF-8".to_owned())
}

/// Encodes what is neither a letter, nor a digit, nor one of these.
pub(super) fn encode(text: &str, also_plain: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-._~*".contains(c) || also_plain.contains(c);
    let mut encoded = String::with_capacity(text.len());
    for c in text.chars() {
        if is_plain(c) {
            encoded.push(c);
        } else {
            encoded.extend(c.encode_utf8(&mut [0; 4]).bytes().flat_map(|byte| {
                let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0').to_ascii_uppercase();
                ['%', digit(byte >> 4), digit(byte & 15)]
            }));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for text in ["", "a b", "50%", "ü/?#@:", "\u{1b}[0m", "a+b"] {
            assert_eq!(decode(&encode(text, "")).as_deref(), Ok(text));
        }
        assert_eq!(encode("/run/pg", "/"), "/run/pg");
        assert_eq!(encode("a\n%", ""), "a%0A%25");
        for broken in ["%", "%2", "%zz", "%00", "%ff"] {
            assert!(decode(broken).is_err(), "{broken}");
        }
    }
}
