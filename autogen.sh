#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes ./configure; after this: ./configure && make && make check && make install
set -e
cd "$(dirname "$0")"

need() {
    command -v "$1" >/dev/null && return
    echo "autogen.sh: $1 not found: apt-get install $2" >&2
    exit 1
}
need autoreconf autoconf
need automake automake
need libtoolize libtool
need pkg-config pkgconf

exec autoreconf --force --install --warnings=all
