# What can fail must be looked at: a prototype in a header with a parameter `Error *error` and a
# result says _must_check_, in front. What comes back from a void pointer is known by a word of its
# type's own: four letters, and no two types share them.
set -uo pipefail
. tests/lint/files.bash

# These only ever say false, so that a function may end in them.
always_false='error_set error_set_errno error_add_field media_error_set task_fault'

files '*.h' | grep -v '^tests/' | xargs awk -v exempt=" $always_false " '
function complain(what) {
    print FILENAME ":" line ": " what
    bad = 1
}
FNR == 1 || !/^ / {
    prototype = ""
}
/^[A-Za-z_]/ && !/^typedef|[{=]/ {
    line = FNR
    prototype = " "
}
prototype {
    prototype = prototype $0 " "
}
prototype && /;$/ {
    match(prototype, /[a-z_0-9]+\(/)
    name = substr(prototype, RSTART, RLENGTH - 1)
    if (prototype ~ /\) +_must_check_/)
        complain("_must_check_ stands in front of " name)
    else if (prototype ~ /Error \*error[,)]/ && prototype !~ /const Error \*error/ &&
             prototype !~ /^ (_must_check_|void) / && !index(exempt, " " name " "))
        complain(name " can fail and does not say _must_check_")
    prototype = ""
}
END { exit bad }' || exit 1

files '*.c' '*.h' | grep -v '^tests/' | xargs grep -nE '^#define +[A-Z_]+_MAGIC +' /dev/null | awk '
!/ 0x[0-9a-f]+u \/\* "[A-Z][A-Z][A-Z][A-Z]" \*\/$/ { print $0 ": four letters, as 0x…u and in a comment"; bad = 1 }
$3 in first { print first[$3] " and " $0 " share a word"; bad = 1 }
{ first[$3] = $0 }
END { exit bad }'
