#!/bin/sh
# Checks the form of all tracked sources, and changes nothing: C with clang-format and clang-tidy,
# shell scripts and Python for their syntax. Run by developers, also as the build target `lint`.
#
#   sh tools/lint.sh BUILD_FOLDER     a configured one, for its compile_commands.json
#
# CLANG_FORMAT and CLANG_TIDY name other programs than clang-format and clang-tidy.
set -eu

clang_format=${CLANG_FORMAT:-clang-format}
clang_tidy=${CLANG_TIDY:-clang-tidy}

stop() {
    echo "lint: $1" >&2
    exit 2
}

[ $# -eq 1 ] || stop "usage: sh tools/lint.sh BUILD_FOLDER"
[ -f "$1/compile_commands.json" ] ||
    stop "$1 has no compile_commands.json: configure it with cmake --preset release"
for program in git python3 "$clang_format" "$clang_tidy"; do
    command -v "$program" >/dev/null || stop "$program was not found: run \`sh tools/setup.sh\`"
done
commands=$(cd "$1" && pwd)/compile_commands.json
cd "$(dirname "$0")/.."
git rev-parse --is-inside-work-tree >/dev/null || stop "the sources are no git repository"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 2' HUP INT TERM

# The tracked files of these patterns, as far as they are there.
tracked() {
    git ls-files -- "$@" | while read -r file; do
        [ ! -f "$file" ] || echo "$file"
    done
}

check_format() {
    tracked '*.c' '*.h' >"$scratch/format"
    xargs "$clang_format" --dry-run --Werror <"$scratch/format"
}

# A list of compile commands with every tracked file once, if possible as the target has it: its
# other entries differ in flags only, and clang-tidy 14 takes each va_list for uninitialized in
# a file that it reads a second time. Prints the files.
choose_commands() {
    tracked '*.c' | python3 -c '
import json, os, sys
entries = {os.path.realpath(name.strip()): None for name in sys.stdin}
def for_target(entry):
    return "--target=" in entry.get("command", " ".join(entry.get("arguments", [])))
for entry in json.load(open(sys.argv[1])):
    file = os.path.realpath(os.path.join(entry["directory"], entry["file"]))
    if file in entries and (entries[file] is None or for_target(entry) > for_target(entries[file])):
        entries[file] = entry
json.dump([entry for entry in entries.values() if entry], open(sys.argv[2], "w"))
print("\n".join(file for file, entry in entries.items() if entry))
' "$commands" "$scratch/compile_commands.json"
}

# As many at once as there are processors; each shows what it found when it has ended.
# A file that is compiled to assembly text has -S, which clang-tidy has no use for.
check_tidy() {
    choose_commands >"$scratch/tidy" || return 1
    xargs -P "$(getconf _NPROCESSORS_ONLN)" -n 1 sh -c '
        found=$("$0" --quiet -p "$1" --header-filter="$PWD/.*" \
            --extra-arg=-Wno-unused-command-line-argument "$2" 2>&1) || {
            printf "%s\n" "$found"
            exit 1
        }' "$clang_tidy" "$scratch" <"$scratch/tidy"
}

# Each with the shell that its first line names.
check_shell() {
    git grep --files-with-matches -E '^#!.*[/ ](ba)?sh$' >"$scratch/shell"
    status=0
    while read -r file; do
        read -r first_line <"$file"
        case $first_line in
        *bash) bash -n "$file" || status=1 ;;
        *) sh -n "$file" || status=1 ;;
        esac
    done <"$scratch/shell"
    return $status
}

# Compiled in memory: nothing is left behind.
check_python() {
    tracked '*.py' >"$scratch/python"
    xargs python3 -W error -c '
import pathlib, sys
status = 0
for file in sys.argv[1:]:
    try:
        compile(pathlib.Path(file).read_text(encoding="utf-8"), file, "exec")
    except (SyntaxError, ValueError) as error:
        print(f"{file}: {error}")
        status = 1
sys.exit(status)
' <"$scratch/python"
}

bad=""
for check in format tidy shell python; do
    "check_$check" || bad="$bad $check"
done
count() {
    wc -l <"$scratch/$1" | tr -d ' '
}
if [ -n "$bad" ]; then
    echo "lint: not clean:$bad" >&2
    exit 1
fi
echo "lint: clean: $(count format) C files and headers formatted, $(count tidy) C files tidy," \
    "$(count shell) shell scripts and $(count python) Python files parse"
