# .clang-format is applied; `make format` (this with "apply") does it.
set -u
. tests/lint/files.bash
if [ "${1-}" = apply ]; then
    files '*.c' '*.h' | xargs clang-format -i
    exit
fi
faults=$(files '*.c' '*.h' | xargs clang-format --dry-run --Werror 2>&1 | grep 'error:' | cut -d : -f 1,2 | sort -u)
[ -z "$faults" ] || { echo "$faults"; exit 1; }
