//! Where a run is to lead, and scripts.

use alembic_graph::Hint;
use harness::{Project, bash};

use crate::{Followed, PROGRAM, Shown, branched, follow, line};

follow! {
    fn unknown_revision() -> Followed {
        let project = line();
        let hint = Shown::by(&project.try_line("upgrade zz"), Hint::UnknownRevision);
        assert!(hint.run(&project, 1).stdout.contains("b1"));
        hint.leads_to(&project.try_line("upgrade b1"))
    }

    fn ambiguous_prefix() -> Followed {
        let project = line();
        project.revision("b123", "b1", "", "");
        project.revision("b124", "b123", "", "");
        let hint = Shown::by(&project.try_line("upgrade b12"), Hint::AmbiguousPrefix);
        hint.leads_to(&project.try_line("upgrade b123"))
    }

    fn which_target() -> Followed {
        let (named, merged) = (branched(), branched());
        let hint = Shown::by(&named.try_line("upgrade head"), Hint::WhichTarget);
        named.ok("upgrade b1");
        assert_eq!(hint.run(&merged, 1).status, 0);
        hint.leads_to(&merged.try_line("upgrade head"))
    }

    fn ambiguous_walk() -> Followed {
        let project = branched();
        project.ok("upgrade heads");
        let hint = Shown::by(&project.try_line("downgrade -1"), Hint::AmbiguousWalk);
        let target = hint.says("<branchname>@-1").replace("<branchname>", "shop");
        project.ok(&format!("downgrade {target}"));
        hint.leads_to(&project.try_line("downgrade a1"))
    }

    fn siblings() -> Followed {
        let project = branched();
        project.ok("upgrade heads");
        let hint = Shown::by(&project.try_line("downgrade shop@base"), Hint::Siblings);
        project.ok("downgrade shop@a1");
        project.ok("upgrade heads");
        let option = hint.says("--allow-siblings");
        hint.leads_to(&project.try_line(&format!("downgrade shop@base {option}")))
    }

    fn range_online() -> Followed {
        let project = line();
        let hint = Shown::by(&project.try_line("upgrade a1:b1"), Hint::RangeOnline { target: "b1".into() });
        hint.says("`--sql`");
        project.ok("upgrade a1:b1 --sql");
        hint.leads_to(&project.try_line("upgrade b1"))
    }

    fn which_dialect() -> Followed {
        let project = Project::new(PROGRAM, "");
        project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "");
        let hint = Shown::by(&project.try_line("upgrade head --sql"), Hint::WhichDialect);
        hint.says("`--dialect`");
        for dialect in ["sqlite", "postgres", "mysql"] {
            hint.says(dialect);
            project.ok(&format!("upgrade head --sql --dialect {dialect}"));
        }
        hint.leads_to(&project.try_line("upgrade head --sql --dialect mariadb"))
    }

    fn not_idempotent() -> Followed {
        let project = line();
        project.ok("upgrade a1");
        let hint = Shown::by(&project.try_line("upgrade head --sql --idempotent"), Hint::NotIdempotent);
        let range = hint.says("upgrade <CURRENT>:<TARGET> --sql");
        let range = range.replace("<CURRENT>", "a1").replace("<TARGET>", "b1");
        project.write("b1.sql", project.ok(&range));
        let _output = bash(project.path(), "sqlite3 -bail shop.db < b1.sql");
        hint.leads_to(&project.try_line("check --only pending"))
    }
}
