# SPDX-License-Identifier: Apache-2.0
#
# The cloud's daemons: which there are, and how each is started.  Every API runs under uWSGI.
# Sourced after lib.sh by `up`, `down` and `hooks`.

INFRA='mariadb memcached epmd rabbitmq'
NEUTRON_DAEMONS='neutron-api neutron-rpc-server neutron-periodic-workers'
SERVICES="keystone placement glance-api $NEUTRON_DAEMONS nova-conductor nova-scheduler nova-api nova-metadata
    cinder-api cinder-scheduler cinder-volume"
TELEMETRY_DAEMONS='ceilometer-notification gnocchi-metricd gnocchi-api'
COMPUTES=$(for ((n = 1; n <= HOSTS; n++)); do printf 'nova-compute-fake%d ' $n; done)

QEMU_COMPUTES='nova-compute-qemu1 nova-compute-fake9'   # zone qemu; see qemu.sh

NOVA_ARGS="--config-file $ETC/nova/nova.conf"
NEUTRON_ARGS="--config-file $ETC/neutron/neutron.conf --config-file $ETC/neutron/ml2_conf.ini"
CINDER_ARGS="--config-file $ETC/cinder/cinder.conf"

# wsgi NAME MODULE PROCESSES THREADS [UWSGI OPTION...]
# PYTHON_VENV ($VENV) is the virtual environment it runs in.
# uWSGI's --http-socket does not keep connections alive well: each answer closes its own.
wsgi() {
    local name=$1 module=$2 processes=$3 threads=$4 venv=${PYTHON_VENV:-$VENV}
    shift 4
    start "$name" "$venv/bin/python" "$VENV/bin/uwsgi" --http-socket "127.0.0.1:${PORT[$name]}" --module "$module:application" \
        --home "$venv" --processes "$processes" --threads "$threads" --enable-threads --master --die-on-term \
        --thunder-lock --lazy-apps --need-app --buffer-size 65535 --so-keepalive --listen 128 \
        --add-header 'Connection: close' --logformat-strftime --log-date='%Y-%m-%d %H:%M:%S' \
        --log-format '%(ftime) "%(method) %(uri) %(proto)" %(status) %(size)b %(msecs)ms' "$@"
}

# The two settings that trade safety for speed are right for a database that is thrown away: a crash of the
# machine may lose a second of it, a crash of the daemon nothing.  Both sides of a comparison have them.
# The niceness stands for the machine of its own that a database has.
start_mariadb() {
    start mariadb nice -n -5 mariadbd --no-defaults --user=mysql --datadir="$ROOT/mysql" --socket="$RUN/mysqld.sock" \
        --pid-file="$ROOT/mysql/mariadbd.pid" --bind-address=127.0.0.1 --port="${PORT[mariadb]}" \
        --skip-name-resolve --skip-log-bin --max-connections=2000 --innodb-buffer-pool-size=512M \
        --innodb-flush-log-at-trx-commit=2 --innodb-doublewrite=0 \
        --character-set-server=utf8mb3 --collation-server=utf8mb3_general_ci
}

# RabbitMQ's own epmd on a port of its own: one that was here before is neither used nor stopped.
as_rabbitmq() {
    runuser -u rabbitmq -- env HOME="$ROOT/rabbitmq" RABBITMQ_NODENAME=larder-cloud@localhost \
        ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT="${PORT[epmd]}" "$@"
}

start_rabbitmq() {
    start rabbitmq runuser -u rabbitmq -- env HOME="$ROOT/rabbitmq" RABBITMQ_NODENAME=larder-cloud@localhost \
        ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT="${PORT[epmd]}" \
        RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT="${PORT[rabbitmq]}" \
        RABBITMQ_DIST_PORT="${PORT[rabbitmq-dist]}" RABBITMQ_CONFIG_FILE="$ROOT/rabbitmq/rabbitmq.conf" \
        RABBITMQ_MNESIA_BASE="$ROOT/rabbitmq" RABBITMQ_LOG_BASE="$ROOT/rabbitmq/log" \
        RABBITMQ_ENABLED_PLUGINS_FILE="$ROOT/rabbitmq/plugins" \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none' \
        /usr/lib/rabbitmq/bin/rabbitmq-server
}

# In a mount namespace of its own, in which its fixed places are the cloud's: no file of the system's is touched, and a
# libvirtd that was here before goes on undisturbed.
start_libvirtd() {
    start libvirtd unshare --mount sh -c '
        mount --bind "$1" /etc/libvirt && mount --bind "$2/run" /run/libvirt && mount --bind "$2/lib" /var/lib/libvirt \
            && mount --bind "$2/cache" /var/cache/libvirt && exec libvirtd --pid-file "$2/libvirtd.pid"' \
        libvirtd "$ETC/libvirt" "$ROOT/libvirt"
}

# start_daemon NAME: unless it runs
start_daemon() {
    alive "$1" && return 0
    case $1 in
    mariadb) start_mariadb ;;
    memcached) start memcached memcached -u nobody -l 127.0.0.1 -p "${PORT[memcached]}" -m 128 ;;
    epmd) start epmd runuser -u rabbitmq -- epmd -address 127.0.0.1 -port "${PORT[epmd]}" ;;
    rabbitmq) start_rabbitmq ;;
    libvirtd) start_libvirtd ;;
    keystone) OS_KEYSTONE_CONFIG_DIR="$ETC/keystone" wsgi keystone keystone.wsgi.api 2 4 ;;
    placement) OS_PLACEMENT_CONFIG_DIR="$ETC/placement" wsgi placement placement.wsgi.api 1 4 ;;
    glance-api) OS_GLANCE_CONFIG_DIR="$ETC/glance" wsgi glance-api glance.wsgi.api 1 4 ;;
    nova-api) OS_NOVA_CONFIG_DIR="$ETC/nova" wsgi nova-api nova.wsgi.osapi_compute 2 4 ;;
    nova-metadata) OS_NOVA_CONFIG_DIR="$ETC/nova" wsgi nova-metadata nova.wsgi.metadata 1 2 ;;
    neutron-api) wsgi neutron-api neutron.wsgi.api 2 4 --pyargv "$NEUTRON_ARGS" ;;
    cinder-api) wsgi cinder-api cinder.wsgi.api 2 4 --pyargv "$CINDER_ARGS" ;;
    gnocchi-api) PYTHON_VENV=$TELEMETRY wsgi gnocchi-api gnocchi.wsgi.api 1 4 --pyargv "--config-file $ETC/gnocchi/gnocchi.conf" ;;
    gnocchi-metricd) start "$1" "$TELEMETRY/bin/gnocchi-metricd" --config-file "$ETC/gnocchi/gnocchi.conf" ;;
    ceilometer-notification)
        start "$1" "$TELEMETRY/bin/ceilometer-agent-notification" --config-file "$ETC/ceilometer/ceilometer.conf" ;;
    neutron-*) start "$1" "$1" $NEUTRON_ARGS ;;
    cinder-*) start "$1" "$1" $CINDER_ARGS ;;
    nova-compute-*) start "$1" nova-compute $NOVA_ARGS --config-file "$ETC/nova/nova-${1#nova-compute-}.conf" ;;
    nova-*) start "$1" "$1" $NOVA_ARGS ;;
    *) die "no daemon is called $1" ;;
    esac
}
