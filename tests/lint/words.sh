# No marks for later, no path of somebody's machine, no package host but the public one.
set -uo pipefail
. tests/lint/files.bash
bad=0

# Complains about every line of the input.
complain() {
    local lines
    lines=$(cat)
    [ -n "$lines" ] || return 0
    echo "$1:"
    echo "$lines"
    bad=1
}

mapfile -t all < <(files '*')
complain 'marks for later' < <(grep -nIE '\b(TO[D]O|FIX[M]E|XX[X])\b' "${all[@]}")
complain 'paths of one machine' < <(grep -nIE '(^|[^A-Za-z0-9_.-])/(ro[o]t|ho[m]e|wor[k]/[a-z]+)\b' "${all[@]}")
complain 'package hosts other than the public one' < <(files package-lock.json |
    xargs -r grep -n '"resolved": "' | grep -v '"https://registry\.npmjs\.org/')
exit $bad
