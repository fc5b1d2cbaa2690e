# Completion of bootimage's command line for bash, installed as bash-completion/completions/bootimage.
# tests/commands/test_shell_and_manual.py compares it with the program's help.

_bootimage_options()
{
    case $1 in
    create) echo "--kernel --output --cmdline --module --module-cmdline --no-symbols --compress --format" ;;
    inspect) echo "--json" ;;
    extract) echo "--kernel --module --cmdline --all --force" ;;
    convert) echo "--format --output" ;;
    run) echo "--debug --display --serial --without-display --timeout --qemu --" ;;
    test) echo "--expect --timeout --exit-code --qemu --" ;;
    timeline) echo "--output --frequency --force" ;;
    write) echo "--any-disk --yes" ;;
    esac
    case $1 in
    create | inspect | verify | extract | convert | run | test | timeline | write) echo "--color --help -h" ;;
    esac
}

# File names, of directories only with -d; the shell quotes them.
_bootimage_files()
{
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

_bootimage_words()
{
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_bootimage()
{
    local commands="create inspect verify extract convert run test timeline write help"
    local current=${COMP_WORDS[COMP_CWORD]} at=$((COMP_CWORD - 1))
    local command=${COMP_WORDS[1]} word

    COMPREPLY=()
    if [[ $COMP_CWORD -eq 1 ]]; then
        _bootimage_words "$commands --help -h --version" "$current"
        return
    fi
    if [[ $command == help || $command == --help || $command == -h ]]; then
        [[ $COMP_CWORD -ne 2 ]] || _bootimage_words "$commands" "$current"
        return
    fi
    for word in "${COMP_WORDS[@]:2:COMP_CWORD-2}"; do
        if [[ $word == -- ]]; then # the rest is another program's
            _bootimage_files -f "$current"
            return
        fi
    done
    # The shell makes words of an equals sign and of what is around it.
    if [[ $current == = ]]; then
        current=
    elif [[ ${COMP_WORDS[at]} == = ]]; then
        at=$((at - 1))
    fi
    if [[ ${COMP_WORDS[at - 1]} == --module ]]; then # NAME= of NAME=FILE
        _bootimage_files -f "$current"
        return
    fi
    case ${COMP_WORDS[at]} in
    --color) _bootimage_words "auto always never" "$current" ;;
    --compress) _bootimage_words "auto none lz4" "$current" ;;
    --format) _bootimage_words "raw vhd vmdk iso" "$current" ;;
    --all) _bootimage_files -d "$current" ;;
    --kernel | --output | --qemu | --without-display) _bootimage_files -f "$current" ;;
    --cmdline | --module-cmdline | --expect | --timeout | --exit-code | --frequency | --module)
        # Of extract, --cmdline takes no value.
        if [[ $command == extract && ${COMP_WORDS[at]} == --cmdline ]]; then
            _bootimage_words "$(_bootimage_options "$command")" "$current"
        fi
        ;;
    *)
        if [[ $current == -* ]]; then
            _bootimage_words "$(_bootimage_options "$command")" "$current"
        else
            _bootimage_files -f "$current"
        fi
        ;;
    esac
}

complete -F _bootimage bootimage
