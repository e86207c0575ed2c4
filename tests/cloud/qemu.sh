# SPDX-License-Identifier: Apache-2.0
#
# The optional part of the cloud: a zone "qemu" with a host that runs real guests (qemu1, libvirt and QEMU without KVM) and
# one with Nova's fake driver beside it (fake9), which cannot cache images.  Servers land there only when they ask for the
# zone, so other tests do not notice.  Guests have no network: there is no switch here.
# Sourced after daemons.sh by `up` and `down`.

QEMU_PACKAGES='libvirt-daemon-system libvirt-daemon-driver-qemu qemu-system-x86 python3-libvirt'

# Debian's binding for Debian's Python, which is the virtual environment's too: PyPI has none that needs no compiler.
link_libvirt() {
    local file site
    site=$(echo "$VENV"/lib/python3*/site-packages)
    for file in /usr/lib/python3/dist-packages/libvirt{.py,mod.*.so}; do
        [ -e "$file" ] || die "$file is missing although python3-libvirt is installed"
        ln -sf "$file" "$site/"
    done
}

# libvirtd looks for these at fixed places, and sees the cloud's own there (start_libvirtd).
make_qemu_directories() {
    mkdir -p "$ROOT"/libvirt/{run,lib,cache} "$ROOT/nova/qemu1/instances" "$ROOT/nova/fake9/instances" \
        /run/libvirt /var/lib/libvirt /var/cache/libvirt
}

libvirt_answers() {
    local i
    for ((i = 0; i < 100; i++)); do
        if "$VENV/bin/python" -I -c 'import libvirt, sys; libvirt.open(sys.argv[1]).getVersion()' \
            "qemu+unix:///system?socket=$ROOT/libvirt/run/libvirt-sock" 2>>"$LOG/libvirtd.log"; then return; fi
        alive libvirtd || return 1
        sleep 0.2
    done
    return 1
}

qemu_computes_registered() {
    local i
    for ((i = 0; i < 240; i++)); do
        [ "$(sql -N nova -e "SELECT COUNT(*) FROM compute_nodes WHERE deleted = 0 AND host IN ('qemu1', 'fake9')")" = 2 ] && return
        sleep 0.5
    done
    return 1
}

up_qemu() {
    local name
    PACKAGES=$QEMU_PACKAGES
    install_packages
    link_libvirt
    make_qemu_directories
    config render qemu >/dev/null || die 'the configuration could not be written'
    step 'start the hosts of zone qemu' "$LOG/libvirtd.log"
    start_daemon libvirtd
    libvirt_answers || die 'libvirtd does not answer'
    for name in $QEMU_COMPUTES; do start_daemon "$name"; done
    qemu_computes_registered || die 'qemu1 and fake9 have not registered after 120 s' "$LOG/nova-compute-qemu1.log"
    STEPLOG=$LOG/resources.log
    [ -e "$STAMP/qemu" ] || nova-manage $NOVA_ARGS cell_v2 discover_hosts >>"$STEPLOG" 2>&1 \
        || die 'nova-manage cell_v2 discover_hosts failed'
    resources qemu >>"$STEPLOG" 2>&1 || die "$(tail -n 1 "$STEPLOG")"
    touch "$STAMP/qemu"
}

# libvirt gives a guest neither its environment nor its session: it is known by the files it was started with.
kill_guests() {
    local file pid
    for file in "$ROOT"/libvirt/run/qemu/*.pid; do
        read -r pid 2>/dev/null <"$file" || continue
        if tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "$ROOT/"; then kill -KILL "$pid" 2>/dev/null; fi
    done
}
