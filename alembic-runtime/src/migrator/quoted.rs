//! MySQL and MariaDB quote the text from a mistake on, and what they were sent goes on after the statement.

/// The separator of two statements in a message: on a line of its own, since the first may end in a comment.
pub(super) const BETWEEN_STATEMENTS: &str = "\n;\n";

/// What follows a statement: the note that it is done.
const OURS: [&str; 2] = ["SET @alembic_done = ", "UPDATE "];

/// Returns what a server says, with the quoted text cut off where the statement ends.
///
/// The server says it in its own language, and shows the first 80 characters only.
pub(super) fn without_our_sql<'a>(said: &str, statements: impl Iterator<Item = &'a str> + Clone) -> String {
    let Some(end) = said.rfind('\'') else { return said.to_owned() };
    let shown = said[..end].trim_end_matches("...");
    let is_end_of_one = |start: usize, cut: usize| {
        statements.clone().any(|text| text.ends_with(&shown[start..cut]) && !text.contains(&shown[start..]))
    };
    // The last place that fits: a body may have a `;` on a line of its own.
    for (cut, _) in shown.char_indices().rev() {
        let rest = &shown[cut..];
        for (quote, _) in shown[..cut].match_indices('\'') {
            let start = quote + 1;
            if start < cut && is_ours(rest) && is_end_of_one(start, cut) {
                return format!("{}{}", &said[..cut], &said[end..]);
            }
            // A quote begins with a word or a sign: here with the `;`.
            if start == cut && rest.starts_with(';') && is_ours(&format!("\n{rest}")) && is_end_of_one(start, cut) {
                return format!("{}{}", &said[..cut], one_line_less(&said[end..]));
            }
        }
    }
    said.to_owned()
}

/// Returns whether a text is what follows a statement, as far as it is shown.
fn is_ours(text: &str) -> bool {
    OURS.iter().any(|ours| {
        let ours = format!("{BETWEEN_STATEMENTS}{ours}");
        text.starts_with(&ours) || ours.starts_with(text)
    })
}

/// Counts the number at the end down: the `;` after a statement is on the next line.
fn one_line_less(said: &str) -> String {
    let numbered = said.rsplit_once(' ').and_then(|(before, line)| Some((before, line.parse::<usize>().ok()?)));
    match numbered {
        Some((before, line)) if line > 1 => format!("{before} {}", line - 1),
        _ => said.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown of a mistake in the last statement from a byte on.
    fn shown(statement: &str, from: &str, ours: &str) -> String {
        let sent = format!("{statement}{BETWEEN_STATEMENTS}{ours}");
        let at = sent.rfind(from).unwrap();
        let quoted: String = sent[at..].chars().take(80).collect();
        let said = without_our_sql(&format!("syntax near '{quoted}' at line 2"), ["SELECT 1", statement].into_iter());
        let dotted = without_our_sql(&format!("syntax near '{quoted}...' at line 2"), [statement].into_iter());
        if quoted.len() == 80 && !said.contains(&quoted) {
            assert_eq!(said, dotted);
        }
        said
    }

    #[test]
    fn only_the_statement_is_quoted() {
        let ours = "SET @alembic_done = 'it''s a 1'\n;\nUPDATE `alembic_version_log` SET done = 1";
        assert_eq!(shown("SELECT (1", ";\nSET", ours), "syntax near '' at line 1");
        assert_eq!(shown("SELECT * FROM -- a\n -- b", ";\nSET", ours), "syntax near '' at line 1");
        assert_eq!(shown("SELECT x y z", "z\n", ours), "syntax near 'z' at line 2");
        assert_eq!(shown("SELECT 'it''s', x y 'z'", "'z'\n", ours), "syntax near ''z'' at line 2");
        assert_eq!(shown("SELECT ü ö", "ö\n", ours), "syntax near 'ö' at line 2");
        for length in 70..90 {
            let long = "x".repeat(length);
            let quoted = &long[..length.min(80)];
            assert_eq!(shown(&format!("SELECT y {long}"), &long, ours), format!("syntax near '{quoted}' at line 2"));
        }
    }

    #[test]
    fn a_body_is_quoted_with_its_own_lines() {
        let body = "BEGIN\nSELECT 'a'\n;\nSELECT x y\n;\nEND";
        assert_eq!(shown(body, "y\n", "UPDATE t"), "syntax near 'y\n;\nEND' at line 2");
        assert_eq!(shown(body, ";\nSELECT x", "UPDATE t"), "syntax near ';\nSELECT x y\n;\nEND' at line 2");
        let long = format!("BEGIN SELECT a b\n;\nSELECT {}\n;\nEND", "x".repeat(100));
        assert!(shown(&long, "b\n", "UPDATE t").starts_with("syntax near 'b\n;\nSELECT xxx"));
    }

    #[test]
    fn other_messages_stay_as_they_are() {
        for said in [
            "Table 'a.;' doesn't exist",
            "no quote",
            "Duplicate entry ';\n' for key 'x'",
            "Incorrect value: ';\n' for 'x' at row 1",
            "'",
            "",
        ] {
            assert_eq!(without_our_sql(said, ["INSERT INTO `a.;` VALUES (';\n')"].into_iter()), said);
        }
        assert_eq!(without_our_sql("bei ';\nUPDATE t' in Zeile 2", ["SELECT ("].into_iter()), "bei '' in Zeile 1");
    }
}
