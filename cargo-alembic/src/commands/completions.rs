//! `completions`.

use alembic_runtime::cli::{CommandError, Exit};
use clap::CommandFactory;
use clap_complete::Shell;

use crate::{Cargo, context::Context};

/// Print a completion script for a shell
///
/// Completes `cargo alembic` in bash, zsh and fish, beside whatever completes the rest of Cargo; elsewhere
/// `cargo-alembic alembic`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  source <(cargo alembic completions bash)         in ~/.bashrc
  source <(cargo alembic completions zsh)          in ~/.zshrc, after compinit
  cargo alembic completions fish > ~/.config/fish/conf.d/cargo-alembic.fish")]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    let script = match args.shell {
        Shell::Bash => definitions(Shell::Bash, "\nif [[") + BASH,
        Shell::Zsh => definitions(Shell::Zsh, "\nif [ ") + ZSH,
        Shell::Fish => fish(),
        other => generate(other, "cargo-alembic"),
    };
    cx.printer.text(&script)?;
    Ok(Exit::Success)
}

fn generate(shell: Shell, name: &str) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cargo::command(), name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Returns the functions of a script, under names that Cargo's own script does not use, without what registers them,
/// which begins with the last `registration`.
fn definitions(shell: Shell, registration: &str) -> String {
    let script = generate(shell, "cargo");
    let end = script.rfind(registration).unwrap_or(script.len());
    script[..end].replace("_cargo", "_cargo_alembic").replacen("#compdef cargo\n", "", 1)
}

/// In fish the completions of a command add up: those of `cargo` itself stay, so ours leave out what is not
/// `cargo alembic`. The generator knows neither toolchains (`cargo +nightly alembic`) nor the values of arguments without
/// option.
fn fish() -> String {
    let script = generate(Shell::Fish, "cargo").replace("__fish_cargo_", "__fish_cargo_alembic_");
    let mut entries = script.split("\ncomplete -c cargo ");
    let functions = entries
        .next()
        .unwrap_or_default()
        .replace("set -e cmd[1]\n", "set -e cmd[1]\n    string match -q -- '+*' \"$cmd[1]\"\n    and set -e cmd[1]\n");
    let is_ours = |entry: &&str| entry.contains("_using_subcommand alembic") || entry.contains("-a \"alembic\"");
    let ours: Vec<String> = entries.filter(is_ours).map(|entry| entry.trim_end().to_owned()).chain(values()).collect();
    let of = |name: &str| ours.iter().map(|entry| format!("complete -c {name} {entry}\n")).collect::<String>();
    format!("{functions}\n{}{}", of("cargo"), of("cargo-alembic"))
}

/// Returns what fish offers for arguments without option.
fn values() -> Vec<String> {
    let command = Cargo::command();
    let commands = command.get_subcommands().flat_map(clap::Command::get_subcommands);
    let entries = commands.flat_map(|command| {
        command.get_positionals().filter_map(move |argument| {
            let values: Vec<String> =
                argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
            let condition = "__fish_cargo_alembic_using_subcommand alembic; and __fish_seen_subcommand_from";
            let (name, values) = (command.get_name(), (!values.is_empty()).then(|| values.join(" "))?);
            Some(format!("-n \"{condition} {name}\" -f -a \"{values}\""))
        })
    });
    entries.collect()
}

/// The function that Cargo's own completion registers may be loaded before ours, or when it is first asked for.
const BASH: &str = r#"
_cargo_alembic_or_cargo() {
    local COMP_WORDS=("${COMP_WORDS[@]}") COMP_CWORD=$COMP_CWORD
    if [[ ${COMP_WORDS[1]} == +* && $COMP_CWORD -gt 1 ]]; then
        COMP_WORDS=("${COMP_WORDS[0]}" "${COMP_WORDS[@]:2}")
        COMP_CWORD=$((COMP_CWORD - 1))
    fi
    if [[ ${COMP_WORDS[1]} == alembic && $COMP_CWORD -gt 1 ]]; then
        _cargo_alembic "$@"
        return
    fi
    if [[ -z $_cargo_alembic_others ]]; then
        _cargo_alembic_others=none
        complete -r cargo
        if declare -F _comp_load >/dev/null; then
            _comp_load cargo
        elif declare -F _completion_loader >/dev/null; then
            _completion_loader cargo
        fi
        _cargo_alembic_register
    fi
    if [[ $_cargo_alembic_others != none ]]; then
        "$_cargo_alembic_others" "$@"
    elif [[ $COMP_CWORD -eq 1 ]]; then
        COMPREPLY=($(compgen -W alembic -- "$2"))
    fi
}

_cargo_alembic_register() {
    local registered
    registered=$(complete -p cargo 2>/dev/null)
    if [[ $registered =~ -F\ ([^ ]+) && ${BASH_REMATCH[1]} != _cargo_alembic_or_cargo ]]; then
        _cargo_alembic_others=${BASH_REMATCH[1]}
    fi
    complete -F _cargo_alembic_or_cargo -o bashdefault -o default cargo
}

_cargo_alembic_register
complete -F _cargo_alembic -o bashdefault -o default cargo-alembic
"#;

const ZSH: &str = r#"
_cargo_alembic_or_cargo() {
    if (( CURRENT > 2 )) && [[ $words[2] == +* ]]; then
        words=("$words[1]" "${(@)words[3,-1]}")
        (( CURRENT -= 1 ))
    fi
    if (( CURRENT > 2 )) && [[ $words[2] == alembic ]]; then
        _cargo_alembic "$@"
    elif [[ -n $_cargo_alembic_others ]]; then
        $_cargo_alembic_others "$@"
    else
        _values command alembic
    fi
}

if [[ $_comps[cargo] != _cargo_alembic_or_cargo ]]; then
    typeset -g _cargo_alembic_others=$_comps[cargo]
fi
compdef _cargo_alembic_or_cargo cargo
compdef _cargo_alembic cargo-alembic
"#;
