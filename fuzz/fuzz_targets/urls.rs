//! A text that names a database is understood or not shown; what is written of it reads the same, and no password is shown.
#![no_main]

use alembic_sql::url::{DatabaseUrl, ServerUrl, shown};

const MARK: &str = "S3CRET";

/// Forms, with `{}` where the rest of the password is.
const FORMS: [&str; 8] = [
    "postgres://u:S3CRET{}@h/db?sslmode=disable",
    "mysql://u:S3CRET{}@h:3306/db",
    "postgres://h/db?user=u&password=S3CRET{}",
    "host=h password=S3CRET{}",
    "host=h password='S3CRET{}' dbname=d",
    "postgres://h/db?passwd=S3CRET{}",
    "file:a.db?key=S3CRET{}",
    "postgres://u:S3CRET{}",
];

fn settings(url: &ServerUrl) -> Vec<(String, String)> {
    let mut all: Vec<_> = url.settings().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    all.sort();
    all
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    for form in FORMS {
        let url = form.replace("{}", text);
        let said = format!("{:?} {}", DatabaseUrl::parse(&url), shown(&url));
        assert!(!said.contains(MARK), "{url}: {said}");
    }
    let Ok(DatabaseUrl::Server(url)) = DatabaseUrl::parse(text) else { return };
    let Ok(DatabaseUrl::Server(again)) = DatabaseUrl::parse(&url.exposed()) else { panic!("{}", url.exposed()) };
    assert_eq!(settings(&again), settings(&url), "{}", url.exposed());
    let other = url.with_login("me", &format!("{MARK}{}", text.replace('\0', ""))).with_database("d");
    assert!(!format!("{other} {other:?}").contains(MARK), "{other}");
    assert!(DatabaseUrl::parse(&other.exposed()).is_ok(), "{}", other.exposed());
});
