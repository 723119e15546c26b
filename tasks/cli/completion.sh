# Completion of <call>'s commands and what they take, for bash and zsh:
#   eval "$(<call> tabcompletion)"     (in ~/.bashrc or ~/.zshrc for good)

# From COMP_WORDS and COMP_CWORD to COMPREPLY, in what both shells (zsh as ksh) understand.
_doit_lambda_layer() {
    local cur=${COMP_WORDS[COMP_CWORD]} name="" head="" offers="" first="" word
    # bash takes `stage=lo` for three words, zsh for one
    if [ "$cur" = "=" ]; then
        name=${COMP_WORDS[COMP_CWORD-1]} cur=""
    elif [ "${COMP_WORDS[COMP_CWORD-1]}" = "=" ]; then
        name=${COMP_WORDS[COMP_CWORD-2]}
    elif [ "$cur" != "${cur#*=}" ]; then
        name=${cur%%=*} head="${cur%%=*}=" cur=${cur#*=}
    fi
    for word in "${COMP_WORDS[@]:1:$((COMP_CWORD - 1))}"; do
        [ -n "$first" ] || first=$word
    done
    if [ -n "$name" ]; then
        case $name in
            stage) offers=$(python3 -c 'import json; print(*json.load(open(".chalice/config.json"))["stages"])' 2>/dev/null) ;;
            requirements) offers=$(command ls -d -- *.txt 2>/dev/null) ;;
<values>
        esac
    elif [ -z "$first" ]; then
        offers="<commands>"
    elif [ "$first" = help ]; then
        offers="<commands> <topics>"
        [ "$COMP_CWORD" = 2 ] || offers=""
    elif [[ " clean forget info ignore run " == *" $first "* ]]; then
        offers="<commands>"
    else
        offers="<typed>"
        case $first in
<taken>
        esac
        compopt -o nospace 2>/dev/null
    fi
    COMPREPLY=()
    for word in $offers; do
        case $word in "$cur"*) COMPREPLY+=("$head$word") ;; esac
    done
}

if [ -n "${ZSH_VERSION:-}" ]; then
    typeset -f compdef >/dev/null || { autoload -Uz compinit && compinit -i; }
    _doit_lambda_layer_zsh() {
        emulate -L ksh
        local word COMP_CWORD=$((CURRENT - 1))
        local -a COMP_WORDS COMPREPLY
        COMP_WORDS=("${words[@]}")
        COMP_WORDS[$COMP_CWORD]=$PREFIX # without what stands behind the cursor
        _doit_lambda_layer
        for word in "${COMPREPLY[@]}"; do
            case $word in
                *=) compadd -S '' -- "$word" ;; # its value comes next, no space
                *) compadd -- "$word" ;;
            esac
        done
    }
    compdef _doit_lambda_layer_zsh <names>
else
    complete -F _doit_lambda_layer <names>
fi
