//! Every `--help`, and the completion scripts.

use insta::assert_snapshot;

use crate::project;

#[test]
fn the_commands() {
    assert_snapshot!(project().ok("--help"), @r#"
    Database migrations with a revision graph

    Usage: cargo alembic [OPTIONS] <COMMAND>

    Commands:
      init            Start a migrations folder and configure it in Cargo.toml
      list-templates  List the templates that `init` has
      revision        Create a new revision file
      merge           Merge two revisions together, creating a new revision file
      edit            Open a revision file in $EDITOR
      lock            Rewrite alembic.lock from the revision files
      check           Check files, models, migrations and the database; exit 1 unless all is well
      print-schema    Print the schema as `table!` source
      snapshot        Write down the schema that the revisions leave
      import          Turn the migrations of another tool into revisions
      database        Create, drop or reset the database
      completions     Print a completion script for a shell
      upgrade         Upgrade to a later version
      downgrade       Revert to a previous version
      redo            Undo the last revision and apply it again
      stamp           Stamp the version table with the given revision; don't run any migrations
      current         Display the current revision of the database
      history         List the revisions in chronological order, newest first
      heads           Show the revisions that nothing follows
      branches        Show current branch points
      show            Show the revision denoted by the given symbol
      log             Show what was applied when, by whom, and with which result
      ensure-version  Create the version table if it doesn't exist
      resolve         Say what became of a statement during which an earlier run died
      seed            Fill the database with the files of seeds/
      accept          Record the present text of revisions that were edited after they were applied
      help            Print this message or the help of the given subcommand(s)

    Options:
      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Project:
      -p, --package <SPEC>
              The package of the workspace whose migrations are meant

          --manifest-path <PATH>
              Path to Cargo.toml

      -n, --name <NAME>
              The database, one of [package.metadata.alembic.databases]

          --database-url <URL>
              The database's URL, instead of the one in the environment

          --locked
              Fail if alembic.lock is not up to date, instead of writing it

          --no-build
              Fail where the project's program would be built, for a revision in Rust; so does `ALEMBIC_NO_BUILD=1`

    Output:
          --format <FORMAT>
              How results are written

              Possible values:
              - human:  For people
              - json:   For programs: an object with `schema` and `data`
              - github: For GitHub's pull requests: annotations. `check` only
              
              [default: human]

          --color <WHEN>
              When to use colour

              Possible values:
              - auto:   On a terminal, unless `NO_COLOR` is set
              - always: Always
              - never:  Never
              
              [default: auto]

      -q, --quiet
              Print results and errors only

    Examples:
      cargo alembic init                       start a migrations folder
      cargo alembic revision -m "add users"    write a revision
      cargo alembic upgrade head               apply what is missing
      cargo alembic history                    list the revisions
      cargo alembic merge heads -m "merge"     join two branches
    "#);
}

#[test]
fn a_command() {
    assert_snapshot!(project().ok("revision --help"), @r#"
    Create a new revision file

    Usage: cargo alembic revision [OPTIONS]

    Options:
      -m, --message <MESSAGE>
              What it does, in a few words
              
              [default: "empty message"]

          --rev-id <REV_ID>
              The id, instead of a random one

          --head <HEAD>
              The revision to follow: a head, `branch@head`, or `base`
              
              [default: head]

          --splice
              Allow a revision that others follow already

          --branch-label <LABEL>
              A name for the branch that begins here

          --depends-on <REVISION>
              A revision or label that has to be applied before

          --version-path <PATH>
              The version location for the file, if there are several

          --rust
              Write it in Rust instead of SQL; the package's own program runs it

          --autogenerate
              Write what the models want and the migrations do not do; it is tried on a scratch database first

          --against <AGAINST>
              What the models are compared with

              Possible values:
              - migrations: The schema that the revisions leave, on a scratch database
              - database:   The database of the URL, which has to be at head
              
              [default: migrations]

          --scratch-url <URL>
              The server for scratch databases, instead of that of the database's URL

          --online
              Write non-blocking forms; PostgreSQL only

          --edit
              Open the file in $EDITOR

      -h, --help
              Print help (see a summary with '-h')

    Project:
      -p, --package <SPEC>
              The package of the workspace whose migrations are meant

          --manifest-path <PATH>
              Path to Cargo.toml

      -n, --name <NAME>
              The database, one of [package.metadata.alembic.databases]

          --database-url <URL>
              The database's URL, instead of the one in the environment

          --locked
              Fail if alembic.lock is not up to date, instead of writing it

          --no-build
              Fail where the project's program would be built, for a revision in Rust; so does `ALEMBIC_NO_BUILD=1`

    Output:
          --format <FORMAT>
              How results are written

              Possible values:
              - human:  For people
              - json:   For programs: an object with `schema` and `data`
              - github: For GitHub's pull requests: annotations. `check` only
              
              [default: human]

          --color <WHEN>
              When to use colour

              Possible values:
              - auto:   On a terminal, unless `NO_COLOR` is set
              - always: Always
              - never:  Never
              
              [default: auto]

      -q, --quiet
              Print results and errors only

    Examples:
      cargo alembic revision -m "add users"
      cargo alembic revision --rust -m "seed asset types"
      cargo alembic revision -m "first of shop" --head base --branch-label shop
      cargo alembic revision -m "add cart" --head shop@head --depends-on 3f2a
    "#);
    assert_snapshot!(project().ok("upgrade --help"), @"
    Upgrade to a later version

    Usage: cargo alembic upgrade [OPTIONS] <REVISION>

    Arguments:
      <REVISION>
              The target: a revision, `head`, `heads`, `+N`, `branch@head`; `from:to` with --sql

    Options:
          --idempotent
              With --sql: skip the steps that the database does not need, wherever it is

          --sql
              Print the SQL of a script instead of running it; no database is needed

          --dialect <DIALECT>
              The database that a script is for, if its URL does not tell

          --dry-run
              Say what would be done, and change nothing

          --echo
              Print what each step sends to the database, and how long it takes

          --tag <TAG>
              A word for the log, to find the run again

          --environment <NAME>
              The environment, for revisions in Rust, instead of what `ALEMBIC_ENV` says

      -x <NAME=VALUE>
              A value for revisions in Rust; may be given several times

          --wait <SECONDS>
              How long to wait for another migrator
              
              [default: 600]

          --lock-timeout <SECONDS>
              How long a statement may wait for a lock before it lets others pass, 3 unless configured; 0 waits forever (on SQLite, --wait is for both)

          --lock-retries <N>
              How often to try again after that, 20 unless configured

          --statement-timeout <SECONDS>
              How long a statement may run, forever unless configured (PostgreSQL, MariaDB)

          --pooler <MODE>
              What a pooler between here and PostgreSQL hands out: sessions or single transactions

              Possible values:
              - auto:        Transactions, if there is a pooler
              - session:     A session for as long as the connection lasts
              - transaction: A session for each transaction
              
              [default: auto]

      -h, --help
              Print help (see a summary with '-h')

    Project:
      -p, --package <SPEC>
              The package of the workspace whose migrations are meant

          --manifest-path <PATH>
              Path to Cargo.toml

      -n, --name <NAME>
              The database, one of [package.metadata.alembic.databases]

          --database-url <URL>
              The database's URL, instead of the one in the environment

          --locked
              Fail if alembic.lock is not up to date, instead of writing it

          --no-build
              Fail where the project's program would be built, for a revision in Rust; so does `ALEMBIC_NO_BUILD=1`

    Output:
          --format <FORMAT>
              How results are written

              Possible values:
              - human:  For people
              - json:   For programs: an object with `schema` and `data`
              - github: For GitHub's pull requests: annotations. `check` only
              
              [default: human]

          --color <WHEN>
              When to use colour

              Possible values:
              - auto:   On a terminal, unless `NO_COLOR` is set
              - always: Always
              - never:  Never
              
              [default: auto]

      -q, --quiet
              Print results and errors only

    Examples:
      upgrade head                 everything
      upgrade +2                   the next two revisions
      upgrade shop@head            one branch, and what it depends on
      upgrade 3f2a:head --sql      a script for a database that is at 3f2a
    ");
}

#[test]
fn underscores_are_accepted() {
    project().ok("ensure_version");
    project().ok("list_templates");
}
