# Every header compiles alone.
set -uo pipefail
. tests/lint/files.bash
packages='sqlite3 libsodium nettle jansson libcurl libavformat libavfilter'
flags="-std=gnu17 -D_GNU_SOURCE -I. -Wall -Wextra -Werror $(pkg-config --cflags $packages)"
files '*.h' | xargs -P "$(nproc)" -I{} gcc $flags -Wno-unused-function -fsyntax-only -x c -include {} /dev/null
