//! The databases' own clients, as a person runs them.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use crate::{Database, Kind};

impl Database {
    /// Runs a script with the database's own client and no options; returns what it says if it fails.
    ///
    /// # Errors
    ///
    /// What the client says.
    ///
    /// # Panics
    ///
    /// If there is no client.
    pub fn run_script(&self, script: &str) -> Result<(), String> {
        let output = feed(&mut self.client(), script);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(()) } else { Err(said) }
    }

    /// Feeds a file to the client of MySQL or MariaDB, which is to keep the comments in it; returns what it says if it
    /// fails.
    ///
    /// # Errors
    ///
    /// What the client says.
    ///
    /// # Panics
    ///
    /// If there is no client.
    pub fn run_with_comments(&self, file: &str) -> Result<(), String> {
        let mut client = self.client();
        let output = feed(client.args(["--comments", "--default-character-set=utf8mb4"]), file);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() && said.is_empty() { Ok(()) } else { Err(said) }
    }

    /// Returns what the database's own program for dumps prints, as it is.
    ///
    /// # Panics
    ///
    /// If there is no such program.
    #[must_use]
    pub fn own_dump(&self, options: &[&str]) -> String {
        let output = match self.kind() {
            Kind::Sqlite => feed(&mut self.client(), ".dump\n"),
            Kind::Postgres => feed(Command::new("pg_dump").args(options).arg(self.url()), ""),
            kind => {
                let mut dump =
                    if kind == Kind::Mysql { mysql_client("mysqldump") } else { Command::new("mariadb-dump") };
                dump.args(["--no-defaults", "-u", "root", "-S", self.socket(), "--routines"]);
                feed(dump.args(options).arg(self.name()), "")
            }
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Returns what the server's own program for dumps prints of the whole server, users and settings included, byte for
    /// byte but for the time of the dump. Not on SQLite.
    ///
    /// # Panics
    ///
    /// If there is no such program.
    #[must_use]
    pub fn dump_server(&self) -> String {
        let mut dump;
        let (ask_settings, settings) = match self.kind() {
            Kind::Sqlite => panic!("a file has no server"),
            Kind::Postgres => {
                dump = Command::new("pg_dumpall");
                dump.args(["--dbname", self.url()]);
                // These are in no dump.
                (
                    "--command",
                    "SELECT name, setting FROM pg_settings WHERE source NOT IN ('session', 'client') ORDER BY 1; \
                     SELECT * FROM pg_file_settings; SELECT slot_name FROM pg_replication_slots",
                )
            }
            kind => {
                dump = if kind == Kind::Mysql { mysql_client("mysqldump") } else { Command::new("mariadb-dump") };
                dump.args(["--no-defaults", "-u", "root", "-S", self.socket()]);
                dump.args(["--all-databases", "--routines", "--events"]);
                // InnoDB counts rows again in the background, and a GTID says when something happened.
                dump.args(["--ignore-table=mysql.innodb_table_stats", "--ignore-table=mysql.innodb_index_stats"]);
                dump.arg(match kind {
                    Kind::Mysql => "--set-gtid-purged=OFF",
                    _ => "--system=users,plugins,udfs,servers,timezones",
                });
                ("--execute", "SHOW GLOBAL VARIABLES WHERE Variable_name NOT LIKE '%gtid%'")
            }
        };
        let mut text = String::new();
        for output in [feed(&mut dump, ""), feed(self.client().args([ask_settings, settings]), "")] {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            text += &String::from_utf8_lossy(&output.stdout);
        }
        // A key of psql's is another one in each dump.
        let is_of_dump = |line: &&str| line.starts_with("-- Dump completed on") || line.contains("restrict ");
        text.lines().filter(|line| !is_of_dump(line)).collect::<Vec<_>>().join("\n")
    }

    /// Returns the line of a script at which the client runs a command of the shell, whose parent it is.
    #[must_use]
    pub fn shell_line(&self, command: &str) -> String {
        let escape = if self.kind() == Kind::Sqlite { ".shell" } else { "\\!" };
        format!("{escape} {command}\n")
    }

    /// Returns schema and rows of everything, but for the rows of our own tables, and for the times of today.
    ///
    /// # Panics
    ///
    /// If there is no client.
    #[must_use]
    pub fn dump(&self) -> String {
        let output = match self.kind() {
            Kind::Sqlite => feed(&mut self.client(), ".dump\n"),
            Kind::Postgres => {
                let mut dump = Command::new("pg_dump");
                let ours = ["alembic_version", "alembic_version_log", "alembic_version_log_id_seq", "alembic_lock"];
                dump.args(ours.map(|name| format!("--exclude-table-data={name}"))).arg(self.url());
                feed(&mut dump, "")
            }
            _ => {
                let mut dump = Command::new("mariadb-dump");
                dump.args(["--no-defaults", "-u", "root", "--routines", "--skip-comments", "--skip-extended-insert"]);
                dump.args(["-S", self.socket()]);
                feed(dump.arg(self.name()), "")
            }
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let is_row = |line: &str| {
            let table = line.strip_prefix("INSERT INTO ").map(|rest| rest.trim_start_matches(['`', '"']));
            table.is_some_and(|table| {
                table.starts_with("alembic_") || table.starts_with("sqlite_sequence VALUES('alembic_")
            })
        };
        let text = String::from_utf8_lossy(&output.stdout);
        // A routine remembers the collation of the connection that made it: the client's is not ours.
        let is_of_client = |line: &str| line.contains("restrict ") || line.contains("SET collation_connection ");
        let lines = text.lines().filter(|line| !is_of_client(line) && !is_row(line));
        // MySQL stores the space between a body and its terminator.
        let lines = lines.map(|line| without_times(without_next_number(line).trim_end()));
        lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    }

    /// Returns what the log says, but for times and who it was.
    #[must_use]
    pub fn logged(&self) -> String {
        let columns = ["revision", "direction", "state", "statement", "statements", "checksum", "node", "prefix"];
        let columns = columns.map(|column| match self.kind() {
            Kind::Sqlite | Kind::Postgres => format!("COALESCE(CAST({column} AS VARCHAR(99)), '')"),
            _ => format!("COALESCE({column}, '')"),
        });
        let entry = match self.kind() {
            Kind::Sqlite | Kind::Postgres => columns.join(" || ' ' || "),
            _ => format!("CONCAT_WS(' ', {})", columns.join(", ")),
        };
        self.ask(&format!("SELECT {entry} AS answer FROM alembic_version_log ORDER BY id")).replace(',', "\n")
    }

    /// Returns the client as a person runs it, which reads a script.
    #[must_use]
    pub fn client(&self) -> Command {
        let mut client;
        match self.kind() {
            Kind::Sqlite => {
                client = Command::new("sqlite3");
                client.arg(self.url());
            }
            Kind::Postgres => {
                client = Command::new("psql");
                client.args(["-qX", self.url()]);
            }
            kind => {
                client = if kind == Kind::Mysql { mysql_client("mysql") } else { Command::new("mariadb") };
                client.args(["--no-defaults", "-u", "root", "-S", self.socket(), self.name()]);
                if kind == Kind::Mysql {
                    // Without them it refuses commands of the shell.
                    client.args(["--system-command", "--commands"]);
                }
            }
        }
        client
    }

    fn socket(&self) -> &str {
        self.url().split("socket=").nth(1).expect("a server on a socket")
    }
}

/// MySQL's own client, or that of MariaDB under its name.
#[must_use]
pub fn mysql_client(program: &str) -> Command {
    #[expect(clippy::disallowed_methods, reason = "how scripts/with-databases says where the clients are")]
    let folder = std::env::var("ALEMBIC_TEST_MYSQL_CLIENTS");
    Command::new(folder.map_or(program.to_owned(), |folder| format!("{folder}/{program}")))
}

/// A number that was given to a row that was rolled back is not given again.
fn without_next_number(line: &str) -> String {
    let Some((before, after)) = line.split_once(" AUTO_INCREMENT=") else { return line.to_owned() };
    format!("{before}{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
}

/// `2026-11-29 22:46:02.129567`, of this decade, is another one in another run.
fn without_times(line: &str) -> String {
    let is_of_time = |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | '.' | ' ' | '+');
    let (mut without, mut rest) = (String::new(), line);
    while let Some(at) = rest.find("202") {
        let found = &rest[at..];
        without.push_str(&rest[..at]);
        if found.get(4..5) == Some("-") && found.get(13..14) == Some(":") {
            without.push_str("now");
            rest = found.trim_start_matches(is_of_time);
        } else {
            without.push_str("202");
            rest = &found[3..];
        }
    }
    without + rest
}

fn feed(command: &mut Command, input: &str) -> Output {
    command.env("LC_ALL", "C").env_remove("LANG").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the database's own client");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A client that has stopped reads no more.
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input.as_bytes()).ok());
        child.wait_with_output().expect("a client that ends")
    })
}
