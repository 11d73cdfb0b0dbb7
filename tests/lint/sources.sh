# Every C file stands in the Makefile's lists, and every name there is a file.
set -euo pipefail
. tests/lint/files.bash
listed=$(sed -n '/^# --- sources/,/^# --- flags/p' Makefile | grep -v '^#' | grep -oE '[a-z][a-z0-9_/]*\.c' | sort -u)
# The lint program is compiled by its own step.
present=$(files '*.c' | grep -v '^tests/lint/')
difference=$(diff <(echo "$listed") <(echo "$present") | sed -n 's/^</in the Makefile only:/p; s/^>/not in the Makefile:/p' || true)
[ -z "$difference" ] || { echo "$difference"; exit 1; }
