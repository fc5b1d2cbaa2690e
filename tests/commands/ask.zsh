# What zsh offers for the last word of command lines. Sourced in an interactive zsh -f, which then ends, by
# test_shell_and_manual.py, with these variables:
#   ASK_FOLDER   where the completion functions are
#   ASK_LINES    a file of command lines
#   ASK_ANSWERS  a file that gets, for each that is offered, the line, a tab and the word, with what is
#                put behind it
fpath=($ASK_FOLDER $fpath)
autoload -Uz compinit
compinit -D -u
LISTMAX=10000

# All that is offered goes through here. With -O, -A or -D it is only looked through beforehand.
compadd()
{
    local -a offered
    local behind=${${(M)@:#-qS*}#-qS}
    if (( ! ${@[(I)-[OAD]*]} )); then
        builtin compadd -O offered "$@"
        (( ! $#offered )) || print -rl -- $asked$'\t'${^offered}"$behind" >>$ASK_ANSWERS
    fi
    builtin compadd "$@"
}

ask_all()
{
    local asked
    for asked in ${(f)"$(<$ASK_LINES)"}; do
        BUFFER=$asked
        CURSOR=$#BUFFER
        zle list-choices
    done
    BUFFER=exit
    zle accept-line
}
zle -N zle-line-init ask_all
