# The settings table, .env.example, the README's table and --help tell the same names and defaults.
# Asked for --help are the programs that were built last.
# `tests/lint/settings.sh table` prints the rows for the README.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
${CC:-gcc} -std=gnu17 -D_GNU_SOURCE -I. -o "$folder/settings" tests/lint/settings.c
"$folder/settings" >"$folder/table"

readme_rows() {
    awk -F '\t' '{
        standard = $3 == "required" ? "required" : $3 == "" ? "none" : "`" $3 "`"
        printf "| `%s` | %s | %s | %s |\n", $1, $2, standard, $4
    }' "$folder/table"
}

# "# help (program)" and the line below it: a default behind #, or a value to fill in.
example_rows() {
    awk -F '\t' '{ printf "# %s (%s)\n%s%s=%s\n", $4, $2, $3 == "required" ? "" : "#", $1, $3 == "required" ? "" : $3 }' "$folder/table"
}

help_rows() {
    awk -F '\t' -v program="$1" '$2 == program || $2 == "both" {
        print $1, $3 == "" ? "-" : $3, $4
    }' "$folder/table"
}

if [ "${1-}" = table ]; then
    readme_rows
    exit
fi

bad=0
same() {
    diff "$folder/wanted" "$folder/found" >"$folder/difference" && return
    echo "$1 (< as the table says, > as written there):"
    cat "$folder/difference"
    bad=1
}

example_rows >"$folder/wanted"
sed -n '/^# .* (\(web\|transcoder\|both\))$/,/=/p' .env.example | sed 's/^\([A-Z_]*\)=.*/\1=/' >"$folder/found"
same .env.example

readme_rows | sed 's/ *| */|/g' | cut -d '|' -f 2-4 >"$folder/wanted"
grep -E '^\| `[A-Z_]+` \|' README.md | sed 's/ *| */|/g' | cut -d '|' -f 2-4 >"$folder/found" || true
same README.md

for program in web transcoder; do
    built=$(ls -t {build,build/dev}/reelkeep-"$program" 2>/dev/null | head -n 1) || true
    [ -n "$built" ] || continue
    help_rows "$program" >"$folder/wanted"
    "$built" --help | sed -n 's/^  \([A-Z_]\{4,\}\) \+\([^ ]\+\) \+/\1 \2 /p' >"$folder/found"
    same "reelkeep-$program --help"
done
exit $bad
