# No circle of files: a module (its header and its C file) never comes back to itself by includes.
set -u
. tests/lint/files.bash
circles=$(files '*.c' '*.h' | grep -v '^tests/' | xargs awk '
{
    module = FILENAME
    sub(/\.[ch]$/, "", module)
}
match($0, /^# *include +"[^"]+"/) {
    split($0, part, "\"")
    sub(/\.[ch]$/, "", part[2])
    if (part[2] != module)
        print module, part[2]
}' | tsort 2>&1 >/dev/null | sed 's/^tsort: -: input contains a loop:$/these include each other in a circle:/; s/^tsort: \(.*\)/\1.h/')
[ -z "$circles" ] || { echo "$circles"; exit 1; }
