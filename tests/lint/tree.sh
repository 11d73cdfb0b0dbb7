# The top level holds exactly what the architecture names, and dot files.
set -euo pipefail
wanted='CHANGELOG.md LICENSE Makefile README.md common docs railway tests transcoder web'
found=$(ls | grep -vxE 'build|data|work' | LC_ALL=C sort | tr '\n' ' ')
[ "$found" = "$wanted " ] || { echo "the top level holds: $found"; echo "and should hold:     $wanted"; exit 1; }
