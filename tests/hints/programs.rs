//! Programs that embed migrations and the commands: hints name command lines of theirs.

use alembic_graph::Hint;
use alembic_runtime::{
    __private::{Code, Snapshots},
    Function, Migrations,
    cli::{Invocation, Io, run_embedded},
    prelude::*,
};
use harness::{Database, Kind, MysqlConn, Output, PostgresConn, SqliteConn, bash};

use crate::{Followed, Shown, follow, migrations, on_each};

/// Runs a program that was called with these words.
fn call<C>(m: &Migrations<C>, words: impl IntoIterator<Item = String>) -> Output
where
    C: LoadConnection + 'static,
    C::Backend: MigrationBackend,
{
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let io = Io { asks: false, out: &mut out, err: &mut err, out_color: false, err_color: false, err_terminal: false };
    let args = std::iter::once("./app".to_owned()).chain(words).map(Into::into);
    let status = run_embedded(m, args, io) as i32;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Output { stdout: text(out), stderr: text(err), status }
}

/// A program on a database.
struct App<'db, C> {
    migrations: Migrations<C>,
    db: &'db Database,
}

impl<'db, C> App<'db, C>
where
    C: LoadConnection + 'static,
    C::Backend: MigrationBackend,
{
    /// One with a revision in Rust after a table in SQL.
    fn new(db: &'db Database, header: &str, code: fn(&str) -> Option<Code<C>>) -> Self {
        let a = "-- a\n-- Revision ID: a\n-- Revises: <base>\n\n-- alembic:upgrade\nCREATE TABLE ta (x INTEGER);\n"
            .to_owned();
        let b = format!(
            "//! b\n//! Revision ID: b\n//! Revises: a\n{header}pub fn upgrade() {{}}\npub fn downgrade() {{}}\n"
        );
        let m = Migrations::from_files([("a.sql".to_owned(), a), ("b.rs".to_owned(), b)]).unwrap();
        Self::of(db, m.with_code(code))
    }

    fn of(db: &'db Database, migrations: Migrations<C>) -> Self {
        Self { migrations, db }
    }

    fn run(&self, line: &str) -> Output {
        let url = ["--database-url".to_owned(), self.db.url().to_owned()];
        call(&self.migrations, url.into_iter().chain(line.split(' ').map(str::to_owned)))
    }

    fn ok(&self, line: &str) {
        let output = self.run(line);
        assert_eq!(output.status, 0, "{line}\n{output}");
    }

    fn shows(&self, line: &str, hint: Hint) -> Shown {
        let invocation = Invocation::of("./app", |_| true).with("--database-url", self.db.url());
        Shown::by_program(&self.run(line), hint, &invocation)
    }

    /// Runs a command of a hint.
    fn follow(&self, shown: &Shown, number: usize) {
        let output = call(&self.migrations, shown.command("./app", number));
        assert_eq!(output.status, 0, "{output}");
    }
}

fn code<C>(upgrade: Function<C>, downgrade: Function<C>) -> Option<Code<C>> {
    Some(Code { upgrade, downgrade: Some(downgrade) })
}

/// A downgrade in Rust fails; the file is mended, so that it is another one than that of the applied revision.
fn accept<C>(kind: Kind) -> Option<Followed>
where
    C: LoadConnection + 'static,
    C::Backend: MigrationBackend,
{
    let db = Database::new(kind)?;
    let bad = App::<C>::new(&db, "", |_| code(|_| Ok(()), |op| Ok(op.execute("BAD")?)));
    bad.ok("upgrade head");
    let next = if kind.is_mysql_family() { Hint::NothingApplied } else { Hint::FixTheFile };
    let hint = bad.shows("downgrade a", Hint::AcceptAfter { first: next.to_string(), revision: "b".into() });
    let good = App::<C>::new(&db, "fn mended() {}\n", |_| code(|_| Ok(()), |op| Ok(op.execute("DROP TABLE ta")?)));
    assert!(good.run("downgrade a").stderr.contains("was edited after it was applied"));
    good.follow(&hint, 1);
    Some(hint.leads_to(&good.run("downgrade a")))
}

fn fails<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    op.conn()?.batch_execute("CREATE TABLE tb (x INTEGER)")?;
    Err("no".into())
}

fn works<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    Ok(op.conn()?.batch_execute("CREATE TABLE tb (x INTEGER)")?)
}

/// A function has used the connection itself, outside a transaction, and failed.
fn by_hand_on<C>(kind: Kind) -> Option<Followed>
where
    C: LoadConnection + 'static,
    C::Backend: MigrationBackend,
{
    let (undone, finished) = (Database::new(kind)?, Database::new(kind)?);
    let none = "//! Transaction: none\n";
    let app = App::<C>::new(&undone, none, |_| code(fails, |_| Ok(())));
    let hint = app.shows("upgrade head", Hint::ByHand { revision: "b".into() });
    undone.run("DROP TABLE tb");
    app.follow(&hint, 1);
    App::<C>::new(&undone, none, |_| code(works, |_| Ok(()))).ok("upgrade head");
    let app = App::<C>::new(&finished, none, |_| code(fails, |_| Ok(())));
    let hint = app.shows("upgrade head", Hint::ByHand { revision: "b".into() });
    app.follow(&hint, 2);
    Some(hint.leads_to(&app.run("check")))
}

/// A test on every database.
macro_rules! on_all {
    ($function:ident) => {
        on_each(&Kind::ALL, |kind| match kind {
            Kind::Sqlite => $function::<SqliteConn>(kind),
            Kind::Postgres => $function::<PostgresConn>(kind),
            Kind::Mysql | Kind::Mariadb => $function::<MysqlConn>(kind),
        })
    };
}

const REVISION: [(&str, &str, &str); 1] = [("a1", "<base>", "CREATE TABLE ta (x INTEGER);")];

follow! {
    fn accept_after() -> Option<Followed> {
        on_all!(accept)
    }

    fn by_hand() -> Option<Followed> {
        on_all!(by_hand_on)
    }

    fn drift() -> Followed {
        let project = harness::Project::new(crate::PROGRAM, "schema-snapshot = true\n");
        let db = Database::new(Kind::Sqlite).unwrap();
        let project = project.with("DATABASE_URL", db.url());
        project.revision("a1", "<base>", REVISION[0].2, "");
        project.ok("snapshot");
        let fingerprint = bash(project.path(), "grep -rh '^-- Fingerprint: ' . | cut -d' ' -f3");
        let fingerprint: &'static str = Box::leak(fingerprint.trim().to_owned().into_boxed_str());
        let fingerprints: &'static [_] = Box::leak(Box::new([("sqlite", fingerprint)]));
        let snapshots = Snapshots { fingerprints, include: &[], exclude: &[] };
        let app = App::of(&db, migrations::<SqliteConn>(&REVISION).with_snapshots(snapshots));
        app.ok("upgrade head");
        assert!(!app.run("check").stderr.contains("hint"));
        db.run("ALTER TABLE ta ADD y INTEGER");
        // It is no command of the program.
        let hint = Shown::by(&app.run("check"), Hint::Drift);
        let told = hint.run(&project, 1);
        assert!(told.stdout.contains("`ta.y`"), "{told}");
        db.run("ALTER TABLE ta DROP COLUMN y");
        let output = app.run("check");
        hint.leads_where(output.status == 0 && !output.stderr.contains("hint"))
    }

    fn no_url_of_program() -> Followed {
        let db = Database::new(Kind::Sqlite).unwrap();
        let m = migrations::<SqliteConn>(&REVISION);
        let hint = Shown::by(&call(&m, ["upgrade".into(), "head".into()]), Hint::NoUrlOfProgram);
        let option = hint.says("--database-url <URL>").replace("<URL>", db.url());
        hint.leads_to(&call(&m, format!("upgrade head {option}").split(' ').map(str::to_owned)))
    }

    fn not_compiled() -> Followed {
        let db = Database::new(Kind::Sqlite).unwrap();
        let without = App::<SqliteConn>::new(&db, "", |_| None);
        let hint = without.shows("upgrade head", Hint::NotCompiled);
        hint.says("a program that embeds the migrations");
        hint.leads_to(&App::<SqliteConn>::new(&db, "", |_| code(|_| Ok(()), |_| Ok(()))).run("upgrade head"))
    }

    fn not_for_scripts() -> Followed {
        let db = Database::new(Kind::Sqlite).unwrap();
        let app = App::<SqliteConn>::new(&db, "", |_| code(works, |_| Ok(())));
        let hint = app.shows("upgrade head --sql", Hint::NotForScripts { path: "b.rs".into() });
        app.ok("upgrade head");
        let range = hint.says("upgrade <FROM>:<TO> --sql").replace("<FROM>", "base").replace("<TO>", "a");
        app.ok(&range);
        let operations = App::<SqliteConn>::new(&db, "", |_| code(|op| Ok(op.execute("SELECT 1")?), |_| Ok(())));
        hint.leads_to(&operations.run("upgrade head --sql"))
    }

    fn other_migrations() -> Followed {
        let db = Database::new(Kind::Sqlite).unwrap();
        let (these, others) = (migrations::<SqliteConn>(&REVISION), migrations::<SqliteConn>(&[("b1", "<base>", "")]));
        let history = these.graph().unwrap().history().to_string();
        // As `cargo alembic` calls the program that `runner` names.
        let words = ["--alembic-history", &history, "--alembic-caller", "cargo alembic -n shop", "--database-url", db.url()];
        let words = words.into_iter().chain(["upgrade", "head"]).map(str::to_owned);
        let hint = Shown::by(&call(&others, words.clone()), Hint::OtherMigrations);
        hint.says("`runner`");
        hint.leads_to(&call(&these, words))
    }
}

/// What the program has is called by its name, what it has not is `cargo alembic`'s, and options of the call are kept.
#[test]
fn hints_name_commands_that_are_there() {
    let db = Database::new(Kind::Sqlite).unwrap();
    let app = App::of(
        &db,
        migrations::<SqliteConn>(&[
            ("a1", "<base>", "CREATE TABLE ta (x INTEGER);"),
            ("b1", "a1", ""),
            ("b2", "a1", ""),
        ]),
    );
    let output = app.run("upgrade head");
    assert!(output.stderr.contains("hint: run `cargo alembic merge heads`, or name one of them\n"), "{output}");
    let shown = |line: &str| app.run(line).stderr;
    assert!(
        shown("upgrade zz").contains(&format!("run `./app --database-url {} history` for", db.url())),
        "{}",
        shown("upgrade zz")
    );
    // From the environment, the URL is there for the next command, too; the caller's name is the caller's.
    let words = ["--alembic-caller", "cargo alembic --name shop", "upgrade", "zz", "--database-url", db.url()];
    let output = call(&app.migrations, words.map(str::to_owned));
    let expected = format!("run `cargo alembic --name shop --database-url {} history` for", db.url());
    assert!(output.stderr.contains(&expected), "{output}");
    // `check --only` is no command of a program.
    let invocation = format!("{}", app.run("check --only drift"));
    assert!(invocation.contains("unexpected argument '--only'"), "{invocation}");
}

#[test]
fn hints_of_cargo_alembic_mean_the_same_database() {
    let project = harness::Project::new(
        crate::PROGRAM,
        "[package.metadata.alembic.databases.more]\nsqlite-path = \"more.db\"\nmigrations = \"migrations\"\n",
    );
    for (id, parent) in [("a1", "<base>"), ("b1", "a1"), ("b2", "a1")] {
        project.revision(id, parent, "", "");
    }
    let output = project.try_line("-n more upgrade head");
    assert!(output.stderr.contains("hint: run `cargo alembic --name more merge heads`"), "{output}");
    let output = project.try_line("check -n more --only files --format json");
    assert!(output.stdout.contains("run `cargo alembic --name more merge heads`"), "{output}");
    let output = project.try_line("upgrade zz --database-url postgres://me:secret@h/d");
    assert!(!output.to_string().contains("secret"), "{output}");
}
