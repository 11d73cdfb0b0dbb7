# SQL has one home: no statement in a string outside web/store/sqlite.
set -uo pipefail
. tests/lint/files.bash
! files '*.c' '*.h' | grep -E '^(common|web|transcoder)/' | grep -v '^web/store/sqlite/' | xargs -r grep -nE \
    '"[^"]*\b(SELECT .*|INSERT (OR [A-Z]+ )?INTO|UPDATE [a-z_]+ SET|DELETE FROM|(CREATE|ALTER|DROP) (TABLE|INDEX|VIEW)|PRAGMA [a-z]|BEGIN IMMEDIATE|WHERE [a-z])'
