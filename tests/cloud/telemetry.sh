# SPDX-License-Identifier: Apache-2.0
#
# The optional part `telemetry`: Gnocchi (API, metricd, files, its index in MariaDB) and Ceilometer's notification agent.
# Sourced by `up`.  No compute host here has a libvirt to ask, so there is no polling agent: what the hosts would measure,
# a test sends to Gnocchi itself.

# Their dependencies contradict the other services' (python-dateutil), so they have a virtual environment of their own.  It
# sees the other one's packages behind its own: only two dozen are installed twice.
make_telemetry_venv() {
    local wanted seen
    wanted=$(cat "$HERE/requirements-telemetry.txt" "$HERE/requirements.txt" "$HERE/constraints.txt" | sha256sum)
    [ "$wanted" = "$(cat "$STAMP/venv-telemetry" 2>/dev/null)" ] && [ -x "$TELEMETRY/bin/python" ] && return
    step "install Gnocchi and Ceilometer into $TELEMETRY" "$LOG/pip-telemetry.log"
    rm -rf "$TELEMETRY" "$STAMP/venv-telemetry"
    /usr/bin/python3 -m venv "$TELEMETRY" >"$STEPLOG" 2>&1 || die 'python3 -m venv failed'
    seen=$("$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    echo "$seen" >"$("$TELEMETRY/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/larder-cloud.pth"
    "$TELEMETRY/bin/pip" install --no-cache-dir --no-deps --ignore-installed --prefer-binary \
        -r "$HERE/requirements-telemetry.txt" >>"$STEPLOG" 2>&1 || die 'pip install failed'
    "$TELEMETRY/bin/pip" check >>"$STEPLOG" 2>&1 || die 'the packages do not fit together'
    echo "$wanted" >"$STAMP/venv-telemetry"
}

# Without a limit it would try for ever.
schema_gnocchi() { timeout 120 "$TELEMETRY/bin/gnocchi-upgrade" --config-file "$ETC/gnocchi/gnocchi.conf"; }

# The resource types and archive policies that Ceilometer writes with.
schema_ceilometer() { timeout 120 "$TELEMETRY/bin/ceilometer-upgrade" --config-file "$ETC/ceilometer/ceilometer.conf" --retry 10; }

start_telemetry() {
    local changed name
    make_telemetry_venv
    step 'make the catalog entry and the users of Gnocchi and Ceilometer' "$LOG/resources.log"
    if [ ! -e "$STAMP/catalog-telemetry" ]; then
        resources telemetry >>"$STEPLOG" 2>&1 || die 'Keystone did not take them'
        touch "$STAMP/catalog-telemetry"
    fi
    STEPLOG=$LOG/databases.log
    DATABASES=gnocchi:gnocchi once database-gnocchi make_databases || die "Gnocchi's database could not be made"
    mkdir -p "$ROOT/gnocchi/locks"
    changed=$(config render telemetry) || die 'the configuration could not be written'
    if [ -n "$changed" ]; then stop 10 $TELEMETRY_DAEMONS; fi
    schemas_of gnocchi
    need_schemas gnocchi
    step 'start Gnocchi and Ceilometer'
    start_daemon gnocchi-api
    start_daemon gnocchi-metricd
    wait_listen gnocchi-api
    schemas_of ceilometer
    need_schemas ceilometer
    start_daemon ceilometer-notification
    for name in $TELEMETRY_DAEMONS; do alive "$name" || die "$name has ended" "$LOG/$name.log"; done
}
