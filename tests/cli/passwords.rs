//! No password in what the program prints, wherever a URL is written.

use harness::{
    Project,
    passwords::{HALVES, urls},
};

use crate::PROGRAM;

#[test]
fn no_password_is_printed_wherever_a_url_is_written() {
    let lines = ["current", "upgrade head --format json", "check --format github", "snapshot", "database create"];
    let urls = urls();
    let mut failed = 0;
    // Another form and another password each time.
    for (index, url) in urls.iter().step_by(urls.len() / 37).enumerate() {
        let project = Project::new(PROGRAM, "scratch-url-env = \"SCRATCH\"");
        project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "DROP TABLE ta;");
        let line: Vec<&str> = lines[index % lines.len()].split(' ').collect();
        let output = match index % 4 {
            0 => project.with("DATABASE_URL", url).alembic(line),
            1 => project.alembic([vec!["--database-url", url], line].concat()),
            2 => {
                project
                    .write(".env", format!("DATABASE_URL=\"{}\"\n", url.replace(['\\', '"'], "").replace('$', "\\$")));
                project.alembic(line)
            }
            _ => project.with("DATABASE_URL", "sqlite:shop.db").with("SCRATCH", url).alembic(["snapshot"]),
        };
        failed += usize::from(output.status != 0);
        for half in HALVES {
            assert!(!format!("{}{}", output.stdout, output.stderr).contains(half), "{url}\n{output}");
        }
    }
    assert!(failed > 30, "{failed}");
}

#[test]
#[cfg(unix)]
fn a_password_file_that_others_can_read_is_ignored() {
    use std::{fs, os::unix::fs::PermissionsExt};

    let project = Project::new(PROGRAM, "");
    project.write("pass", "*:*:*:*:S3CRA\n");
    let file = project.path().join("pass");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let project = project.with("PGPASSFILE", &file.display().to_string());
    let output = project.try_line("--database-url postgres://me@127.0.0.1:1/shop current");
    assert!(output.stderr.starts_with("warning: the password file `"), "{output}");
    assert!(output.stderr.contains("it has group or world access; run `chmod 0600 "), "{output}");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let output = project.try_line("--database-url postgres://me@127.0.0.1:1/shop current");
    assert!(output.stderr.starts_with("error: could not connect to"), "{output}");
}

#[test]
fn a_dotenv_gets_no_password_but_its_own_sent_in_clear() {
    let refused = "the password of PGPASSWORD was not sent there";
    for (env, variables, is_refused) in [
        (
            "DATABASE_URL=postgres://me@192.0.2.1:1/d?sslmode=disable&connect_timeout=1",
            &[("PGPASSWORD", "S3CRA")][..],
            true,
        ),
        (
            "PGHOST=192.0.2.1\nPGSSLMODE=disable",
            &[("DATABASE_URL", "postgres:///d?connect_timeout=1"), ("PGPASSWORD", "S3CRA")],
            true,
        ),
        ("DATABASE_URL=postgres://me@127.0.0.1:1/d?sslmode=disable", &[("PGPASSWORD", "S3CRA")], false),
        ("DATABASE_URL=postgres://me@localhost:1/d?sslmode=disable\nPGPASSWORD=S3CRA", &[], false),
        ("DATABASE_URL=postgres://me:S3CRA@127.0.0.1:1/d?sslmode=disable", &[("PGPASSWORD", "other")], false),
    ] {
        let project = Project::new(PROGRAM, "");
        project.write(".env", env);
        let project = variables.iter().fold(project, |project, (name, value)| project.with(name, value));
        let output = project.try_line("current");
        assert_eq!(output.stderr.contains(refused), is_refused, "{env}\n{output}");
        assert!(!output.stderr.contains("S3CRA") && output.status != 0, "{output}");
    }
}
