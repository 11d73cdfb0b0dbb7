# tests/run gives every kind of suite its verdict: made-up suites run in a copy of it.
set -uo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/tests"
cp tests/run "$folder/tests"
cd "$folder"
bad=0

# suite NAME COMMANDS…
suite() {
    printf '%s\n' '#!/bin/bash' "${@:2}" >"$1"
    chmod +x "$1"
}

# expect WHAT CONDITION…: tells what was not so.
expect() {
    "${@:2}" && return
    echo "tests/run: $1"
    cat output
    bad=1
}

# told LINE: the output has exactly this line, but for how long a suite took.
told() {
    sed 's/([0-9.]*s)/(s)/' output | grep -qxF -- "$1"
}

# line VERDICT SUITE REST: as tests/run prints it.
line() {
    printf '%s  %-44s %s' "$1" ".-$2" "$3"
}

# ended FILE: the process whose number stands there is gone, or only waits to be buried.
ended() {
    local status=/proc/$(cat "$1")/status
    [ ! -e "$status" ] || grep -q '^State:.Z' "$status"
}

suite passes 'echo "[  PASSED  ] 3 test(s)."' 'echo "[  SKIPPED ] 1 test(s), listed below:"'
suite fails 'echo "the reason stands here"' 'echo "[  PASSED  ] 1 test(s)."' 'echo "[  FAILED  ] 2 test(s), listed below:"' 'exit 2'
suite crashes 'echo "[  PASSED  ] 5 test(s)."' 'kill -SEGV $$'
suite gives_up 'echo "[  PASSED  ] 4 test(s)."' 'exit 1'
suite counts_nothing 'echo well'
suite hangs 'sleep 100 & echo $! >hanging' 'echo "6 passed, 0 failed"' 'wait'
suite leaves_a_child 'sleep 100 & echo $! >left' 'echo "7 passed, 0 failed"'
suite fills_its_scratch '[ -d "$TMPDIR" ] && [ -z "$(ls -A "$TMPDIR")" ] || exit 1' 'touch "$TMPDIR/mine"' 'echo "$TMPDIR" >scratch' 'echo "8 passed, 0 failed"'
echo "import test from 'node:test'; test('a test of node', () => {});" >of_node.mjs

REELKEEP_SUITE_SECONDS=2 tests/run ./passes ./fails ./crashes ./gives_up ./counts_nothing ./hangs ./leaves_a_child \
    ./fills_its_scratch ./of_node.mjs ./is_missing >output 2>&1
expect 'failures make it fail' test $? -eq 1
expect 'what passed and what was skipped is counted' told "$(line 'ok  ' passes '  3 passed, 1 skipped (s)')"
expect 'failures are counted' told "$(line FAIL fails '  1 passed, 2 failed (s), ended with 2, build/logs/.-fails.log:')"
expect 'the log of a failure is shown' told '      the reason stands here'
expect 'a crash is a failure' told "$(line FAIL crashes '  5 passed, 1 failed (s), ended by SIGSEGV, build/logs/.-crashes.log:')"
expect 'an uncounted failure is one' told "$(line FAIL gives_up '  4 passed, 1 failed (s), ended with 1, build/logs/.-gives_up.log:')"
expect 'counting nothing is a failure' told "$(line FAIL counts_nothing '  0 passed, 1 failed (s), counted nothing, build/logs/.-counts_nothing.log:')"
expect 'a suite that hangs is ended' told "$(line FAIL hangs '  6 passed, 1 failed (s), did not end within 2 s, build/logs/.-hangs.log:')"
expect 'all that a suite started that hangs ends' ended hanging
expect 'what a suite leaves behind ends' ended left
expect 'a suite has a folder to itself' told "$(line 'ok  ' fills_its_scratch '  8 passed (s)')"
expect 'and it goes with the suite' test ! -e "$(cat scratch)"
expect "node's own tests count" told "$(line 'ok  ' of_node.mjs '  1 passed (s)')"
expect 'a suite that is not there is a failure' grep -q '^FAIL  \.-is_missing .* 1 failed' output
expect 'the last line adds up' test "$(tail -n 2 output)" = '1 skipped
35 passed, 7 failed'

# Two run at once: each of these waits for the other.
suite meets_b 'touch a; until [ -e b ]; do sleep 0.02; done; echo "1 passed, 0 failed"'
suite meets_a 'touch b; until [ -e a ]; do sleep 0.02; done; echo "1 passed, 0 failed"'
REELKEEP_SUITE_SECONDS=5 tests/run ./meets_a ./meets_b >output 2>&1
expect 'two suites run at once' test $? -eq 0

# The longest first, those that measure last and by themselves.
for name in test_housekeeper quick slow; do
    suite $name 'echo '$name' >>order; ls running && exit 1; touch running; rm running; echo "1 passed, 0 failed"'
done
printf '9 .-slow\n30 .-test_housekeeper\n' >tests/durations
rm build/durations
SUITES_AT_ONCE=1 tests/run ./test_housekeeper ./quick ./slow >output 2>&1
expect 'what took longest begins' test "$(tr '\n' ' ' <order)" = 'slow quick test_housekeeper '
expect 'durations are kept' test "$(wc -l <build/durations)" -eq 3

# Called off: everything it started ends at once.
rm hanging
timeout -k 1 10 tests/run ./hangs >output 2>&1 &
until [ -s hanging ]; do sleep 0.02; done
kill -TERM $!
wait $!
expect 'calling it off ends it with 143' test $? -eq 143
expect 'and what it started' ended hanging
exit $bad
