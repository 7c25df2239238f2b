//! Options of a run, and how they are set.

use std::time::Duration;

use alembic_graph::{
    config::{Settings, TransactionMode},
    plan::Siblings,
    version_table::Actor,
};

use super::{Migrator, Observer, Policy, Silent};
use crate::{Interrupt, Migrations, op::Arguments};

/// Options of a run.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// How long to wait for another migrator.
    pub(crate) wait: Duration,
    /// Instead of what the project is configured with, like the next two.
    pub(crate) lock_timeout: Option<Duration>,
    pub(crate) lock_retries: Option<u32>,
    pub(crate) statement_timeout: Option<Duration>,
    pub(crate) policy: Policy,
    pub(crate) allow_ahead: bool,
    /// Whether a transaction pooler is known to be in between.
    pub(crate) pooled: bool,
    pub(crate) transaction: Option<TransactionMode>,
    pub(crate) actor: Actor,
    pub(crate) arguments: Arguments,
    pub(crate) siblings: Siblings,
    /// Plan, and stop there.
    pub(crate) dry_run: bool,
    pub(crate) interrupt: Interrupt,
}

impl Options {
    /// Returns the settings of a project with what the options say instead.
    pub(super) fn over(&self, settings: Settings) -> Settings {
        Settings {
            lock_timeout: self.lock_timeout.unwrap_or(settings.lock_timeout),
            lock_retries: self.lock_retries.unwrap_or(settings.lock_retries),
            statement_timeout: self.statement_timeout.unwrap_or(settings.statement_timeout),
            transaction: self.transaction.unwrap_or(settings.transaction),
            ..settings
        }
    }
}

impl<C> Migrations<C> {
    /// Returns a migrator, to set options before it runs.
    pub fn migrator(&self) -> Migrator<'_, C> {
        let (application, version) = self.application_name();
        let options = Options {
            wait: Duration::from_secs(600),
            lock_timeout: None,
            lock_retries: None,
            statement_timeout: None,
            policy: Policy::Apply,
            allow_ahead: false,
            pooled: false,
            transaction: None,
            actor: actor(application, version),
            arguments: Arguments::default(),
            siblings: Siblings::Refuse,
            dry_run: false,
            interrupt: Interrupt::new(),
        };
        Migrator { migrations: self, options, observer: Box::new(Silent) }
    }
}

/// In a container there is often a number only.
fn uid() -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata("/proc/self").ok().map(|process| format!("uid {}", process.uid()))
    }
    #[cfg(not(unix))]
    None
}

/// The environment says who runs this; nothing depends on it but the log.
#[expect(clippy::disallowed_methods, reason = "the user's name is for the log only")]
fn actor(application: &str, version: &str) -> Actor {
    let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    let program = || std::env::current_exe().ok()?.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let application = if application.is_empty() { program().unwrap_or_default() } else { application.to_owned() };
    Actor {
        user: user.or_else(uid).unwrap_or_default(),
        host: gethostname::gethostname().to_string_lossy().into_owned(),
        application,
        version: version.to_owned(),
        tag: String::new(),
    }
}

impl<'m, C> Migrator<'m, C> {
    /// Sets how long to wait for another migrator, ten minutes by default.
    #[must_use]
    pub fn wait(mut self, timeout: Duration) -> Self {
        self.options.wait = timeout;
        self
    }

    /// Sets how long a statement may wait for a lock, three seconds unless configured; zero is forever.
    ///
    /// Everybody who comes later waits behind a statement that waits. So it gives up after this time,
    /// and tries again later. PostgreSQL and MySQL; MySQL counts whole seconds.
    #[must_use]
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.options.lock_timeout = Some(timeout);
        self
    }

    /// Sets how often to try again after a statement waited too long for a lock, twenty times
    /// unless configured. On PostgreSQL the whole transaction is tried again, on MySQL the statement.
    #[must_use]
    pub fn lock_retries(mut self, retries: u32) -> Self {
        self.options.lock_retries = Some(retries);
        self
    }

    /// Sets how long a statement may run, forever unless configured; zero is forever. PostgreSQL and
    /// MariaDB.
    #[must_use]
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.options.statement_timeout = Some(timeout);
        self
    }

    /// Sets what [`upgrade`](Self::upgrade) does about revisions that are not applied yet.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.options.policy = policy;
        self
    }

    /// Lets [`upgrade`](Self::upgrade) succeed, and do nothing, on a database that a newer program has
    /// migrated: during a rolling deploy the old program may go on beside it.
    #[must_use]
    pub fn allow_ahead(mut self) -> Self {
        self.options.allow_ahead = true;
        self
    }

    /// Says whether the connection goes through a pooler that hands out sessions by transaction, as
    /// `PgBouncer` does with `pool_mode = transaction`. A step outside a transaction is refused then.
    #[must_use]
    pub fn behind_transaction_pooler(mut self, pooled: bool) -> Self {
        self.options.pooled = pooled;
        self
    }

    /// Sets how steps are grouped into transactions, instead of as the project is configured.
    #[must_use]
    pub fn transaction(mut self, mode: TransactionMode) -> Self {
        self.options.transaction = Some(mode);
        self
    }

    /// Sets the name and version of the program, for the log.
    #[must_use]
    pub fn application(mut self, name: &str, version: &str) -> Self {
        name.clone_into(&mut self.options.actor.application);
        version.clone_into(&mut self.options.actor.version);
        self
    }

    /// Sets whether `downgrade branch@base` may undo other branches that share the base.
    #[must_use]
    pub fn siblings(mut self, siblings: Siblings) -> Self {
        self.options.siblings = siblings;
        self
    }

    /// Sets a word for the log, by which the run can be found again.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        tag.clone_into(&mut self.options.actor.tag);
        self
    }

    /// Names the environment, for revisions in Rust and for seeds; `production` if nobody does.
    #[must_use]
    pub fn environment(mut self, name: &str) -> Self {
        name.clone_into(&mut self.options.arguments.environment);
        self
    }

    #[cfg(feature = "cli")]
    pub(crate) fn arguments(mut self, arguments: Arguments) -> Self {
        self.options.arguments = arguments;
        self
    }

    /// Passes a value to revisions in Rust: what `-x name=value` does.
    #[must_use]
    pub fn argument(mut self, name: &str, value: &str) -> Self {
        self.options.arguments.values.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Lets the run end with the plan: its report lists the steps, and nothing is changed.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.options.dry_run = true;
        self
    }

    /// Lets another thread end the run, with [`Interrupt::ask`].
    #[must_use]
    pub fn interrupt(mut self, interrupt: &Interrupt) -> Self {
        self.options.interrupt = interrupt.clone();
        self
    }

    /// Sets who hears of progress.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer + 'm) -> Self {
        self.observer = Box::new(observer);
        self
    }
}
