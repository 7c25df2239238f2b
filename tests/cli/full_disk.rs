//! File systems that take no more: each file is the old one or the new one, and the command can be repeated.

use std::process::Command;

use crate::PROGRAM;

/// Makes a project on a file system of its own, then leaves it as many blocks as `$1` says, runs `$2`, and compares. What it
/// prints is wrong.
const SCRIPT: &str = r#"
set -uo pipefail
disk=$(mktemp -d)
mount -t tmpfs -o size=200k tmpfs "$disk" || { echo "no file system of its own"; exit; }
mkdir -p "$disk/shop/src" "$disk/shop/migrations"
cd "$disk/shop"
printf '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2024"\n\n[package.metadata.alembic]\nsqlite-path = "shop.db"\nschema-snapshot = true\n' >Cargo.toml
for id in a1 b1 b2; do
    case $id in a1) parent='<base>' ;; *) parent=a1 ;; esac
    printf -- '-- add %s\n--\n-- Revision ID: %s\n-- Revises: %s\n\n-- alembic:upgrade\nCREATE TABLE %s (x INTEGER PRIMARY KEY);\n\n-- alembic:downgrade\nDROP TABLE %s;\n' \
        $id $id "$parent" $id $id >migrations/$id.sql
done
echo 'diesel::table! { a1 (x) { x -> Nullable<Integer> } }' >src/schema.rs
alembic() { "$PROGRAM" alembic "$@"; }
{ alembic upgrade a1 && cp migrations/alembic.lock stale && alembic merge heads -m both --rev-id c1 && mv stale migrations/alembic.lock; } >/dev/null 2>&1 || echo "the project is not made"
echo stale >migrations/schema.sqlite.sql
before=$(mktemp -d)
cp -r . "$before"
# What is left is a number of blocks, or nothing at all.
if [ "$1" = read-only ]; then
    mount -o remount,ro "$disk"
else
    dd if=/dev/zero of="$disk/filler" bs=4k 2>/dev/null
    truncate -s -$((4096 * $1)) "$disk/filler"
fi
said=$(eval "$2" 2>&1)
status=$?
mount -o remount,rw "$disk"
rm -f "$disk/filler"
if [ $status -ne 0 ]; then
    case $said in *"No space left"* | *"Read-only file system"* | *"disk is full"* | *"readonly database"* | *"unable to open"*) ;;
    *) echo "it does not say why: $said" ;;
    esac
    # A failure leaves what was there, but for what the next command removes by itself.
    for file in Cargo.toml src/schema.rs migrations/schema.sqlite.sql; do
        cmp -s "$file" "$before/$file" || echo "$file is another one after: $said"
    done
    [ "$(ls migrations)" = "$(ls "$before/migrations")" ] || echo "migrations has $(ls migrations) after: $said"
fi
alembic --quiet heads >/dev/null || echo "heads fails after: $said"
mount -o remount,size=4m "$disk"
[ $status -eq 0 ] || eval "$2" >/dev/null 2>&1 || echo "it cannot be repeated after: $said"
alembic check >/dev/null 2>&1
[ $? -le 1 ] || echo "check fails after: $said"
umount -l "$disk"
"#;

/// Runs a command with different numbers of free blocks; returns with how many of them it failed.
fn try_all(command: &str) -> usize {
    let program = std::path::absolute(PROGRAM).unwrap();
    let states = ["read-only", "0", "1", "2", "3", "4", "6", "9", "15"];
    let mut failed = 0;
    for state in states {
        let output = Command::new("unshare")
            .args([
                "--map-root-user",
                "--mount",
                "bash",
                "-c",
                &format!("{SCRIPT}\nexit $status"),
                "bash",
                state,
                command,
            ])
            .env("PROGRAM", &program)
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(said.is_empty(), "{command} with {state}: {}", String::from_utf8_lossy(&said));
        failed += usize::from(!output.status.success());
    }
    failed
}

#[test]
fn what_cannot_be_written_is_as_it_was() {
    for command in [
        "alembic revision -m more --rev-id d1",
        "alembic revision --rust -m more --rev-id d1",
        "alembic lock",
        "alembic snapshot",
        "alembic print-schema --from migrations --update src/schema.rs",
        "alembic upgrade head",
    ] {
        assert!(try_all(command) >= 2, "{command}");
    }
}
