//! URLs in every documented form, each with a password that is easy to find again.

/// The halves of the password: what is between them differs.
pub const HALVES: [&str; 2] = ["S3CRA", "S3CRB"];

/// What may be in a password and means something in a URL, a list of keywords, a shell, or to a terminal.
const BETWEEN: [&str; 24] = [
    "", "?", "#", "/", "@", ":", "&", "=", "'", "\\", "%", " ", "\"", ";", ",", "[", "]", "+", "$", "é", "\u{1b}",
    "\n", "\\'", "://",
];

/// Forms, with `{}` where the password is. Nobody listens at port 1.
const FORMS: [&str; 71] = [
    "postgres://u:{}@127.0.0.1:1/db",
    "postgresql://u:{}@127.0.0.1:1/db?sslmode=require",
    "postgres://:{}@127.0.0.1:1/db",
    "postgres://u:{}@[::1]:1/db",
    "postgres://u:{}@127.0.0.1:1",
    "postgres://u:{}@127.0.0.1:1,127.0.0.1:2/db",
    "postgres://u:{}@%2Fnowhere/db",
    "postgres://u:{}@/db?host=/nowhere",
    "postgres:///db?host=/nowhere&user=u&password={}",
    "postgres://127.0.0.1:1/db?user=u&password={}",
    "postgres://127.0.0.1:1/db?password={}&user=u",
    "postgres://127.0.0.1:1?user=u&password={}",
    "postgres://127.0.0.1:1/db?sslpassword={}",
    "postgres://u:x@127.0.0.1:1/db?sslpassword={}&sslmode=disable",
    "postgres://127.0.0.1:1/db?passwd={}",
    "postgres://127.0.0.1:1/db?Password={}",
    "postgres://127.0.0.1:1/db?PASSWORD={}",
    "postgres://127.0.0.1:1/db?pwd={}&user=u",
    "postgres://127.0.0.1:1/db?pass%77ord={}",
    "postgres://127.0.0.1:1/db?options=-c%20a.b%3D{}",
    "postgres://127.0.0.1:1/db?oauth_client_secret={}",
    "postgres://127.0.0.1:1/db?scram_client_key={}",
    "postgres://u:{}/db",
    "postgres://u:{}",
    "postgresql://u:{}?sslmode=disable",
    "postgresql+psycopg://u:{}@127.0.0.1:1/db",
    "POSTGRES://u:{}@127.0.0.1:1/db",
    "postgre://u:{}@127.0.0.1:1/db",
    "u:{}@127.0.0.1:1/db",
    "jdbc:postgresql://127.0.0.1:1/db?user=u&password={}",
    " postgres://u:{}@127.0.0.1:1/db",
    "\"postgres://u:{}@127.0.0.1:1/db\"",
    "postgres:u:{}@127.0.0.1:1/db",
    "postgres://u:{}@127.0.0.1:1/db?sslmode=maybe",
    "postgres://u:{}@127.0.0.1:1/db?sslcrl=x",
    "postgres://u:{}@127.0.0.1:1/db?connect_timeout=x",
    "postgres://u:{}@127.0.0.1:1/db?require_auth=scram-sha-256",
    "postgres://u:{}@127.0.0.1:99999/db",
    "postgres://u:{}@127.0.0.1:1/db?unknown=1",
    "host=127.0.0.1 port=1 dbname=db user=u password='{}'",
    "password='{}' host=127.0.0.1 port=1 dbname=db user=u",
    "user=u password = '{}' host=127.0.0.1 port=1",
    "host=127.0.0.1 port=1 password={}",
    "password={}",
    "password={} host=127.0.0.1 port=1",
    "host=127.0.0.1 port=1 passwd='{}'",
    "host=127.0.0.1 port=1 Password={}",
    "host=/nowhere sslpassword='{}'",
    "host=127.0.0.1;Password={}",
    "Server=127.0.0.1;Database=db;User Id=u;Password={}",
    "host=127.0.0.1 port=1 options='-c a.b={}'",
    "host=127.0.0.1 port=1 password='{}",
    "mysql://u:{}@127.0.0.1:1/db",
    "mariadb://u:{}@127.0.0.1:1/db",
    "mysql://:{}@127.0.0.1:1/db",
    "mysql://u:{}@[::1]:1/db",
    "mysql://u:{}@localhost/db?socket=/nowhere",
    "mysql://u:{}@127.0.0.1:1/db?ssl-mode=disabled",
    "mysql+pymysql://u:{}@127.0.0.1:1/db?charset=utf8mb4",
    "mysql://127.0.0.1:1/db?user=u&password={}",
    "mysql://u@127.0.0.1:1/db?passwd={}",
    "mysql://u:{}@127.0.0.1:1",
    "mysql://u:{}@127.0.0.1:1/db?ssl-mode=maybe",
    "mysql://u:{}@127.0.0.1:1/db?connect_timeout=x",
    "mysql://u:{}/db",
    "MariaDB://u:{}@127.0.0.1:1/db?unknown=1",
    "file:/nowhere/a.db?key={}",
    "file:/nowhere/a.db?mode=rw&hexkey={}&cache=shared",
    "sqlite:///nowhere/a.db?key={}",
    "sqlite+pysqlcipher://:{}@//nowhere/a.db?cipher=x",
    "sqlite+aiosqlite:////nowhere/a.db?key={}",
];

/// Returns all forms with all passwords, in all encodings.
#[must_use]
pub fn urls() -> Vec<String> {
    let [first, second] = HALVES;
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let escape = |text: &str| text.replace('\\', "\\\\").replace('\'', "\\'");
    let mut urls = Vec::new();
    for between in BETWEEN {
        let passwords = [
            format!("{first}{between}{second}"),
            format!("{first}{}{second}", encode(between)),
            format!("{}{first}{between}{second}", encode("x")),
            format!("{first}{}{second}", escape(between)),
        ];
        for form in FORMS {
            // Where the host is forgotten, what follows an `@` is one.
            let names_a_host = between == "@" && !form.contains("127.0.0.1") && form.contains("u:{}");
            let all = passwords.iter().map(|password| form.replace("{}", password));
            urls.extend(all.filter(|url| !names_a_host || !url.contains(&format!("{first}@{second}"))));
        }
    }
    urls
}
