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
         registered=$(complete -p ${{COMP_WORDS[0]}}); [[ $registered =~ -F\\ ([^ ]+) ]]\n\
         \"${{BASH_REMATCH[1]}}\" ${{COMP_WORDS[0]}} \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"\n\
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

/// What every shell offers: for a line, the one word that may be its last.
const OFFERS: [(&str, &str); 8] = [
    ("cargo alembic upg", "upgrade"),
    ("cargo alembic revision --autog", "--autogenerate"),
    ("cargo alembic heads --format js", "json"),
    ("cargo +nightly alembic downgrade --allow", "--allow-siblings"),
    ("cargo alembic completions z", "zsh"),
    ("cargo alembic database cr", "create"),
    ("cargo-alembic alembic upg", "upgrade"),
    ("cargo-alembic alembic check --ski", "--skip"),
];

/// Returns whether a shell is here. Those that `scripts/with-databases` installs have to be, under it.
fn is_here(shell: &str) -> bool {
    let here = Command::new(shell).arg("--version").output().is_ok();
    let must = std::env::var_os("ALEMBIC_TEST_SERVERS").is_some();
    assert!(here || !must, "{shell} is missing");
    here
}

/// Runs a script in a folder where no file is in the way of what is offered.
fn run(mut shell: Command) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = shell.current_dir(folder.path()).stdin(Stdio::null()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8_lossy(&output.stdout).replace('\r', "")
}

fn script_file(shell: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(project().ok(&format!("completions {shell}")).as_bytes()).unwrap();
    file
}

#[test]
fn bash_completes_both_names() {
    for (line, word) in OFFERS {
        assert_eq!(bash_offers("", line), [word], "{line}");
    }
}

#[test]
fn fish_completes_both_names_and_leaves_the_rest() {
    if !is_here("fish") {
        return;
    }
    let file = script_file("fish");
    let offers = |line: &str| {
        let mut fish = Command::new("fish");
        fish.args(["--no-config", "-c", "source $argv[1]; complete -C $argv[2]"]).arg(file.path()).arg(line);
        let offered = run(fish);
        offered.lines().map(|line| line.split('\t').next().unwrap_or(line).to_owned()).collect::<Vec<_>>()
    };
    for (line, word) in OFFERS {
        assert_eq!(offers(line), [word], "{line}");
    }
    assert_eq!(offers("cargo al"), ["alembic"]);
    for line in ["cargo bu", "cargo build --rel", "cargo upg"] {
        assert_eq!(offers(line), Vec::<String>::new(), "{line}");
    }
}

/// Presses the tabulator on a terminal, and prints what is offered.
const ZSH: &str = r#"
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1=; autoload -U compinit; compinit -u -D; $3; source $2"
zpty -w z 'compadd() {
    if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return $?; fi
    local -a hits; builtin compadd -A hits "$@"; print -rl -- "HIT:"$^hits
}'
zpty -w z '_at_end() { exit }; comppostfuncs=(_at_end); bindkey "^I" complete-word; print REA""DY'
while zpty -r z line && [[ $line != *READY* ]]; do :; done
zpty -w -n z "$1"$'\t'
while zpty -r z line; do print -rn -- "$line"; done
"#;

#[test]
fn zsh_completes_both_names_and_leaves_the_rest() {
    if !is_here("zsh") {
        return;
    }
    let file = script_file("zsh");
    let offers = |line: &str, besides: &str| {
        let mut zsh = Command::new("zsh");
        zsh.args(["-f", "-c", ZSH, "zsh", line]).arg(file.path()).arg(besides);
        let shown = run(zsh);
        let hits = shown.lines().filter_map(|line| line.split_once("HIT:"));
        hits.map(|(_, word)| word.trim().to_owned()).collect::<Vec<_>>()
    };
    for (line, word) in OFFERS {
        assert_eq!(offers(line, ":"), [word], "{line}");
    }
    assert_eq!(offers("cargo al", ":"), ["alembic"]);
    // What completes the rest of Cargo goes on.
    let others = "_others() { compadd bundle }; compdef _others cargo";
    assert_eq!(offers("cargo bu", others), ["bundle"]);
    assert_eq!(offers("cargo alembic upg", others), ["upgrade"]);
}

#[test]
fn fish_gets_nothing_but_ours() {
    let script = project().ok("completions fish");
    let ours: Vec<&str> = script.split("\ncomplete ").skip(1).collect();
    assert!(ours.len() > 200);
    for entry in ours {
        let entry = entry.strip_prefix("-c cargo-alembic ").or_else(|| entry.strip_prefix("-c cargo ")).unwrap();
        assert!(entry.starts_with("-n \"__fish_cargo_alembic_"), "{entry}");
        assert!(entry.contains("_using_subcommand alembic") || entry.contains("-a \"alembic\""), "{entry}");
    }
}
