# What the benches of web have in common; sourced with $folder, $rounds and $huge_bytes set.
# shellcheck shell=bash
web='' nginx='' beside=''

cleanup() {
    local pid
    touch "$folder/stop"
    for pid in $beside $web $nginx; do
        kill -TERM "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
    done
    rm -rf "$folder"
}

free_port() {
    node -e 'const s = require("net").createServer(); s.listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}

await() {
    local attempt
    for attempt in $(seq 200); do
        ! curl -sf -o /dev/null "$1" || return 0
        sleep 0.05
    done
    echo "$1 does not answer" >&2
    cat "$folder"/*.log >&2
    exit 1
}

start_web() {
    web_url=http://127.0.0.1:$(free_port)
    env -i PATH="$PATH" HOST=127.0.0.1 PORT="${web_url##*:}" MEDIA_ROOT="$folder/volume" \
        TRANSCODING_UPLOAD_TOKEN="$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')" LOG_LEVEL=warning \
        MAX_AUDIO_SIZE=2G build/reelkeep-web serve >"$folder/web.log" 2>&1 &
    web=$!
    await "$web_url/readyz"
}

# Whether this nginx can take files.
has_put() {
    nginx -V 2>&1 | grep -q http_dav_module
}

start_nginx() {
    local put=''
    ! has_put || put="client_max_body_size 2g; location /put/ { root $folder; dav_methods PUT; create_full_put_path on; }"
    nginx_url=http://127.0.0.1:$(free_port)
    cat >"$folder/nginx.conf" <<CONF
daemon off;
worker_processes 2;
$([ "$(id -u)" -ne 0 ] || echo 'user root;')
pid $folder/nginx/pid;
error_log $folder/nginx.log warn;
events { worker_connections 4096; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    types { image/png png; audio/wav wav; }
    client_body_temp_path $folder/nginx/body;
    proxy_temp_path $folder/nginx/proxy;
    fastcgi_temp_path $folder/nginx/fastcgi;
    uwsgi_temp_path $folder/nginx/uwsgi;
    scgi_temp_path $folder/nginx/scgi;
    server {
        listen 127.0.0.1:${nginx_url##*:};
        location /media/ { alias $folder/volume/; }
        location = /ready { return 200; }
$put
    }
}
CONF
    nginx -c "$folder/nginx.conf" 2>"$folder/nginx.log" &
    nginx=$!
    await "$nginx_url/ready"
}

# --- the files, put into web by its own interface ---

# make_photo NAME SIDE: noise, of which a pixel takes three bytes.
make_photo() {
    ffmpeg -v error -y -f rawvideo -pix_fmt rgb24 -s "$2x$2" -i /dev/urandom -frames:v 1 "$folder/$1"
}

# A recording of noise.
make_recording() {
    ffmpeg -v error -f s16le -ar 48000 -ac 2 -i /dev/urandom -fs "$huge_bytes" -c copy "$folder/$1"
}

# A second of film, and behind it a box of noise that players skip.
make_film() {
    local padding
    ffmpeg -v error -f lavfi -i testsrc2=d=1 -f lavfi -i sine=d=1 -c:v libx264 -pix_fmt yuv420p -c:a aac "$folder/$1"
    padding=$((huge_bytes - $(stat -c %s "$folder/$1")))
    {
        printf "$(printf '%08x' "$padding" | sed 's/../\\x&/g')free"
        head -c $((padding - 8)) /dev/urandom
    } >>"$folder/$1"
}

# field NAME DOCUMENT
field() {
    node -p 'JSON.parse(process.argv[2])[process.argv[1]] ?? ""' "$1" "$2"
}

# upload NAME: the path of the original, once web has looked into it and found it good.
upload() {
    local answer
    answer=$(curl -sf -F "file=@$folder/$1" "$web_url/api/uploads")
    while [ "$(field status "$answer")" = validating ]; do
        sleep 0.1
        answer=$(curl -sf "$web_url/api/uploads/$(field id "$answer")")
    done
    if [ "$(field status "$answer")" = failed ]; then
        echo "$1: $(field error "$answer")" >&2
        return 1
    fi
    field original_url "$answer"
}

# --- figures ---

ticks() {
    local pid sum=0 fields
    for pid in "$1" $(cat "/proc/$1/task/$1/children"); do
        read -r -a fields < <(sed 's/.*) //' "/proc/$pid/stat")
        sum=$((sum + fields[11] + fields[12]))
    done
    echo $sum
}

median() {
    sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

ratio() {
    awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", b ? a / b : 0 }'
}

print_row() {
    printf '%-42s %10s %10s %7s   %s\n' "$@"
}
