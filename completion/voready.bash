# bash completion for voready and its programs.
#
# The programs tell themselves what they take: `PROGRAM --completion` prints a line an option, with tabs between short
# name, long name, value ("" for none, FILE, VALUE, or the words that are allowed) and help; a line without names says
# that operands are files. Of a program with commands, `--completion` prints these, one a line.

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
            files=yes
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
    fi
}

complete -F _voready voready voready-rtp voready-reach voready-reflect voready-wlan voready-analyze voready-report
