# bash completion for voready and its programs.
#
# The programs tell themselves what they take: `PROGRAM --completion` prints a line an option, with tabs between short
# name, long name, value ("" for none, FILE, VALUE, or the words that are allowed) and help; a line without names says
# that operands are files, or lists words of which the first operand is one: what follows is completed as that command's.
# Of a program with commands, `--completion` prints these, one a line.

# _voready_files PREFIX: names of files and folders.
_voready_files() {
    mapfile -t COMPREPLY < <(compgen -f -- "$1")
    compopt -o filenames 2>/dev/null
}

_voready_words() { # WORDS PREFIX
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

# _voready_value OPTION VALUE PREFIX: what an option's value may be. For lists and texts --completion says VALUE only.
_voready_value() {
    case $1:$2 in
    *:FILE | -c:* | --capture:* | -r:* | --rules:*) _voready_files "$3" ;;
    -i:* | --interface:*) _voready_words "$(cd /sys/class/net 2>/dev/null && echo *)" "$3" ;;
    *:VALUE) ;;
    *) _voready_words "$2" "$3" ;;
    esac
}

# _voready_operand OPTIONS FROM: the index of the first word from FROM on that is neither an option nor an option's value;
# nothing if the one that is being typed comes before. OPTIONS is what --completion printed.
_voready_operand() {
    local i word value
    for ((i = $2; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $word == -- ]]; then
            i=$((i + 1))
            break
        fi
        [[ $word == -* ]] || break
        value=$(awk -F '\t' -v word="$word" '$1 == word || $2 == word { print $3; exit }' <<<"$1")
        [[ ${COMP_WORDS[i + 1]} == "=" ]] && i=$((i + 1))
        [[ $value ]] && i=$((i + 1))
    done
    ((i < COMP_CWORD)) && echo "$i"
}

_voready() {
    local program=${1/#\~/$HOME} current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local command=() names=() files="" line short long value i ended=""
    COMPREPLY=()
    command=("$program")
    # a program with commands lists them without tabs; a command may be such a program itself
    local commands depth=1
    while commands=$("${command[@]}" --completion 2>/dev/null) && [[ $commands && $commands != *$'\t'* ]]; do
        if ((COMP_CWORD == depth)); then
            _voready_words "$commands -h --help --version" "$current"
            return
        fi
        grep -qxF -e "${COMP_WORDS[depth]}" <<<"$commands" || return
        command+=("${COMP_WORDS[depth]}")
        depth=$((depth + 1))
    done
    # a command whose first operand is a command itself: what follows that one is completed as if it stood alone
    local operands first
    operands=$(awk -F '\t' '!$1 && !$2 && $3 != "FILE" { print $3 }' <<<"$commands")
    if [[ $operands ]]; then
        first=$(_voready_operand "$commands" "$depth")
        if [[ $first && " $operands " == *" ${COMP_WORDS[first]} "* ]]; then
            COMP_WORDS=("$program" "${COMP_WORDS[@]:first}")
            COMP_CWORD=$((COMP_CWORD - first + 1))
            _voready "$program" "$current" "$before"
            return
        fi
        if [[ $first ]]; then
            return
        fi
    fi
    # readline breaks words at = and : too
    if [[ $before == : ]]; then # --point NAME:FILE
        _voready_files "$current"
        return
    fi
    if [[ $current == "=" ]]; then
        current=""
    elif [[ $before == "=" ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -- ]] && ended=yes
    done
    while IFS= read -r line; do
        short=${line%%$'\t'*} line=${line#*$'\t'}
        long=${line%%$'\t'*} line=${line#*$'\t'}
        value=${line%%$'\t'*}
        if [[ ! $short && ! $long ]]; then
            [[ $value == FILE ]] && files=yes
            continue
        fi
        names+=("$long" ${short:+"$short"})
        if [[ $value && ! $ended && $before == -* && ($before == "$long" || $before == "$short") ]]; then
            _voready_value "$before" "$value" "$current"
            return
        fi
    done < <("${command[@]}" --completion 2>/dev/null)
    if [[ $current == -* && ! $ended ]]; then
        _voready_words "${names[*]}" "$current"
    elif [[ $files ]]; then
        _voready_files "$current"
    elif [[ $operands ]]; then
        _voready_words "$operands" "$current"
    fi
}

complete -F _voready voready voready-rtp voready-reach voready-reflect voready-wlan voready-analyze voready-report
