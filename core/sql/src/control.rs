//! Characters that a terminal obeys instead of showing them.

use std::borrow::Cow;

/// Returns whether a character moves the cursor, starts a sequence for the terminal, or turns the direction of the text.
#[must_use]
pub fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns a text for people: its control characters are written as in Rust's literals, `\u{1b}` for example. Line ends and
/// tabs stay, and so do the sequences of `allowed`, which are the caller's own.
#[must_use]
pub fn visible<'t>(text: &'t str, allowed: &[String]) -> Cow<'t, str> {
    let is_hidden = |c: char| is_control(c) && !matches!(c, '\n' | '\t');
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let own = allowed.iter().find(|sequence| !sequence.is_empty() && rest.starts_with(sequence.as_str()));
        let length = own.map_or(c.len_utf8(), String::len);
        if own.is_some() || !is_hidden(c) || rest.starts_with("\r\n") {
            shown.push_str(&rest[..length]);
        } else {
            shown.extend(c.escape_default());
        }
        rest = &rest[length..];
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_has_nothing_to_obey() {
        let shown = |text: &str| visible(text, &["\u{1b}[33m".into(), String::new(), "\u{1b}[0m".into()]).into_owned();
        assert_eq!(shown("a\tb\nc\r\nd é\u{2713}"), "a\tb\nc\r\nd é\u{2713}");
        assert_eq!(
            shown("\u{1b}[33ma1\u{1b}[0m \u{1b}[32mok\u{1b}[8m"),
            "\u{1b}[33ma1\u{1b}[0m \\u{1b}[32mok\\u{1b}[8m"
        );
        assert_eq!(shown("ok\rno\u{7}\u{8}\u{0}\u{7f}"), "ok\\rno\\u{7}\\u{8}\\u{0}\\u{7f}");
        assert_eq!(shown("\u{9b}31m \u{85} \u{2028}"), "\\u{9b}31m \\u{85} \\u{2028}");
        for turns in ['\u{202e}', '\u{202a}', '\u{2066}', '\u{2069}'] {
            assert_eq!(shown(&format!("a{turns}b")), format!("a{}b", turns.escape_default()));
        }
        assert_eq!(visible("\u{1b}[33m", &[]), "\\u{1b}[33m");
    }
}
