# SPDX-License-Identifier: Apache-2.0
"""A network observer who answers for another: connections with TLS to a server whose certificate does not hold."""
import os
import re
import subprocess
import sys
import time

import traps
from attacks.scene import CONF, PREFIX, check
from attacks.table import attack
from support import cloud

OPENSTACK = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..', 'openstack')


def config_with(scene, *changes):
    with open(CONF) as file:
        text = file.read()
    for pattern, value in changes:
        text, count = re.subn(pattern, lambda _: value, text, flags=re.MULTILINE)
        assert count, pattern
    path = scene.directory + '/larder.conf'
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as file:
        file.write(text)
    return path


def to_keystone(scene, trap):
    check(config_with(scene, (r'^auth_url = .*', 'auth_url = https://127.0.0.1:%d/v3\ncafile = %s/ca.pem' % (
        trap.port, scene.directory))))


def to_mariadb(scene, trap):
    check(config_with(scene, (r'^connection = .*', 'connection = mysql://larder:secret@127.0.0.1:%d/larder?ssl_ca=%s/ca.pem' % (
        trap.port, scene.directory))))


def to_rabbitmq(scene, trap):
    """A listener on a database of its own, which it finds empty; it does nothing but listen."""
    path = config_with(
        scene, (r'^transport_url = .*', 'transport_url = rabbit://larder:secret@127.0.0.1:%d/?ssl=1\nssl_ca_file = %s/ca.pem' % (
            trap.port, scene.directory)), (r'^\[DEFAULT\]', '[DEFAULT]\nroles = listener'),
        (r'^connection = .*/larder$', 'connection = mysql://larder:%s@127.0.0.1:%s/larder_attacks' % (
            cloud.PASSWORD, os.environ['PORT_MARIADB'])))
    subprocess.run([PREFIX + '/bin/larder-manage', '--config-file', path, 'db', 'sync'], stdout=subprocess.DEVNULL, check=True,
                   timeout=60)
    daemon = subprocess.Popen([PREFIX + '/sbin/larderd', '--config-file', path], stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 15
        while not trap.connections and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(0.5)
    finally:
        daemon.terminate()
        daemon.wait(40)


HOOK_CALL = '''
import sys, time
sys.path.insert(0, sys.argv[1])
from larder_openstack import client
one = client.Client('https://127.0.0.1:' + sys.argv[2], sys.argv[3])
try:
    one.call('POST', '/v1/claims', {}, {'X-Auth-Token': 'secret'}, time.monotonic() + 2)
except Exception:
    pass
'''


def to_larder(scene, trap):
    """As a hook calls the daemon."""
    subprocess.run([sys.executable, '-c', HOOK_CALL, OPENSTACK, str(trap.port), scene.directory + '/ca.pem'], timeout=30)


WAYS = {'keystone': to_keystone, 'mariadb': to_mariadb, 'rabbitmq': to_rabbitmq, 'larder': to_larder}


def spring(scene, where, certificate):
    """What was told to a server that stands for another."""
    with traps.Trap(scene.directory, certificate, mariadb=where == 'mariadb') as trap:
        WAYS[where](scene, trap)
        assert trap.connections, '%s was not called' % where
        return trap.heard


for WHERE in WAYS:
    for CERTIFICATE in traps.CERTIFICATES[1:]:
        @attack('tls-%s-%s' % (WHERE, CERTIFICATE), WHERE, CERTIFICATE)
        def impostor(scene, where, certificate):
            heard = spring(scene, where, certificate)
            return heard and 'was told %r' % heard[:100]
