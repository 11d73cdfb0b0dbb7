# Proves that each step sees what it is for: plants one fault at a time in a copy of the tree and
# expects the step to fail there and to name the file.
set -uo pipefail
. tests/lint/files.bash
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
copy=$folder/tree saved=$folder/saved
mkdir "$copy"
files '*' | tar -cf - -T - | tar -xf - -C "$copy"
bad=0

# planted STEP FILE TEXT: adds a line to a file of the copy, runs the step, restores the file.
planted() {
    local step=$1 file=$2 text=$3 output
    mkdir -p "$copy/$(dirname "$file")"
    [ ! -e "$copy/$file" ] || cp "$copy/$file" "$saved"
    printf '%s\n' "$text" >>"$copy/$file"
    if output=$("$copy/tests/lint/run" "$step" 2>&1); then
        echo "lint $step does not see in $file: $text"
        bad=1
    elif ! grep -q "$(basename "$file")" <<<"$output"; then
        echo "lint $step fails without naming $file: $output"
        bad=1
    fi
    rm "$copy/$file"
    [ ! -e "$saved" ] || mv "$saved" "$copy/$file"
}

planted tree stray.txt 'x'
planted words docs/style.md "TO""DO: later"
planted words common/base/base.c '/* see /ho''me/someone/notes */'
planted sources common/forgotten.c 'int forgotten;'
planted layers common/base/base.c '#include "web/http/http.h"'
planted layers web/http/message/range.c '#include <sqlite3.h>'
planted layers web/http/message/range.c '#include "web/access/access.h"'
planted layers web/http/server/loop.c '#include "web/http/exchange/request.h"'
planted layers web/library/planted.c '#include "web/upkeep/validator.h"'
planted layers web/store/planted.h '#include "web/http/http.h"'
planted layers transcoder/planted.c '#include <curl/curl.h>'
planted layers transcoder/planted.c '#include "web/store/store.h"'
planted layers elsewhere/planted.c 'int planted;'
planted circles common/base/error.h '#include "common/base/log.h"'
planted headers common/planted.h 'size_t planted(void);'
planted results common/base/file.h 'bool planted(int fd,
             Error *error);'
planted results common/base/file.h 'bool planted(int fd, Error *error) _must_check_;'
planted results web/app.h '#define PLANTED_MAGIC 0x2f8b71d3'
planted results web/app.h '#define PLANTED_MAGIC 0x4150504cu /* "APPL" */'
planted sql common/base/base.c 'static const char *planted = "DELETE FROM media";'
planted settings .env.example '# a setting nobody reads (web)
#PLANTED=1'
planted settings README.md '| `PLANTED` | web | `1` | a setting nobody reads |'
planted format common/base/base.c 'int   planted( void );'

# Banned calls are compile errors.
banned='strcpy strcat sprintf vsprintf strncpy strncat gets strtok asctime ctime gmtime localtime
    atoi atol system popen tmpnam mktemp alloca rand srand signal'
printf 'void planted(void);\nvoid planted(void)\n{\n' >"$copy/common/planted.c"
printf '    %s(0);\n' $banned >>"$copy/common/planted.c"
printf '}\n' >>"$copy/common/planted.c"
output=$(make -C "$copy" build/dev/common/planted.o 2>&1)
for call in $banned; do
    grep -q "\b${call}_is_banned_here" <<<"$output" || { echo "$call() compiles: $output"; bad=1; }
done
exit $bad
