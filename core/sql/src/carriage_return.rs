//! Carriage returns without a line feed behind them: for PostgreSQL they end a comment, and on a screen what follows
//! is written over it.

/// Returns where the first one is.
pub(super) fn lone(text: &str) -> Option<usize> {
    text.match_indices('\r').map(|(at, _)| at).find(|at| !text[*at..].starts_with("\r\n"))
}

/// Returns where the first one is that ends a `--` comment in the body of a function.
pub(super) fn lone_in_body(body: &str) -> Option<usize> {
    let mut start = 0;
    body.split_inclusive('\n').find_map(|line| {
        let begin = start;
        start += line.len();
        let comment = line.find("--")?;
        lone(&line[comment..]).map(|at| begin + comment + at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_none() {
        assert_eq!(lone("a\r\nb\n"), None);
        assert_eq!(lone("a\r\nb\rc"), Some(4));
        assert_eq!(lone("a\r"), Some(1));
        assert_eq!(lone_in_body("'a\rb'\r\n-- c\r\n"), None);
        assert_eq!(lone_in_body("x\n-- c\rDELETE"), Some(6));
    }
}
