# SPDX-License-Identifier: Apache-2.0
"""The cloud's services as one user sees them, and a look into its databases.

Plain HTTP on keystoneauth sessions: the tests must see what the services say, not what a client library makes of it.
"""
import functools
import os
import time

import pymysql
from keystoneauth1 import session
from keystoneauth1.identity import v3

ROOT = os.environ['ROOT']
ETC = os.environ['ETC']
PASSWORD = os.environ['PASS']
HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

TIMEOUT = 300       # of one request; a boot waits for its turn in a burst
SERVICES = {        # name: port, path, microversion header
    'identity': ('KEYSTONE', '/v3', None),
    'compute': ('NOVA_API', '/v2.1', 'compute 2.100'),
    'network': ('NEUTRON_API', '/v2.0', None),
    'volume': ('CINDER_API', '/v3/{project}', 'volume 3.70'),
    'image': ('GLANCE_API', '/v2', None),
    'larder': ('LARDERD', '/v1', 'larder 1.0'),
}
TENANTS = ('demo', 'plain', 'rival', 'fleet1', 'fleet2', 'fleet3')


def url(port, path=''):
    return 'http://127.0.0.1:%s%s' % (os.environ['PORT_' + port], path)


def project_id(name):
    return os.environ['PROJECT_' + name.upper().replace('-', '_')]


class HTTPError(Exception):
    def __init__(self, response):
        self.status = response.status_code
        self.text = response.text
        super().__init__('%s %s: %s %s' % (response.request.method, response.url, self.status, self.text[:500]))


class Service:
    """One API with one user's token."""

    def __init__(self, session_, base, version):
        self.session = session_
        self.base = base
        self.version = version

    def call(self, method, path, body=None, headers=None, **options):
        """The response, whatever its status."""
        head = dict({'OpenStack-API-Version': self.version} if self.version else {}, **headers or {})
        return self.session.request(self.base + path, method, json=body, headers=head, raise_exc=False,
                                    redirect=False, connect_retries=2, timeout=TIMEOUT, **options)

    def ask(self, method, path, body=None, headers=None, **options):
        """What the response's body says; HTTPError when it is an error."""
        response = self.call(method, path, body, headers, **options)
        if response.status_code >= 400:
            raise HTTPError(response)
        return response.json() if response.content else None

    def get(self, path, **query):
        return self.ask('GET', path, params=query or None)

    def post(self, path, body, headers=None):
        return self.ask('POST', path, body, headers)

    def put(self, path, body):
        return self.ask('PUT', path, body)

    def patch(self, path, body):
        return self.ask('PATCH', path, body)

    def delete(self, path):
        """Deleting what is gone already is as good."""
        response = self.call('DELETE', path)
        if response.status_code >= 400 and response.status_code != 404:
            raise HTTPError(response)


class User:
    """A user in a project: user.compute.get('/servers')."""

    def __init__(self, name, project):
        self.name = name
        self.project = project
        self.project_id = project_id(project)
        self.session = session.Session(v3.Password(
            url('KEYSTONE', '/v3'), username=name, password=PASSWORD, project_name=project,
            user_domain_id='default', project_domain_id='default'))

    def __getattr__(self, service):
        if service not in SERVICES:
            raise AttributeError(service)
        port, path, version = SERVICES[service]
        made = Service(self.session, url(port, path.format(project=self.project_id)), version)
        setattr(self, service, made)
        return made

    def token(self):
        return self.session.get_token()


@functools.lru_cache(None)
def user(name, project=None):
    return User(name, project or name)


def admin():
    return user('admin')


def larder_admin():
    """An admin in the project of the pools: transfers are listed by project."""
    return user('larder')


def hook_user():
    return user('larder-hook', 'service')


@functools.lru_cache(None)
def ids(kind):
    """Name to id of the cloud's images, flavors, networks and volume types (as `resources.py base` made them)."""
    rows = {
        'image': lambda: admin().image.get('/images')['images'],
        'flavor': lambda: admin().compute.get('/flavors')['flavors'],
        'network': lambda: admin().network.get('/networks')['networks'],
        'type': lambda: admin().volume.get('/types')['volume_types'],
    }[kind]()
    return {row['name']: row['id'] for row in rows}


def database(name):
    return pymysql.connect(unix_socket=ROOT + '/run/mysqld.sock', user='root', database=name, autocommit=True)


def rows(name, sql, *values):
    """What a statement gives in a database of the cloud."""
    connection = database(name)
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()
    finally:
        connection.close()


def wait_for(what, condition, limit=120, step=0.2):
    """Until condition() gives something true, which is returned; else says what was waited for and saw last."""
    end = time.monotonic() + limit
    while True:
        seen = condition()
        if seen:
            return seen
        if time.monotonic() > end:
            raise TimeoutError('%s: not after %d s' % (what() if callable(what) else what, limit))
        time.sleep(step)
