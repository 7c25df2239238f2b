//! Hints: what to do next after an error, each with the condition under which it is given.
//!
//! A hint that is not in this list cannot be printed. A test in `tests/hints` brings the condition about, follows the
//! hint to the letter, and gets on.

use std::fmt;

macro_rules! hints {
    ($($(#[doc = $condition:literal])+ $name:ident $({ $($field:ident: $type:ty),+ })? => $text:literal;)+) => {
        /// Hint: the next thing to do. `Display` is its text.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        #[expect(missing_docs, reason = "the text of a hint says what its fields are")]
        pub enum Hint {
            $($(#[doc = $condition])+ $name $({ $($field: $type),+ })?,)+
        }

        impl Hint {
            /// Names of all hints.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];

            /// Conditions and texts of all hints, with the names of fields in place of their values.
            pub const TABLE: &'static [(&'static str, &'static str)] = &[$((concat!($($condition),+), $text)),+];

            /// Returns the name of the hint, one of [`Self::NAMES`].
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name { .. } => stringify!($name),)+
                }
            }
        }

        impl fmt::Display for Hint {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name $({ $($field),+ })? => write!(f, $text),)+
                }
            }
        }
    };
}

impl Hint {
    /// Returns the text with other command lines: `rewrite` is given those of `cargo alembic`, without these two words.
    #[must_use]
    pub fn with_commands(&self, rewrite: impl Fn(&str) -> String) -> String {
        let text = self.to_string();
        let rewritten = text.split('`').enumerate().map(|(index, part)| match part.split_once("cargo alembic ") {
            Some((before, command)) if index % 2 == 1 => format!("{before}{}", rewrite(command)),
            _ => part.to_owned(),
        });
        rewritten.collect::<Vec<_>>().join("`")
    }
}

hints! {
    // Packages and their configuration.

    /// The folder belongs to no package.
    NoPackage => "run the command in the folder of a package, or make one with `cargo new <PATH>`";
    /// It is not clear which package of the workspace is meant, or there is none of that name.
    WhichPackage { packages: String } => "pass `--package` with one of {packages}";
    /// The package has no `[package.metadata.alembic]`.
    NotInitialized => "run `cargo alembic init`";
    /// The package has no `[package.metadata.alembic]`, and another one of the workspace has.
    OtherMember { member: String } => "package `{member}` of the workspace has migrations: pass `--package {member}`";
    /// The folder of revisions is not there.
    NoMigrationsFolder { folder: String } =>
        "make the folder with `mkdir -p {folder}`, or write the name of another one as `migrations` into \
         [package.metadata.alembic] of Cargo.toml";
    /// The folder of revisions is a link to a place outside the package.
    FolderLeadsOut =>
        "replace the link by the folder itself: what runs has to be what was reviewed; or set `follow-links = true` in \
         [package.metadata.alembic], where a build tool links the folder into its sandbox";
    /// A revision or a seed is a link to a file outside its folder.
    FileLeadsOut =>
        "put the file itself there: what is run has to be what was reviewed; or set `follow-links = true` in \
         [package.metadata.alembic], where a build tool links every file into its sandbox";
    /// A file of models is outside of the package: it is a link, or named by `#[path]` or `include!`.
    ModelsLeadOut =>
        "keep the models inside the package, or name a file inside it as `models` in [package.metadata.alembic]; links of \
         the package itself are followed with `follow-links = true` there";
    /// A link in a folder of revisions or seeds leads out of it, and not to a file.
    LinkToNoFile => "put the file itself there: what is run has to be what was reviewed";
    /// Links are followed, and one leads out of its folder, and not to a file.
    FollowsFilesOnly => "put a file there: `follow-links` is for links to regular files only";
    /// A file begins as a revision does, and is in a folder that is not one of the configuration.
    FolderNotNamed { folder: String } =>
        "move it up, add `{folder}` to `migrations` in [package.metadata.alembic], or remove it";
    /// A file begins as a revision does, and its name does not end as that of one.
    RevisionNotNamed => "rename it, or remove it";
    /// The time zone is not known.
    Timezone => "write `UTC`, `local` or an IANA name such as `Europe/Vienna` as `timezone` into Cargo.toml";
    /// There is no such template.
    Templates { templates: String } => "pass `--template` with one of {templates}";
    /// No database is named.
    NoUrl { variable: String } =>
        "set {variable} in the environment or in .env, or pass `--database-url <URL>`; for SQLite, \
         `sqlite-path = \"app.db\"` in [package.metadata.alembic] of Cargo.toml is enough";
    /// No database is named, and a line of `.env`, which might do so, cannot be read.
    MalformedLine => "quote the value in that line";
    /// The line of `.env` that sets a variable cannot be read.
    MalformedDotenv { otherwise: String } => "quote the value in that line, or {otherwise}";
    /// The `.env` that may set a variable cannot be read at all.
    UnreadableDotenv { otherwise: String } =>
        "make it a file that you may read, or {otherwise}";
    /// No database is named, and the program is one that embeds the commands.
    NoUrlOfProgram => "set DATABASE_URL, or pass `--database-url <URL>`";
    /// The server has no such database.
    NoDatabase => "run `cargo alembic database create`, if that is the database you mean";
    /// The file of the SQLite database is not there.
    NoDatabaseFile => "run `cargo alembic upgrade head` to make it, if that is the database you mean";
    /// Settings for `init`, and the package has them already.
    HasSettings =>
        "leave out template, folder and `--sqlite-path`, and edit [package.metadata.alembic] in Cargo.toml";
    /// It is not known for which database a program is.
    RunnerDatabase => "or name it: `cargo alembic init --runner postgres`";
    /// `--adopt` writes the first revision, and there are some.
    HasRevisions => "run `cargo alembic stamp <REVISION>` with the one that the database is at";
    /// `--adopt`, and the database is at a revision.
    IsStamped => "bring the revision files here, or forget them with `cargo alembic stamp --purge base`";
    /// `--adopt`, and the database has no tables.
    NothingToAdopt => "write the first revision with `cargo alembic revision -m \"…\"`";
    /// The file for the models of an adopted database cannot be written.
    ModelsNotWritten { file: &'static str } =>
        "move what is at {file} away, or give yourself the right to write it, and run the command again";
    /// There is no editor.
    NoEditor => "set VISUAL or EDITOR, as in `EDITOR=vi cargo alembic edit head`";

    // Revision files and the graph.

    /// A file is not UTF-8.
    NotUtf8 => "save the file in UTF-8";
    /// Two files have the same id.
    DuplicateId => "give one of the files another `Revision ID`, or remove it";
    /// The parent does not exist.
    UnknownParent { parent: String } =>
        "restore the file of `{parent}` if it was deleted or not committed, or name another revision in `Revises`";
    /// What the revision depends on does not exist.
    UnknownDependency => "name an existing revision or label in `Depends On`";
    /// Two revisions declare the same label.
    DuplicateLabel => "declare the label on one revision only, the first of the branch";
    /// Revisions follow each other in a circle.
    Cycle => "edit `Revises` or `Depends On` of one of them to follow an earlier revision";
    /// The lock file is not what the files say.
    LockIsStale => "run `cargo alembic lock`, and commit the file";
    /// The lock file cannot be read.
    LockIsBroken => "run `cargo alembic lock`: it rewrites the file from the revisions";
    /// The name of a file does not tell its revision.
    FileName { revision: String } => "rename the file so that its name contains `{revision}`";
    /// The new revision would not follow a head.
    NotAHead => "pass `--splice` to create a new branch from this revision";
    /// Revisions that are to be merged are merged already.
    Merged { revision: String } => "run `cargo alembic upgrade {revision}` to apply all of them";
    /// The new revision might follow several heads.
    WhichHead => "pass `--head` with one of them, or run `cargo alembic merge heads`";
    /// Several heads are not merged.
    MergeHeads => "run `cargo alembic merge heads`";
    /// The folder for a new revision is not one of the configuration.
    VersionPath { locations: String } => "pass `--version-path` with one of {locations}";
    /// A post-write hook failed.
    HookFailed { path: String } =>
        "`{path}` was written; fix `post-write-hooks` in Cargo.toml, and run the command of the hook on the file";

    // Targets.

    /// No revision has this name.
    UnknownRevision => "run `cargo alembic history` for a list of the revisions";
    /// Several revisions begin like that.
    AmbiguousPrefix => "type more of the id";
    /// The target means several heads.
    WhichTarget => "run `cargo alembic merge heads`, or name one of them";
    /// A relative target could go several ways.
    AmbiguousWalk => "name the revision, or a branch as in `<branchname>@-1`";
    /// The downgrade would undo other branches, too.
    Siblings => "downgrade to the branch point instead, or pass `--allow-siblings` to undo all of them";
    /// A range of revisions, without `--sql`.
    RangeOnline { target: String } => "pass `--sql` for a script, or name `{target}` alone to run it";
    /// A script has to come back to a database whose name is not known.
    ScriptDatabase =>
        "pass `--database-url` with the name of the database, or write schema-qualified names instead of `USE`";
    /// A step of a script cannot be made conditional.
    NotIdempotent =>
        "leave out `--idempotent` and pass the range: `cargo alembic upgrade <CURRENT>:<TARGET> --sql`, from what the database is at";
    /// A script, and it is not clear for which database.
    WhichDialect => "pass `--dialect` with `sqlite`, `postgres`, `mysql` or `mariadb`";

    // What a revision says.

    /// The revision has no downgrade.
    Irreversible => "nothing was changed; restore a backup, or write a revision that repairs forward with \
        `cargo alembic revision -m \"…\"`";
    /// The revision has no section for this database.
    NoSection { direction: &'static str, dialect: &'static str } =>
        "add a section `-- alembic:{direction} {dialect}`; nothing was changed";
    /// A statement begins or ends the transaction of the revision.
    EndsTransaction =>
        "delete it: the revision is one transaction; if every statement is to be committed by itself, delete it and write \
         `Transaction: none` into the header; nothing was changed";
    /// A statement begins or ends a transaction, where each statement is one.
    OwnTransaction =>
        "delete it: every statement of this revision is committed by itself, together with a note in the log; \
         nothing was changed";
    /// `PRAGMA foreign_keys` in a transaction.
    ForeignKeysPragma => "leave it out, and write `Foreign Keys: off` into the header; nothing was changed";
    /// The database refuses the statement in a transaction, or passes over it.
    NeedsNoTransaction => "write `Transaction: none` into the header; nothing was changed";
    /// The effect of the statement ends with its transaction, and each statement is one.
    NeedsTransaction => "delete it, or delete `Transaction: none` from the header; nothing was changed";
    /// The effect of the statement ends with its transaction, and on MySQL and MariaDB each statement is one.
    NoEffect => "delete it; nothing was changed";
    /// The statement changes one of our tables.
    OwnTable =>
        "leave it out; `cargo alembic stamp` and `cargo alembic resolve` set the record right; nothing was changed";
    /// A table with rows that others refer to is dropped.
    Cascade => "write `Foreign Keys: off` into the header, or delete those rows first";
    /// A table with rows that others refer to is dropped, in a revision without transaction.
    CascadeWithoutTransaction =>
        "write `PRAGMA foreign_keys = OFF;` before it, or delete those rows first, and run the command again: it goes on \
         with what you wrote";
    /// Rows refer to nothing after a revision that ran without foreign keys.
    BrokenForeignKeys => "fix the file and run the command again";
    /// A function in Rust asks the database, and a script is being written.
    NotForScripts { path: String } =>
        "write this part of `{path}` with operations or as SQL, or run the revision on the database and leave it out of \
         the script, as in `cargo alembic upgrade <FROM>:<TO> --sql`";

    /// It is not clear where a statement ends.
    UnclearEnd { instead: &'static str } => "{instead}; nothing was changed";

    /// Behind a statement of PostgreSQL that sets what a backslash means, one is in a string.
    EscapesOfPostgres { setting: String } =>
        "delete `{setting}`, and write the string as `E'…'` if the backslash escapes; nothing was changed";
    /// The same on MySQL and MariaDB.
    EscapesOfMysql { setting: String } =>
        "delete `{setting}`, and write `\\\\` for each backslash that stands for itself; nothing was changed";

    /// A replay lacks rights that a revision needs.
    ReplayRights =>
        "a replay runs as a role that owns its scratch database and nothing else; where revisions need more, name a server \
         for scratch databases with `scratch-url-env` (for functions and triggers on a MySQL that writes a binary log, \
         `log_bin_trust_function_creators` is enough)";
    /// A replay does not reach beyond its scratch database.
    Outside { instead: String } => "{instead}";

    // Failed statements.

    /// The transaction was rolled back.
    FixTheFile => "fix the file and run the command again";
    /// It was on a scratch database.
    FailsOnScratch => "fix the file and run the command again; above a statement that only the live database can run, write \
        `-- alembic:skip-on-scratch: why`";
    /// No statement of the revision is applied.
    NothingApplied => "nothing of this revision is applied; fix the file and run the command again";
    /// The statements before the failed one are applied.
    GoesOn { done: String } =>
        "fix the file from this statement on and run the command again: it goes on after the first {done}";
    /// A downgrade in Rust failed: its file is that of an applied revision.
    AcceptAfter { first: String, revision: String } =>
        "{first}; before you run it again, record the new text of the file, which is that of an applied revision, with \
         `cargo alembic accept {revision}`";
    /// The statement makes something that is there.
    Exists { revision: String, otherwise: String } =>
        "if the database has all that `{revision}` makes, run `cargo alembic stamp {revision}`, which records it without \
         running it; if not, {otherwise}";
    /// The role may not do what the statement does.
    NotAllowed =>
        "pass `--database-url <URL>` with a role that may do this, or give the role of the URL the right: `GRANT <RIGHT> ON \
         <OBJECT> TO <ROLE>`, or where PostgreSQL asks for the owner, `GRANT <OWNER> TO <ROLE>`; then, or after a change of \
         the file, run the command again";
    /// SQLite's `ALTER TABLE` cannot do it.
    AlterTable =>
        "SQLite's ALTER TABLE renames, adds and drops columns, and little else: write `Foreign Keys: off` into the header, \
         and instead of this statement make a new table, copy the rows, drop the old table and rename the new one; or let \
         `op.batch_alter_table` do that, in a revision of `cargo alembic revision --rust -m \"…\"`";
    /// The server refuses the statement in a transaction, which only it could know.
    RefusedInTransaction =>
        "it has to be run outside a transaction: write `Transaction: none` into the header, and run the command again";
    /// A value of an enum is used in the transaction that adds it.
    NewEnumValue =>
        "a new value of an enum can be used after the commit only: use it in a revision of its own that follows the one \
         that adds it, or write `Transaction: none` into the header";
    /// A value of an enum is used in the transaction that adds it, and other revisions are in it.
    NewEnumValueOfRun =>
        "a new value of an enum can be used after the commit only: use it in a revision of its own that follows the one \
         that adds it, or write `Transaction: none` into the header; if an earlier revision of this run has added it, set \
         `transaction = \"per-migration\"` in [package.metadata.alembic], and if the program has begun a transaction, migrate \
         before the transaction is begun";
    /// Checks of changed rows are still to be made when their table is altered.
    PendingTriggerEvents =>
        "checks of rows wait for the end of the transaction: write `SET CONSTRAINTS ALL IMMEDIATE;` before this statement, \
         and run the command again";
    /// Row-level security would hide rows from a revision.
    RowsHidden =>
        "run it as a role that may see every row, such as one with BYPASSRLS; or write `Row Security: on` into the header, \
         if the revision is to leave out the rows that policies hide; and run the command again";
    /// Others held a lock for too long.
    Contended =>
        "others hold a lock that it needs; run the command again when they are done, or allow more with \
         `--lock-timeout <SECONDS>` and `--lock-retries <N>`";
    /// The statement is larger than the server takes.
    PacketTooLarge => "the server takes no message as large as this statement: cut it up, or raise max_allowed_packet";
    /// The connection was lost.
    ConnectionLost => "run the command again when the server answers: it reads the log first";
    /// A function in Rust has used the connection itself.
    ByHand { revision: String } =>
        "look how it stands; undo by hand what it did, and run `cargo alembic resolve {revision} --abort`; or finish it \
         by hand, and run `cargo alembic stamp {revision}`";

    // What a database and the revisions say of each other.

    /// The database is at a revision that is not here.
    DatabaseIsAhead =>
        "bring its file here with `git pull` or `git switch <BRANCH>`, or deploy the newer program; in a rolling deploy the \
         old one may go on beside it, if the application allows that. If the revision is another program's, with a graph of its own on the same database, give each a version table of \
         its own: `version-table = \"alembic_version_shop\"` in [package.metadata.alembic]. Only if it was yours and is \
         gone for good, run `cargo alembic stamp --purge <REVISION>` with the one that the schema is at: that erases every row \
         of the table";
    /// An applied revision has another text now.
    Edited { revision: String } =>
        "restore the file, and put the change into a new revision; or run `cargo alembic accept {revision}` if the file \
         is right";
    /// Comments of an applied revision were edited.
    CommentsEdited { revision: String } => "run `cargo alembic accept {revision}` to record the present text";
    /// The schema is not what the revisions leave.
    Drift => "run `cargo alembic check --only drift`: it says what differs";
    /// One of our own tables was made in an engine without transactions, or in another character set.
    IllStored { convert: String } => "while nobody migrates, run `{convert}` with the client of the database";
    /// A revision comes before an applied one, and is not applied.
    NeverApplied { revision: String } =>
        "let `{revision}` follow the applied head, in its `Revises`, instead of coming before it";
    /// The version table has a revision and its ancestor.
    Overlap { revision: String } => "run `cargo alembic stamp --purge {revision}`: it leaves one row";
    /// A statement of an earlier run failed.
    Unfinished { revision: String, direction: String, counts_as: &'static str } =>
        "fix the file and run the {direction} of `{revision}` again: it goes on where it stopped; or give the {direction} \
         up: undo by hand what it did, and run `cargo alembic resolve {revision} --abort`, then `{revision}` counts as \
         {counts_as} as it did before";
    /// An earlier run is running, or died.
    Interrupted { revision: String, direction: String, counts_as: &'static str } =>
        "run the {direction} of `{revision}` again: it waits if an earlier run is still at work, else it goes on where \
         that was interrupted; or give the {direction} up: undo by hand what it did, and run `cargo alembic resolve \
         {revision} --abort`, then `{revision}` counts as {counts_as} as it did before";
    /// The log says that a step is not finished, and somebody else has written a version row that says it is.
    RecordedElsewhere { revision: String, direction: String } =>
        "look whether all that the {direction} of `{revision}` does is done, and do by hand what is not; then run `cargo \
         alembic resolve {revision} --abort`, which forgets the log's entry and leaves the version table as it is";
    /// It is not known whether a statement took effect.
    Undecided { revision: String, step: usize } =>
        "look whether it took effect; if so, run `cargo alembic resolve {revision} --step {step} --applied`, and if not, \
         `cargo alembic resolve {revision} --step {step} --retry`; or undo by hand what the revision did, and run \
         `cargo alembic resolve {revision} --abort`";
    /// The applied part of an unfinished revision has another text now.
    Rewritten { revision: String, done: String } =>
        "restore the first {done}; or undo by hand what was done, and run `cargo alembic resolve {revision} --abort`";
    /// A version table is found further along the search path than it would be made.
    WhichSchema { table: String, found: String, first: String } =>
        "for a history of `{first}` itself write `version-table = \"{first}.{table}\"` into [package.metadata.alembic] of \
         Cargo.toml, and `version-table = \"{found}.{table}\"` to go on with that of `{found}`; or take `{found}` out of \
         the search path; nothing was changed";
    /// No schema of the search path exists.
    NoSchema { table: String } =>
        "make the schema with `CREATE SCHEMA`; or put one that exists into the `search_path` of the database, the role or \
         the URL, or name one for the version table: `version-table = \"public.{table}\"` in [package.metadata.alembic] \
         of Cargo.toml; nothing was changed";
    /// Diesel's table has migrations that are not here.
    DieselTable => "run `cargo alembic import diesel <FOLDER>` with the folder of its migrations, all of them";
    /// Metadata of a Diesel migration cannot be read.
    DieselMetadata => "fix the file; nothing was imported";
    /// A program was killed while it put the files of an import in place.
    ImportInterrupted => "run `cargo alembic import diesel`: it puts the others in place";
    /// `diesel.toml` cannot be read.
    DieselToml => "fix the file, or name the folder as in `cargo alembic import diesel migrations`; nothing was imported";
    /// Diesel's migrations were imported, and no database is named on which they could be judged.
    ImportUnchecked { variable: String } => "`cargo alembic check --only replay` tells when {variable} is set";
    /// A file was changed while the command ran.
    Changed => "run `cargo alembic lock`, and the command again";
    /// The version table was changed by somebody else, or other runs got in between every time.
    Interfered => "run the command again; `cargo alembic log` says who did what meanwhile";

    /// A revision opens or writes an SQLite file that is not in the folder of the database.
    OtherFile =>
        "keep the file in the folder of the database and write its name as a plain string; or write `-- alembic:allow \
         attach: why` in the line above the statement; nothing was changed";
    /// A signal, or the program itself, ended the run before its time.
    Stopped => "run the command again: it goes on where this run ended";

    // Locks, rights, programs.

    /// Another migrator holds the lock.
    Locked => "wait for it to end, or allow more time with `--wait <SECONDS>`";
    /// Another connection writes to the SQLite database.
    Busy =>
        "wait for its transaction to end, or allow more time with `--wait <SECONDS>`; SQLite does not tell whose it is: the \
         application's, another migrator's, or that of a tool that has the file open";
    /// Revisions are pending, and the program is not to apply them.
    Pending => "run `cargo alembic upgrade head`, or the program that is to migrate";
    /// The connection goes through a pooler of transactions.
    Pooled =>
        "connect to the server itself: pass another URL as `--database-url <URL>`, or name another variable as \
         `database-url-env` in Cargo.toml; if the pooler keeps sessions, pass `--pooler session`. Nothing of this \
         revision was changed";
    /// The caller is in a transaction.
    InsideTransaction => "migrate before the transaction is begun";
    /// The role lacks rights on our tables.
    Denied =>
        "the role needs CREATE where the version table is, and SELECT, INSERT, UPDATE and DELETE on it, on its log and \
         on its lock; nothing was changed by this";
    /// Row-level security would hide rows of our tables.
    RecordHidden =>
        "connect as the owner of the version table or as a role with BYPASSRLS; or run `ALTER TABLE … DISABLE ROW LEVEL \
         SECURITY` on it, on its log and on its lock; nothing was changed by this";
    /// The role lacks rights to read our tables.
    MayNotRead =>
        "reading needs SELECT on the version table and on its log, and on PostgreSQL USAGE of the schema that they are in; \
         nothing else";
    /// The server is a standby of another one.
    Standby =>
        "this server is a standby, which only reads: connect to the primary to migrate. Commands that read work here, too; \
         nothing was changed by this";
    /// A setting makes the database read-only.
    ReadOnly { setting: String, way: String } =>
        "{setting} forbids to write: {way}. Commands that read work as it is; nothing was changed by this";
    /// A setting of MySQL or MariaDB keeps tables from being made.
    TablesForbidden { setting: String, way: String } =>
        "{setting} keeps the server from making our tables: {way}; nothing was changed by this";
    /// The file of the SQLite database, or its folder, cannot be written.
    ReadOnlyFile =>
        "the database file or its folder cannot be written: SQLite keeps its journal beside the file, and in WAL mode \
         needs that even for reading. Give the user who runs this the right to write both, or for reading connect with \
         `file:PATH?immutable=1`, if nobody writes meanwhile; nothing was changed by this";
    /// The revision is in Rust, and the program does not have it.
    NotCompiled => "run it with a program that embeds the migrations with `embed_migrations!`; nothing was changed";
    /// The package has no program for revisions in Rust.
    NoRunner =>
        "run `cargo alembic init --runner` to have one written, or name yours as `runner` in [package.metadata.alembic] \
         of Cargo.toml";
    /// The program for revisions in Rust does not compile.
    RunnerNotBuilt => "fix what the compiler says above; nothing was changed";
    /// The program for revisions in Rust has ended well, and did not do what it was asked for.
    RunnerDoesNothing =>
        "its `main` has to hand over to `alembic_runtime::cli`, as that of the program does which `cargo alembic init \
         --runner` writes where there is none";
    /// A revision is written in Rust, and the user does not let programs of projects be built.
    BuildRefused =>
        "read what the project would build and run, its build scripts and macros, too; then run the command without \
         `--no-build`, and without ALEMBIC_NO_BUILD in the environment";
    /// The program embeds other revisions.
    OtherMigrations =>
        "name the program that embeds these migrations as `runner` in [package.metadata.alembic] of Cargo.toml, for each \
         named database its own";
    /// The program was built by another version.
    OtherVersion => "use the same version of alembic-runtime and alembic-macros, and build the program again";
    /// A question was not answered.
    Unconfirmed => "pass `--yes` to drop the database without being asked";

    // Seeds.

    /// Seeds are not run in production by default.
    SeedInProduction => "pass `--environment` with the name of another environment, or with `production`";
    /// There is no such seed.
    UnknownSeed { seeds: String } => "name one of {seeds}";
    /// There are no seeds.
    NoSeeds => "write a seed first: a file such as `seeds/<name>.sql`, or `seeds/<environment>/<name>.sql`";
    /// No seed is for the environment that was named.
    UnknownEnvironment { environment: String, known: String } =>
        "pass `--environment` with one of {known}, which goes before `ALEMBIC_ENV`; a file in the folder `{environment}` of the seeds \
         makes it known, too";
    /// A seed failed.
    SeedFailed => "fix the file and run it again: seeds may be run as often as you like";
    /// The seed is not for this environment.
    SeedElsewhere => "pass `--environment` with the folder of the seed, or move the file to `seeds/`";

    // Models, scratch databases, autogenerate.

    /// The package has no models.
    NoModels =>
        "run `cargo alembic print-schema --complete > src/schema.rs` to have the tables of the database as models, or \
         `cargo alembic print-schema --complete --from migrations > src/schema.rs` for what the migrations leave; where there \
         are no tables yet, write them as `diesel::table!` into src/schema.rs; or name the files that declare tables as \
         `models` in [package.metadata.alembic] of Cargo.toml";
    /// The files of `models` have no tables, or are not there.
    ModelsFiles =>
        "name the files that declare tables with `table!` as `models` in [package.metadata.alembic] of Cargo.toml";
    /// Models name schemas, which are databases there.
    SchemasOnMysql => "name tables without a schema, and give each database a configuration of its own";
    /// The database is behind the revisions.
    NotAtHead => "run `cargo alembic upgrade head`, or leave out `--against database`";
    /// What the models want does not run.
    UpgradeDoesNotRun => "write it by hand, into a revision of `cargo alembic revision -m \"…\"`: nothing was written";
    /// The downgrade of what the models want does not run.
    DowngradeDoesNotRun =>
        "this is the downgrade that would have been written; write it by hand, with its upgrade, into a revision of \
         `cargo alembic revision -m \"…\"`: nothing was written";
    /// No operation brings about what the models want.
    WriteByHand => "write this change by hand, into a revision of `cargo alembic revision -m \"…\"`";
    /// A file of objects has something else, or an object that another one has.
    NoObject =>
        "begin the file with the `CREATE` of one object that no other file makes, and put everything else into a revision of \
         `cargo alembic revision -m \"…\"`";
    /// A view or a policy that no file makes names a column or a table that goes.
    ObjectNamesWhatGoes { folder: String } =>
        "run `cargo alembic print-schema --from migrations --objects {folder}`, and change the object in its file: the next \
         `cargo alembic revision --autogenerate -m \"…\"` replaces it with the tables; if it is to go, drop it in a revision \
         before, of `cargo alembic revision -m \"…\"`";
    /// The database has no such thing.
    Instead { instead: String } => "{instead}";
    /// The schema of a live database cannot be made again.
    CannotFollow => "leave out `--against database`: compare with the migrations";
    /// The models want something that is not in the revisions.
    Autogenerate => "run `cargo alembic revision --autogenerate -m \"…\"`";
    /// The models lack something that the revisions make.
    UpdateModels { file: String } =>
        "run `cargo alembic print-schema --from migrations --update {file}` to have it in the models; if it is to go, \
         `cargo alembic revision --autogenerate -m \"…\"` writes the revision that drops it";
    /// An option of `check` is for gates that do not run.
    UselessOption { option: String, gates: String } => "leave out `{option}`, or pass `--only` with one of {gates}";
    /// `--since` names no revision of git.
    SinceNothing => "pass a branch, a tag or a commit, as in `--since origin/main`";
    /// Git does not know what `--since` names.
    SinceUnknown => "pass a branch, a tag or a commit that this clone has; a shallow clone needs `git fetch --unshallow`";
    /// A downgrade leaves something behind, or takes too much.
    DowngradeIsNoInverse => "edit the downgrade to take back what the upgrade did, and nothing else: schema and rows";
    /// A snapshot is older than the revisions.
    SnapshotIsStale => "run `cargo alembic snapshot`, and commit the file";
    /// The server of the URL gives no scratch database.
    NoScratch => "a scratch database is made on the server of the URL; pass `--scratch-url <URL>` for another server";
    /// The role may not make the role with few rights that a replay runs as.
    MayNotCreateRoles { grant: String } =>
        "let the role make others, with {grant}; or name a server for scratch databases with `scratch-url-env`";
    /// The user that a replay runs as needs SUPER.
    ReplaysWithSuper =>
        "set `log_bin_trust_function_creators` on the server; or name a server for scratch databases with `scratch-url-env`";
    /// The role may not make databases.
    MayNotCreateDatabases { grant: &'static str } => "let the role make databases, with {grant}";
    /// The role may not make databases, and gates of `check` need one.
    LeaveOutGates =>
        "`cargo alembic check --skip replay,roundtrip,models,drift` leaves out the gates that need a scratch database";
    /// A revision in Rust, and the version table in another database.
    VersionTableElsewhere => "write `version-table` in Cargo.toml without a database";
}
