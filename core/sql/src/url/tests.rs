//! Each text beside what libpq reads in it, and what is shown of it.

use proptest::prelude::*;

use super::*;

/// What is read in a text, with the password; or why not.
fn read(text: &str) -> String {
    match DatabaseUrl::parse(text) {
        Ok(DatabaseUrl::Server(url)) => {
            url.settings().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
        }
        Ok(DatabaseUrl::File(file)) => format!("file {}", file.exposed()),
        Err(error) => format!("error: {error}"),
    }
}

#[test]
fn a_url_is_read_as_libpq_reads_it() {
    for (text, expected) in [
        (
            "postgres://me:a%40b@db:5433/shop?sslmode=require",
            "user=me password=a@b host=db port=5433 dbname=shop sslmode=require",
        ),
        ("postgres://me:S?C@db/d", "user=me password=S?C host=db dbname=d"),
        ("postgres://me:S#C:x@db/d", "user=me password=S#C:x host=db dbname=d"),
        ("postgres://:pw@/d", "password=pw dbname=d"),
        ("postgres://db/d?password=S#C", "host=db dbname=d password=S#C"),
        ("postgres://db/d?pass%77ord=x", "host=db dbname=d password=x"),
        ("postgres:///shop?host=/run/pg", "dbname=shop host=/run/pg"),
        ("postgres://me@%2Frun%2Fpg/shop", "user=me host=/run/pg dbname=shop"),
        ("postgres://[::1]:5432/x", "host=::1 port=5432 dbname=x"),
        ("postgres://[fe80::1%25eth0]/x", "host=fe80::1%eth0 dbname=x"),
        ("postgres://a,[::1]:5433,c/x", "host=a,::1,c port=,5433, dbname=x"),
        ("postgres://db?sslmode=disable", "host=db sslmode=disable"),
        ("postgres://", ""),
        ("POSTGRESQL+psycopg://db/x", "host=db dbname=x"),
        ("mariadb://root@db/shop?socket=/run/x", "user=root host=db dbname=shop socket=/run/x"),
        ("host=db password='a b\\'c' dbname = shop", "host=db password=a b'c dbname=shop"),
        ("password=x=y host=a\\ b", "password=x=y host=a b"),
        ("sqlite:shop.db", "file sqlite:shop.db"),
        ("./a=b.db", "file ./a=b.db"),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn what_is_not_understood_is_not_shown() {
    for (text, why) in [
        ("postgres://u:SECRET/db", "what follows the host and `:` is not a port"),
        ("postgres://u:SE/CRET@h/db", "and `/` in a password `%2F`"),
        ("mysql://u:SE/CRET@h/db", "and `/` in a password `%2F`"),
        ("postgres://u:5432/SECRET@h/db", "`@` in a user, a password or a name is written `%40`"),
        ("postgres://u:SE@CRET@h/db", "`@` in a user, a password or a name is written `%40`"),
        ("postgres://h?user=u&password=SE@CRET", "`@` in a parameter `%40`"),
        ("postgres://u:SECRET\0@h/db", "a zero byte"),
        ("postgres://u:SECRET%@h/db", "two hexadecimal digits"),
        ("postgres://h/db?passwd=SECRET", "the parameter `passwd` is not known; did you mean `password`?"),
        ("postgres://h/db?Password=SECRET", "the parameter `Password` is not known; did you mean `password`?"),
        ("postgres://h/db?password=SE&CRET=x", "the parameter behind `password` is not known"),
        ("postgres://h/db?password=SE&CRET", "`&` in one is written `%26`"),
        ("postgres://h/db?password=SE=CRET", "`=` in one is written `%3D`"),
        ("mysql://h/db?password=SECRET", "the parameter `password` is not known"),
        ("password='SECRET", "a quote does not end"),
        ("host=h password=SE CRET", "a value with a space is written in `''`"),
        ("password=SE CRET=x", "the parameter behind `password` is not known"),
        ("Server=h;Database=d;Password=SECRET", "the parameter `Server` is not known"),
        ("postgre://u:SECRET@h/db", "did you mean `postgres`?"),
        ("u:SECRET@h/db", "it looks like a URL without `postgres://`"),
        ("\"postgres://u:SECRET/db\"", "it looks like a URL without `postgres://`"),
        ("postgres:u:SECRET", "it looks like a URL without `postgres://`"),
        ("jdbc:postgresql://h/db?user=u&password=SECRET", "it looks like a URL without `postgres://`"),
        (" postgres://u:SECRET@h/db", "it looks like a URL without `postgres://`"),
    ] {
        let error = DatabaseUrl::parse(text).unwrap_err();
        assert!(error.to_string().contains(why), "{text}: {error}");
        let said = format!("{error} {error:?} {}", error.shown());
        assert!(!said.contains("SE") && !said.contains("CRET"), "{text}: {said}");
    }
}

#[test]
fn passwords_do_not_show() {
    for (text, expected) in [
        ("postgres://me:s3c:r?t@db:5432/shop?sslmode=require", "postgres://me:***@db:5432/shop?sslmode=require"),
        ("postgres://:x@[::1]:5432/a%20b", "postgres://:***@[::1]:5432/a%20b"),
        ("mysql://me@db/shop", "mysql://me@db/shop"),
        ("postgres://db/shop?user=me&password=x#y", "postgres://db/shop?user=me&password=***"),
        ("postgres://db/shop?pass%77ord=x", "postgres://db/shop?password=***"),
        ("postgres:///?options=-c%20a%3Dx&host=/run", "postgres:///?options=***&host=/run"),
        ("host=db password='x\\'y' dbname='my shop'", "host=db password=*** dbname='my shop'"),
        ("host=h;Password=x", "host=***"),
        ("postgres://me:s3/cret?@db/x", "postgres://***"),
        ("file:a.db?mode=ro&key=x&hexkey=y&x", "file:a.db?mode=ro&key=***&hexkey=***&***"),
        ("sqlite+pysqlcipher://:x@/a.db?cipher=y", "sqlite+pysqlcipher://***"),
        ("shop.db", "shop.db"),
        ("", "***"),
    ] {
        assert_eq!(shown(text), expected);
    }
}

#[test]
fn nothing_in_a_url_names_the_old_role_or_database() {
    let server = |text: &str| match DatabaseUrl::parse(text) {
        Ok(DatabaseUrl::Server(url)) => url,
        other => panic!("{other:?}"),
    };
    for (text, expected) in [
        ("postgres://root:old@h/d?sslmode=disable", "postgres://me:p%3Fw@h/d?sslmode=disable"),
        ("postgres://root@%2Frun%2Fpg/d", "postgres://me:p%3Fw@%2Frun%2Fpg/d"),
        ("postgres:///d?host=/run&user=root&password=x", "postgres:///d?host=/run&user=me&password=p%3Fw"),
        ("mariadb://root@localhost/d?socket=/run/s", "mysql://me:p%3Fw@localhost/d?socket=/run/s"),
        ("host=h user=root passfile=x", "host=h user=me password=p?w"),
    ] {
        assert_eq!(server(text).with_login("me", "p?w").exposed(), expected);
    }
    for (text, expected) in [
        ("postgres://h/shop?sslmode=disable", "postgres://h/scratch?sslmode=disable"),
        ("postgres:///?host=/run&dbname=shop", "postgres:///scratch?host=/run"),
        ("postgres://h/shop?dbname=shop", "postgres://h/scratch"),
        ("host=h dbname=shop", "host=h dbname=scratch"),
    ] {
        assert_eq!(server(text).with_database("scratch").exposed(), expected);
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_the_same(
        user in "\\PC{1,4}", password in "\\PC{1,8}", database in "\\PC{1,4}", form in 0..3usize,
    ) {
        let base = ["postgres://h/d?sslmode=disable", "mysql://[::1]:33/d", "host=h dbname=d"][form];
        let Ok(DatabaseUrl::Server(base)) = DatabaseUrl::parse(base) else { panic!("{base}") };
        let url = base.with_login(&user, &password).with_database(&database);
        let again = DatabaseUrl::parse(&url.exposed());
        let Ok(DatabaseUrl::Server(again)) = again else { panic!("{}", url.exposed()) };
        let sorted = |url: &ServerUrl| {
            let mut all: Vec<_> = url.settings().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
            all.sort();
            all
        };
        prop_assert_eq!(sorted(&again), sorted(&url));
    }

    #[test]
    fn no_text_shows_a_password_or_reads_otherwise_when_written(
        text in "[a-z0-9:/@?&=%#,;'\\\\ \\[\\].+é]{0,24}", form in 0..8usize,
    ) {
        let forms = [
            "postgres://u:S3CRET{}@h/db?sslmode=disable", "mysql://u:S3CRET{}@h:3306/db", "host=h password=S3CRET{}",
            "postgres://h/db?user=u&password=S3CRET{}", "host=h password='S3CRET{}' dbname=d", "postgres://u:S3CRET{}",
            "postgres://h/db?passwd=S3CRET{}", "file:a.db?key=S3CRET{}",
        ];
        let secret = forms[form].replace("{}", &text);
        let said = format!("{:?} {}", DatabaseUrl::parse(&secret), shown(&secret));
        prop_assert!(!said.contains("S3CRET"), "{secret}: {said}");
        for text in [secret, format!("postgres://{text}"), format!("host={text}")] {
            let Ok(DatabaseUrl::Server(url)) = DatabaseUrl::parse(&text) else { continue };
            let Ok(DatabaseUrl::Server(again)) = DatabaseUrl::parse(&url.exposed()) else { panic!("{}", url.exposed()) };
            prop_assert!(url.settings().eq(again.settings()), "{text}: {}", url.exposed());
        }
    }
}
