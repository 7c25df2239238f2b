//! `~/.pgpass`.

/// Returns the password of the first line that fits, as libpq does.
pub(super) fn find(text: &str, host: &str, port: &str, database: &str, user: &str) -> Option<String> {
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let [h, p, d, u, password] = &fields[..] else {
            return None;
        };
        let fits = |field: &str, value: &str| field == "*" || field == value;
        (fits(h, host) && fits(p, port) && fits(d, database) && fits(u, user)).then(|| password.clone())
    })
}

/// Splits at colons; a backslash takes the next character as it is.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        let next = match c {
            ':' if fields.len() < 5 => {
                fields.push(String::new());
                continue;
            }
            '\\' => characters.next().unwrap_or('\\'),
            c => c,
        };
        if let Some(field) = fields.last_mut() {
            field.push(next);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_wins() {
        let text = "# mine\ndb:5432:*:me:first\n*:*:shop:me:se\\:cond\n";
        assert_eq!(find(text, "db", "5432", "shop", "me").as_deref(), Some("first"));
        assert_eq!(find(text, "other", "5432", "shop", "me").as_deref(), Some("se:cond"));
        assert_eq!(find(text, "other", "5432", "shop", "you"), None);
    }
}
