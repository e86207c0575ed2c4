# SPDX-License-Identifier: Apache-2.0
#
# Servers for the service tests, each private: its directory under $DIR, its port free and on loopback.
# Source it; begin() makes the directory and sees to it that all is gone at the end, also on ^C.

SERVICE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
VENV=${LARDER_CLOUD_DIR:-/opt/larder-cloud}/venv
PIDS=()     # what was started and may still run
DIR=
LAST_PORT=$((20000 + RANDOM % 10000))

say() { echo "service tests: $*"; }

fail() { # WHY [LOG]
    say "FAILED: $1" >&2
    [ -s "${2:-}" ] && tail -n 25 "$2" | cut -c1-300 | sed 's/^/    | /' >&2
    exit 1
}

watch() { PIDS+=("$1"); }

# What was killed and started again by "again" is known by its pid file only.
end_restarted() {
    local file
    for file in "$DIR"/*/pid; do
        [ -s "$file" ] && kill -TERM "$(<"$file")" 2>/dev/null
    done
}

# Newest first: what depends on another is stopped before it.
end() {
    local i pid
    trap '' INT TERM HUP
    for ((i = ${#PIDS[@]} - 1; i >= 0; i--)); do
        pid=${PIDS[i]}
        kill -TERM "$pid" 2>/dev/null || continue
        for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
        kill -KILL "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    end_restarted
    if [ -n "${LARDER_TEST_KEEP:-}" ]; then say "kept $DIR"; return; fi
    rm -rf "$DIR" 2>/dev/null || { sleep 2; rm -rf "$DIR"; }    # RabbitMQ may still be writing as it ends
}

begin() {
    DIR=$(mktemp -d /tmp/larder-test.XXXXXX) || exit 1
    trap end EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    chmod 711 "$DIR"
    LARDER_TEST_PASSWORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    export LARDER_TEST_PASSWORD
    export LARDER_TEST_DIR=$DIR LARDER_TEST_AGAIN=$SERVICE/again
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Into the variable named: a port that nobody listens on, below those that connections are given.
free_port() { # VARIABLE
    while LAST_PORT=$((LAST_PORT < 31000 ? LAST_PORT + 1 : 20000)); listens "$LAST_PORT"; do :; done
    printf -v "$1" %s "$LAST_PORT"
}

# wait_for SECONDS PID LOG WHAT COMMAND...: until it succeeds, or the server has ended
wait_for() {
    local tries=$(($1 * 10)) pid=$2 log=$3 what=$4
    shift 4
    until "$@" >/dev/null 2>&1; do
        kill -0 "$pid" 2>/dev/null || fail "$what ended while it started" "$log"
        [ $((tries--)) -gt 0 ] || fail "$what did not start in time" "$log"
        sleep 0.1
    done
}

need() { # COMMAND PACKAGE
    command -v "$1" >/dev/null || fail "$1 is missing; apt-get install $2"
}

# as USER COMMAND...: as that user when we are root, else as we are
as() {
    local user=$1
    shift
    if [ "$(id -u)" = 0 ]; then exec runuser -u "$user" -- "$@"; else exec "$@"; fi
}

# How a server is started, as a script that "again" starts too.
server_script() { # NAME PORT USER COMMAND...
    local name=$1 port=$2 user=$3 script
    shift 3
    script=$DIR/$name.run
    echo "$port" >"$DIR/$name.port"
    {
        echo '#!/bin/bash'
        if [ "$(id -u)" = 0 ]; then printf 'exec runuser -u %q --' "$user"; else printf exec; fi
        printf ' %q' "$@"
        echo
    } >"$script" && chmod 755 "$script"
}

private_dir() { # USER DIRECTORY
    mkdir -m 700 "$2" || exit 1
    if [ "$(id -u)" = 0 ]; then chown "$1": "$2"; fi
}

# ---------------------------------------------------------------- MariaDB

sql() { mariadb --no-defaults --socket="$DIR/mariadb/socket" --user="$(id -un)" "$@"; }

# A certificate for 127.0.0.1, or for what is named, and the authority that signed it.
make_certificate() { # DIRECTORY [ALTERNATIVE NAME]
    (cd "$1" && umask 077 \
        && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
            -subj '/CN=Larder test authority' -keyout ca.key -out ca.pem \
        && openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=127.0.0.1 \
            -keyout server.key -out server.csr \
        && openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out server.pem \
            -extfile <(echo "subjectAltName=${2:-IP:127.0.0.1}"))
}

# The user may do everything with databases larder..., and nothing else: no more does Larder need.
start_mariadb() {
    local home=$DIR/mariadb log=$DIR/mariadb.log
    PATH=$PATH:/usr/sbin
    need mariadbd mariadb-server
    private_dir mysql "$home"
    free_port MARIADB_PORT
    make_certificate "$home" >"$log" 2>&1 || fail 'no certificate could be made' "$log"
    if [ "$(id -u)" = 0 ]; then chown mysql: "$home"/*; fi
    cp "$home/ca.pem" "$DIR/mariadb-ca.pem" && chmod 644 "$DIR/mariadb-ca.pem"
    (as mysql mariadb-install-db --no-defaults --datadir="$home/data" --skip-test-db \
        --auth-root-socket-user="$(id -un)") >>"$log" 2>&1 || fail 'mariadb-install-db failed' "$log"
    server_script mariadb "$MARIADB_PORT" mysql mariadbd --no-defaults --datadir="$home/data" --socket="$home/socket" --pid-file="$home/pid" --tmpdir="$home" \
        --bind-address=127.0.0.1 --port="$MARIADB_PORT" --innodb-flush-log-at-trx-commit=2 \
        --innodb-buffer-pool-size=64M --max-connections=300 --log-bin="$home/binlog" --server-id=1 \
        --ssl-ca="$home/ca.pem" --ssl-cert="$home/server.pem" --ssl-key="$home/server.key" \
        --skip-log-warnings
    PATH=$PATH:/usr/sbin "$DIR/mariadb.run" >>"$log" 2>&1 &
    watch $!
    wait_for 30 $! "$log" MariaDB mariadb-admin --no-defaults --socket="$home/socket" --user="$(id -un)" ping
    sql <<<"CREATE USER larder@'127.0.0.1' IDENTIFIED BY '$LARDER_TEST_PASSWORD';
        CREATE DATABASE larder CHARACTER SET utf8mb4;
        GRANT ALL ON \`larder%\`.* TO larder@'127.0.0.1';" >>"$log" 2>&1 || fail 'no user could be made' "$log"
    export LARDER_TEST_DATABASE_CA=$DIR/mariadb-ca.pem
    export LARDER_TEST_DATABASE="mysql://larder:$LARDER_TEST_PASSWORD@127.0.0.1:$MARIADB_PORT/larder"
}

# ---------------------------------------------------------------- RabbitMQ

start_rabbitmq() {
    local home=$DIR/rabbitmq log=$DIR/rabbitmq.log distribution epmd
    [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || fail 'RabbitMQ is missing; apt-get install rabbitmq-server'
    private_dir rabbitmq "$home"
    free_port RABBIT_PORT
    free_port RABBIT_TLS_PORT
    free_port distribution
    free_port epmd
    printf '%s\n' "listeners.tcp.1 = 127.0.0.1:$RABBIT_PORT" 'default_user = larder' \
        "default_pass = $LARDER_TEST_PASSWORD" 'loopback_users = none' \
        "listeners.ssl.1 = 127.0.0.1:$RABBIT_TLS_PORT" "ssl_options.cacertfile = $home/ca.pem" \
        "ssl_options.certfile = $home/server.pem" "ssl_options.keyfile = $home/server.key" \
        'ssl_options.verify = verify_none' 'ssl_options.fail_if_no_peer_cert = false' >"$home/rabbitmq.conf"
    make_certificate "$home" DNS:localhost >"$log" 2>&1 || fail 'no certificate could be made' "$log"
    cp "$home/ca.pem" "$DIR/rabbitmq-ca.pem" && chmod 644 "$DIR/rabbitmq-ca.pem"
    : >"$home/plugins"
    if [ "$(id -u)" = 0 ]; then chown rabbitmq: "$home"/*; fi
    (as rabbitmq epmd -address 127.0.0.1 -port "$epmd") >>"$log" 2>&1 &
    watch $!
    wait_for 10 $! "$log" epmd listens "$epmd"
    server_script rabbitmq "$RABBIT_PORT" rabbitmq env HOME="$home" ERL_EPMD_PORT="$epmd" ERL_EPMD_ADDRESS=127.0.0.1 \
        RABBITMQ_NODENAME="larder-test-$$@localhost" RABBITMQ_DIST_PORT="$distribution" \
        RABBITMQ_CONFIG_FILE="$home/rabbitmq.conf" RABBITMQ_CONF_ENV_FILE=/dev/null \
        RABBITMQ_MNESIA_BASE="$home" RABBITMQ_LOG_BASE="$home/log" \
        RABBITMQ_ENABLED_PLUGINS_FILE="$home/plugins" RABBITMQ_PID_FILE="$home/pid" \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}' \
        /usr/lib/rabbitmq/bin/rabbitmq-server
    "$DIR/rabbitmq.run" >>"$log" 2>&1 &
    watch $!
    wait_for 60 $! "$log" RabbitMQ listens "$RABBIT_PORT"
    wait_for 60 $! "$log" 'RabbitMQ with TLS' listens "$RABBIT_TLS_PORT"
    export LARDER_TEST_RABBIT_CA=$DIR/rabbitmq-ca.pem LARDER_TEST_RABBIT_TLS_PORT=$RABBIT_TLS_PORT
    export LARDER_TEST_RABBIT="rabbit://larder:$LARDER_TEST_PASSWORD@127.0.0.1:$RABBIT_PORT/"
}

# ---------------------------------------------------------------- Keystone

keystone_conf() {
    cat <<END
[database]
connection = mysql+pymysql://keystone:$LARDER_TEST_PASSWORD@127.0.0.1:$MARIADB_PORT/keystone
[token]
provider = fernet
[fernet_tokens]
key_repository = $DIR/keystone/keys/
[fernet_receipts]
key_repository = $DIR/keystone/keys/
[credential]
key_repository = $DIR/keystone/credential-keys/
END
}

# What keystone-manage fernet_setup makes, without its seconds.
make_keys() { # DIRECTORY
    mkdir -m 700 "$1" || exit 1
    local key
    for key in 0 1; do openssl rand -base64 32 | tr +/ -_ | tr -d '\n' >"$1/$key"; done
}

# keystone_manage ARGUMENT...
keystone_manage() {
    "$VENV/bin/keystone-manage" --config-file "$DIR/keystone/keystone.conf" "$@" >>"$DIR/keystone.log" 2>&1 \
        || fail "keystone-manage $1 failed" "$DIR/keystone.log"
}

# The cloud administrator is admin in project admin, domain Default, with LARDER_TEST_PASSWORD.
start_keystone() {
    local home=$DIR/keystone log=$DIR/keystone.log port url
    [ -x "$VENV/bin/keystone-manage" ] && [ -x "$VENV/bin/uwsgi" ] \
        || fail "there is no Keystone in $VENV; tests/cloud/up --venv-only makes it"
    mkdir -m 700 "$home" || exit 1
    make_keys "$home/keys"
    make_keys "$home/credential-keys"
    free_port port
    url=http://127.0.0.1:$port/v3
    keystone_conf >"$home/keystone.conf"
    sql <<<"CREATE DATABASE keystone CHARACTER SET utf8mb3;
        CREATE USER keystone@'127.0.0.1' IDENTIFIED BY '$LARDER_TEST_PASSWORD';
        GRANT ALL ON keystone.* TO keystone@'127.0.0.1';"
    keystone_manage db_sync
    OS_BOOTSTRAP_PASSWORD=$LARDER_TEST_PASSWORD keystone_manage bootstrap --bootstrap-region-id RegionOne \
        --bootstrap-admin-url "$url" --bootstrap-internal-url "$url" --bootstrap-public-url "$url"
    OS_KEYSTONE_CONFIG_DIR=$home OS_KEYSTONE_CONFIG_FILES=keystone.conf "$VENV/bin/uwsgi" \
        --http-socket "127.0.0.1:$port" --module keystone.wsgi.api:application --home "$VENV" --processes 2 \
        --threads 2 --enable-threads --master --die-on-term --lazy-apps --need-app --buffer-size 65535 \
        >>"$log" 2>&1 &
    watch $!
    wait_for 60 $! "$log" Keystone listens "$port"
    export LARDER_TEST_KEYSTONE=$url LARDER_TEST_KEYSTONE_PID=$!
}
