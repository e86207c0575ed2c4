# SPDX-License-Identifier: Apache-2.0
"""A larderd of its own for benchmarks that need no cloud: on the MariaDB and the Keystone that tests/bench/run has started."""
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request

BUILD = os.environ['LARDER_BUILD_DIR']
DIRECTORY = os.environ['LARDER_TEST_DIR']
DATABASE = os.environ['LARDER_TEST_DATABASE']
KEYSTONE = os.environ['LARDER_TEST_KEYSTONE']
PASSWORD = os.environ['LARDER_TEST_PASSWORD']

CONF = """[DEFAULT]
roles = {roles}
log_file = {directory}/larderd.log
[database]
connection = {database}
[keystone]
auth_url = {keystone}
username = admin
password = {password}
project_name = admin
[bootstrap]
key_file = {directory}/key
[claim]
lifetime = 3600
[api]
bind_port = {port}
"""


def free_port():
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        return free.getsockname()[1]


def sql(statement):
    """As the owner of the server; the rows, a list of words each."""
    words = ['mariadb', '--no-defaults', '--socket=%s/mariadb/socket' % DIRECTORY, '--batch', '--skip-column-names', 'larder']
    done = subprocess.run(words, input=statement, check=True, stdout=subprocess.PIPE, text=True)
    return [line.split('\t') for line in done.stdout.splitlines()]


def keystone(method, path, body=None, token=None):
    headers = {'Content-Type': 'application/json', **({'X-Auth-Token': token} if token else {})}
    request = urllib.request.Request(KEYSTONE + path, method=method, headers=headers,
                                     data=None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read()
        return (json.loads(text) if text else None), answer.headers


def login(user, project):
    scope = {'project': {'name': project, 'domain': {'id': 'default'}}}
    who = {'name': user, 'domain': {'id': 'default'}, 'password': PASSWORD}
    body = {'auth': {'scope': scope, 'identity': {'methods': ['password'], 'password': {'user': who}}}}
    return keystone('POST', '/auth/tokens', body)[1]['X-Subject-Token']


def hook_token():
    """Of a user that has the hooks' role and no other."""
    admin = login('admin', 'admin')

    def make(kind, name, **more):
        return keystone('POST', '/%ss' % kind, {kind: {'name': name, **more}}, admin)[0][kind]['id']
    ids = make('project', 'service'), make('user', 'larder-hook', password=PASSWORD), make('role', 'larder_hook')
    keystone('PUT', '/projects/%s/users/%s/roles/%s' % ids, token=admin)
    return login('larder-hook', 'service')


def client(*words, **environment):
    """What tests/bench/claims says."""
    words = [os.path.join(BUILD, 'tests/bench/claims')] + [str(word) for word in words]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, env={**os.environ, **environment})
    return json.loads(done.stdout)


class Daemon:
    """larderd with these roles, until the block ends."""

    def __init__(self, roles):
        self.port = free_port()
        self.conf = os.path.join(DIRECTORY, 'larder.conf')
        os.umask(0o077)
        with open(self.conf, 'w') as f:
            f.write(CONF.format(roles=roles, directory=DIRECTORY, database=DATABASE, keystone=KEYSTONE,
                                password=PASSWORD, port=self.port))
        with open(os.path.join(DIRECTORY, 'key'), 'wb') as f:
            f.write(os.urandom(32).hex().encode())
        self.process = None

    @property
    def url(self):
        return 'http://127.0.0.1:%d' % self.port

    def __enter__(self):
        subprocess.run([os.path.join(BUILD, 'larder-manage'), '--config-file', self.conf, 'db', 'sync'], check=True,
                       stdout=subprocess.DEVNULL)
        self.process = subprocess.Popen([os.path.join(BUILD, 'larderd'), '--config-file', self.conf])
        end = time.monotonic() + 30
        while not self.healthy():
            if self.process.poll() is not None or time.monotonic() > end:
                raise SystemExit('larderd does not answer; its log is %s/larderd.log' % DIRECTORY)
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)

    def healthy(self):
        try:
            with urllib.request.urlopen(self.url + '/healthcheck', timeout=2):
                return True
        except OSError:
            return False

    def resident_mib(self):
        with open('/proc/%d/status' % self.process.pid) as f:
            return next(int(line.split()[1]) for line in f if line.startswith('VmRSS')) / 1024
