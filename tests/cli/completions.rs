//! Completion scripts, run by the shells that are there.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use crate::project;

#[test]
fn every_shell_has_a_script() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(project().ok(&format!("completions {shell}")).contains("downgrade"), "{shell}");
    }
}

/// Returns what bash offers for the last word of `line`, after it ran `before` and our script.
fn bash_offers(before: &str, line: &str) -> Vec<String> {
    let script = project().ok("completions bash");
    let words: Vec<String> = line.split(' ').map(|word| format!("'{word}'")).collect();
    // What readline does at a tabulator.
    let rest = format!(
        "\nCOMP_WORDS=({}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
         registered=$(complete -p cargo); [[ $registered =~ -F\\ ([^ ]+) ]]\n\
         \"${{BASH_REMATCH[1]}}\" cargo \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        words.join(" ")
    );
    let mut bash = Command::new("bash")
        .arg("--norc")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    write!(bash.stdin.take().unwrap(), "{before}\n{script}{script}{rest}").unwrap();
    let output = bash.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{line}");
    String::from_utf8_lossy(&output.stdout).lines().filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

const OTHERS: &str = "_cargo() { COMPREPLY=(\"others:$2\"); }";

#[test]
fn bash_completes_cargo_alembic() {
    for before in ["", &format!("{OTHERS}\ncomplete -F _cargo -o default cargo")] {
        assert_eq!(bash_offers(before, "cargo alembic upg"), ["upgrade"]);
        assert_eq!(bash_offers(before, "cargo alembic revision --autog"), ["--autogenerate"]);
        assert_eq!(bash_offers(before, "cargo +nightly alembic downgrade --allow"), ["--allow-siblings"]);
        assert_eq!(bash_offers(before, "cargo alembic completions z"), ["zsh"]);
        assert!(bash_offers(before, "cargo alembic ").contains(&"heads".to_owned()));
    }
}

#[test]
fn the_rest_of_cargo_is_completed_by_its_own_script() {
    let registered = format!("{OTHERS}\ncomplete -F _cargo cargo");
    // bash-completion loads a script when it is first needed; its function had another name before version 2.12.
    for loader in ["_comp_load", "_completion_loader"] {
        let lazily = format!("{loader}() {{ {OTHERS}; complete -F _cargo cargo; }}");
        for before in [&registered, &lazily] {
            assert_eq!(bash_offers(before, "cargo bu"), ["others:bu"]);
            assert_eq!(bash_offers(before, "cargo build --re"), ["others:--re"]);
        }
    }
    assert_eq!(bash_offers("", "cargo al"), ["alembic"]);
    assert_eq!(bash_offers("", "cargo build --re"), Vec::<String>::new());
}

#[test]
fn fish_gets_nothing_but_ours() {
    let script = project().ok("completions fish");
    let ours = script.lines().filter(|line| line.starts_with("complete "));
    assert!(ours.clone().count() > 100);
    for line in ours {
        assert!(line.starts_with("complete -c cargo -n \"__fish_cargo_alembic_"), "{line}");
        assert!(line.contains("_using_subcommand alembic") || line.contains("-a \"alembic\""), "{line}");
    }
}
