# Completion of <call>'s commands and what they take, for bash and zsh:
#   eval "$(<call> tabcompletion)"     (in ~/.bashrc or ~/.zshrc for good)
[ -z "${ZSH_VERSION:-}" ] || { autoload -Uz compinit bashcompinit; compinit; bashcompinit; }

_doit_lambda_layer() {
    local cur=${COMP_WORDS[COMP_CWORD]} name="" head="" words="" first="" word
    # bash takes `stage=lo` for three words, zsh for one
    if [ "$cur" = "=" ]; then
        name=${COMP_WORDS[COMP_CWORD-1]} cur=""
    elif [ "${COMP_WORDS[COMP_CWORD-1]}" = "=" ]; then
        name=${COMP_WORDS[COMP_CWORD-2]}
    elif [ "$cur" != "${cur#*=}" ]; then
        name=${cur%%=*} head="${cur%%=*}=" cur=${cur#*=}
    fi
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [ -n "$first" ] || first=$word
    done
    if [ -n "$name" ]; then
        case $name in
            stage) words=$(python3 -c 'import json; print(*json.load(open(".chalice/config.json"))["stages"])' 2>/dev/null) ;;
            requirements) words=$(compgen -G '*.txt') ;;
<values>
        esac
    elif [ -z "$first" ] || { [ "$first" = help ] && [ "$COMP_CWORD" = 2 ]; }; then
        words="<commands>"
    else
        words="<typed>"
        case $first in
<taken>
        esac
        compopt -o nospace 2>/dev/null
    fi
    COMPREPLY=($(compgen -P "$head" -W "$words" -- "$cur"))
}
complete -F _doit_lambda_layer <names>
