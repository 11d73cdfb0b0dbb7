# Includes go only where tests/lint/layers lets them.
set -euo pipefail
. tests/lint/files.bash
files '*.c' '*.h' | xargs awk '
function pattern(glob) {
    gsub(/\./, "\\.", glob)
    gsub(/\*\*/, "\001", glob)
    gsub(/\*/, "[^/]*", glob)
    gsub(/\001/, ".*", glob)
    return "^" glob "$"
}
function fits(name, globs,    list, count, i) {
    count = split(globs, list, " ")
    for (i = 1; i <= count; i++)
        if (name ~ pattern(list[i]))
            return 1
    return 0
}
function library(header) {
    if (header ~ /^lib(av|sw|postproc)[a-z]*\//) return "libav"
    if (header ~ /^curl\//) return "curl"
    if (header ~ /^nettle\//) return "nettle"
    if (header ~ /^vips\//) return "vips"
    if (header ~ /^(sqlite3|jansson|sodium|seccomp|cmocka)\.h$/) return substr(header, 1, length(header) - 2)
    return ""
}
function row_of(file,    i) {
    for (i = 1; i <= rows; i++)
        if (file ~ pattern(name[i]))
            return i
    return 0
}
function complain(what) {
    print FILENAME ":" FNR ": " what
    bad = 1
}
BEGIN {
    while ((getline line < "tests/lint/layers") > 0) {
        if (line ~ /^#|^ *$/)
            continue
        split(line, column, "|")
        gsub(/ /, "", column[1])
        name[++rows] = column[1]
        own[rows] = column[2]
        foreign[rows] = column[3]
    }
}
FNR == 1 {
    row = row_of(FILENAME)
    if (!row)
        complain("no row of tests/lint/layers fits this file")
}
row && match($0, /^# *include +"[^"]+"/) {
    split($0, part, "\"")
    if (!fits(part[2], own[row]))
        complain(name[row] " may not include " part[2])
}
row && match($0, /^# *include +<[^>]+>/) {
    split($0, part, /[<>]/)
    needed = library(part[2])
    if (needed && !fits(needed, foreign[row]))
        complain(name[row] " may not see the library of " part[2])
}
END { exit bad }'
