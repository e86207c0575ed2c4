# SPDX-License-Identifier: Apache-2.0
#
# What the scripts of the throw-away cloud share: its places and ports, words for progress and failure,
# and daemons that are started once, watched, and stopped by the ids recorded for them.
# Source it; it runs nothing.

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=${LARDER_CLOUD_DIR:-/opt/larder-cloud}
BASE=${LARDER_CLOUD_PORT_BASE:-10000}       # added to the customary port of each service
PASS=${LARDER_CLOUD_PASSWORD:-larder-cloud}
HOSTS=${LARDER_CLOUD_HOSTS:-3}              # compute hosts with Nova's fake driver
DEBUG=${LARDER_CLOUD_DEBUG:-false}          # the services' debug logs cost a fifth of the CPU
REGION=RegionOne
VENV=$ROOT/venv TELEMETRY=$ROOT/venv-telemetry ETC=$ROOT/etc LOG=$ROOT/log RUN=$ROOT/run STAMP=$ROOT/stamp
export LANG=C.UTF-8 LC_ALL=C.UTF-8

declare -A PORT
for p in keystone:5000 nova-api:8774 nova-metadata:8775 cinder-api:8776 placement:8778 larderd:8787 \
    gnocchi-api:8041 glance-api:9292 neutron-api:9696 mariadb:3306 epmd:4369 rabbitmq:5672 memcached:11211; do
    PORT[${p%:*}]=$((BASE + ${p#*:}))
done
PORT[rabbitmq-dist]=$((BASE + 5680))
unset p

# ---------------------------------------------------------------- progress and failure

T0=${LARDER_CLOUD_T0:-$(date +%s%N)}
STEP='set-up' STEPLOG=

elapsed() {
    local ms=$((($(date +%s%N) - T0) / 1000000))
    printf '%5d.%ds' $((ms / 1000)) $((ms % 1000 / 100))
}

say() { printf '%s  %s\n' "$(elapsed)" "$*"; }

# step TEXT [LOG]: says what happens now, and which log tells why, should it fail
step() {
    STEP=$1 STEPLOG=${2:-}
    say "$1"
}

# die WHY [LOG]
die() {
    local log=${2:-$STEPLOG}
    {
        echo
        say "FAILED at \"$STEP\": $1"
        if [ -s "$log" ]; then
            echo "          the last lines of $log:"
            tail -n 25 "$log" | cut -c1-300 | sed 's/^/          | /'
        fi
    } >&2
    exit 1
}

need_root() { [ "$(id -u)" = 0 ] || die 'only root can do this (it mounts a file system and starts daemons as other users)'; }

# An interpreter path, a proxy or the credentials of the caller must not reach the services.
clean_environment() {
    unset PYTHONPATH PYTHONHOME http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY TMPDIR
    unset ${!OS_*}
    export -n PASS                          # a test that restarts a daemon has it from with_values; the daemon must not
    export XDG_CACHE_HOME=$ROOT/cache       # where stevedore keeps entry points
    export PATH=$ROOT/bin:$VENV/bin:/usr/sbin:/usr/bin:/sbin:/bin
}

# once NAME COMMAND...: runs it unless it has succeeded before
once() {
    local stamp=$STAMP/$1
    shift
    [ -e "$stamp" ] || { "$@" && touch "$stamp"; }
}

# ---------------------------------------------------------------- the shares of Cinder's two backends

SHARES='nfs nfs-cached'
share_name() { echo "127.0.0.1:/larder-$1"; }
share_mount() { echo "$ROOT/cinder/mnt/$(share_name "$1" | tr -d '\n' | md5sum | cut -c1-32)"; }

# ---------------------------------------------------------------- daemons

# Each daemon carries the cloud's directory in its environment: an id that was recorded before the machine started anew may
# be another process's by now.  SPT_NOENV keeps those that rename themselves from writing over it.
MARK=LARDER_CLOUD_DAEMON_OF=$ROOT

ours() { grep -qzFx "$MARK" "/proc/$1/environ" 2>/dev/null; } # PID

alive() { # NAME
    local pid
    read -r pid 2>/dev/null <"$RUN/$1.pid" && [ -n "$pid" ] && ours "$pid"
}

# kill_session NAME: the children that a daemon has left are in its session
kill_session() {
    local pid
    [ -s "$RUN/$1.pid" ] || return 0
    for pid in $(pgrep -s "$(cat "$RUN/$1.pid")"); do
        if ours "$pid"; then kill -KILL "$pid" 2>/dev/null; fi
    done
    rm -f "$RUN/$1.pid"
}

declare -A LOG_OFFSET=()     # where in its log this start of a daemon begins

# start NAME COMMAND...: in a session of its own, marked, its id recorded.  Files that a library leaves in
# TMPDIR under its parent's id would confuse the next start, so each start has a fresh one.  What the caller has open, a
# lock for example, is not the daemon's.
start() {
    local name=$1 pid
    shift
    say "start $name"
    kill_session "$name"
    rm -rf "$ROOT/tmp/$name"
    mkdir -p "$ROOT/tmp/$name"
    chmod 1777 "$ROOT/tmp/$name"
    touch "$LOG/$name.log"
    LOG_OFFSET[$name]=$(stat -c %s "$LOG/$name.log")
    env "$MARK" SPT_NOENV=1 TMPDIR="$ROOT/tmp/$name" setsid "$@" >>"$LOG/$name.log" 2>&1 </dev/null \
        3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
    pid=$!
    echo $pid >"$RUN/$name.pid"
    until ours $pid || ! kill -0 $pid 2>/dev/null; do sleep 0.01; done
}

# logged NAME TEXT: whether a daemon has logged TEXT since this script started it
logged() { [ -n "${LOG_OFFSET[$1]:-}" ] && tail -c +$((LOG_OFFSET[$1] + 1)) "$LOG/$1.log" | grep -qF "$2"; }

# A WSGI server listens long before its application can answer: ask it for a line of HTTP.
listens() { # NAME
    local line
    (
        exec 3<>"/dev/tcp/127.0.0.1/${PORT[$1]}" || exit 1
        case $1 in
        mariadb | memcached | epmd | rabbitmq) exit 0 ;;
        esac
        printf 'GET / HTTP/1.0\r\n\r\n' >&3
        read -r -t 5 line <&3 && [[ $line = HTTP/* ]]
    ) 2>/dev/null
}

# wait_listen NAME...: until each answers on its port; a daemon that has ended fails at once
wait_listen() {
    local name end=$((SECONDS + 120))
    for name; do
        until listens "$name"; do
            # while it is being executed it bears no mark for a moment: only what is gone at two looks has ended
            alive "$name" || { sleep 0.5; alive "$name"; } || die "$name has ended instead of listening on 127.0.0.1:${PORT[$name]}" "$LOG/$name.log"
            # uWSGI would load an application that fails again and again
            if logged "$name" 'no app loaded'; then die "$name cannot load its application" "$LOG/$name.log"; fi
            [ $SECONDS -lt $end ] || die "$name does not answer on 127.0.0.1:${PORT[$name]} after 120 s" "$LOG/$name.log"
            sleep 0.1
        done
    done
}

# stop SECONDS NAME...: all at once; what still runs after SECONDS is killed.  The state is in the database.
stop() {
    local limit=$1 name left i
    shift
    for name; do
        if alive "$name"; then kill -TERM "$(cat "$RUN/$name.pid")" 2>/dev/null; fi
    done
    for ((i = 0; i < limit * 10; i++)); do
        left=
        for name; do if alive "$name"; then left="$left $name"; fi; done
        [ -n "$left" ] || break
        sleep 0.1
    done
    for name; do kill_session "$name"; done
}

# as root, by the socket
sql() { mariadb --no-defaults -S "$RUN/mysqld.sock" -u root "$@"; }

# with_values COMMAND...: with all that the configuration's templates and resources.py name
with_values() {
    local name upper
    local -a values=(ROOT="$ROOT" ETC="$ETC" VENV="$VENV" PASS="$PASS" REGION="$REGION" DEBUG="$DEBUG" HOSTS="$HOSTS")
    for name in "${!PORT[@]}"; do
        upper=${name^^}
        values+=("PORT_${upper//-/_}=${PORT[$name]}")
    done
    # the ids that Keystone gave, once it has
    if [ -e "$ETC/ids" ]; then mapfile -t -O ${#values[@]} values <"$ETC/ids"; fi
    env "${values[@]}" "$@"
}

config() { with_values /usr/bin/python3 -I "$HERE/config.py" "$@"; }
resources() { with_values "$VENV/bin/python" -I "$HERE/resources.py" "$@"; }
