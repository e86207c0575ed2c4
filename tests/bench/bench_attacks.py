# SPDX-License-Identifier: Apache-2.0
"""The threat model's table (doc/security.md), tried on the real services: who could do what, and whether it gets him
anything. Each row is tried; one whose evidence cannot be had counts as got through. Counter-proofs at the beginning show that
there is something to be had: that the ordinary way is open, and that the traps would have noticed."""
import argparse
import contextlib
import datetime
import os
import re
import stat
import subprocess
import sys
import tempfile
import time
import uuid

import report
import traps
from report import say
from support import boots, cloud, larder

HERE = os.path.dirname(os.path.abspath(__file__))
DOC = os.path.join(HERE, '..', '..', 'doc', 'security.md')
PREFIX = os.environ.get('LARDER_PREFIX', cloud.ROOT + '/prefix')
ROWS = {}       # name: (function, arguments)
SOME_ID = '11111111-2222-4333-8444-555555555555'


def attack(name, *arguments):
    """Registers a row. The function gives evidence, a sentence, when the attack got through, and else None."""
    def register(function):
        assert name not in ROWS, name
        ROWS[name] = (function, arguments)
        return function
    return register


# ---------------------------------------------------------------- the scene

class Scene:
    """Pools with items of demo's: ports, volumes of a public image, of a private image, of a private type; an open claim."""

    def __init__(self, stack):
        self.demo, self.rival, self.nova = cloud.user('demo'), cloud.user('rival'), cloud.user('nova', 'service')
        self.stack = stack
        self.directory = stack.enter_context(tempfile.TemporaryDirectory())
        traps.make_certificates(self.directory)
        self.network = cloud.ids('network')['private']
        self.image = self.make_image()
        self.type = self.make_type()
        stack.callback(larder.empty)
        boots.delete(boots.boot(self.demo, boots.body('test-learn', root=boots.new_volume('tiny', volume_type='nfs'))))
        self.ports, self.volumes = larder.port_pool(self.demo, 'private'), larder.volume_pool(self.demo)
        self.secret = larder.volume_pool(self.demo, image=self.image)
        self.typed = larder.volume_pool(self.demo, type='test-private-type')
        larder.stock((self.ports, 6), (self.volumes, 6), (self.secret, 1), (self.typed, 1))
        self.item, = larder.items(pool_id=self.secret['id'], state='ready')
        self.port = larder.items(pool_id=self.ports['id'], state='ready')[-1]
        self.claim()

    def make_image(self):
        image = self.demo.image.post('/images', {'name': 'test-private', 'disk_format': 'raw', 'container_format': 'bare',
                                                 'visibility': 'private'})['id']
        self.stack.callback(self.demo.image.delete, '/images/' + image)
        self.demo.session.put(self.demo.image.base + '/images/%s/file' % image, data=b'secret' * 10000,
                              headers={'Content-Type': 'application/octet-stream'})
        return image

    def make_type(self):
        admin = cloud.admin().volume
        specs = next(row for row in admin.get('/types')['volume_types'] if row['name'] == 'nfs')['extra_specs']
        for row in admin.get('/types', is_public='None')['volume_types']:
            if row['name'] == 'test-private-type':
                admin.delete('/types/' + row['id'])
        made = admin.post('/types', {'volume_type': {'name': 'test-private-type', 'os-volume-type-access:is_public': False,
                                                     'extra_specs': specs}})['volume_type']['id']
        self.stack.callback(cloud.wait_for, 'no volume of the type', lambda: admin.call(
            'DELETE', '/types/' + made).status_code in (202, 404), 60)
        admin.post('/types/%s/action' % made, {'addProjectAccess': {'project': self.demo.project_id}})
        cloud.ids.cache_clear()
        cloud.ids('type')['test-private-type'] = made
        return made

    def claim(self):
        """An open claim of demo's to a port and a volume; everybody knows its request id."""
        self.request_id = 'req-' + str(uuid.uuid4())
        made = cloud.hook_user().larder.post('/claims', {'claim': {
            'request_id': self.request_id, 'project_id': self.demo.project_id, 'image_id': boots.image_id('tiny'),
            'flavor_id': None, 'availability_zone': None, 'servers': 1,
            'ports': [{'network_id': self.network, 'security_groups': [], 'count': 1}],
            'volumes': [{'image_id': boots.image_id('tiny'), 'size': 1, 'volume_type': 'nfs', 'availability_zone': None,
                         'count': 1}]}})['claim']
        assert [1, 1] == [line['set_aside'] for line in made['lines']], 'nothing is set aside: %s' % made

    def headers(self, who, how):
        service = {'bare': {}, 'own-token': {'X-Service-Token': who.token()}, 'made-up-token': {'X-Service-Token': 'made-up'},
                   'middleware-headers': {'X-Service-Identity-Status': 'Confirmed', 'X-Service-Roles': 'service',
                                          'X-Service-User-Name': 'nova'},
                   'nova-token': {'X-Service-Token': self.nova.token()}}[how]
        return dict({'X-OpenStack-Request-Id': self.request_id}, **service)


def is_item(resource):
    return any(row['resource_id'] == resource for row in larder.items())


def port_of(scene, who, headers):
    """The id of a port that he had made as Nova asks for one; it is gone afterwards."""
    response = who.network.call('POST', '/ports', {'port': {
        'device_id': str(uuid.uuid4()), 'network_id': scene.network, 'admin_state_up': True, 'tenant_id': who.project_id}}, headers)
    if response.status_code != 201:
        return None
    made = response.json()['port']['id']
    scene.stack.callback(cloud.admin().network.delete, '/ports/' + made)
    return made


def volume_of(scene, who, headers, image='tiny', volume_type='nfs'):
    response = who.volume.call('POST', '/volumes', {'volume': {
        'size': 1, 'consistencygroup_id': None, 'snapshot_id': None, 'name': '', 'description': '', 'volume_type': volume_type,
        'availability_zone': None, 'metadata': {}, 'imageRef': boots.image_id(image), 'source_volid': None,
        'backup_id': None}}, headers)
    if response.status_code != 202:
        return None
    made = response.json()['volume']['id']
    scene.stack.callback(cloud.admin().volume.delete, '/volumes/%s?force=True&cascade=True' % made)
    return made


# ---------------------------------------------------------------- a tenant: forged and replayed request ids

for WHO in ('demo', 'rival'):
    for HOW in ('bare', 'own-token', 'made-up-token', 'middleware-headers'):
        for WHAT in (port_of, volume_of):
            @attack('request-id-%s-%s-%s' % (WHO, HOW, WHAT.__name__.split('_')[0]), WHO, HOW, WHAT)
            def forged_request_id(scene, who, how, make):
                who = cloud.user(who)
                made = make(scene, who, scene.headers(who, how))
                return made and is_item(made) and 'got item %s' % made


@attack('foreign-claim-port', port_of)
@attack('foreign-claim-volume', volume_of)
def foreign_claim(scene, make):
    """With Nova's own service token, as a taken-over compute host has it: but a claim serves its project only."""
    made = make(scene, scene.rival, scene.headers(scene.rival, 'nova-token'))
    return made and is_item(made) and 'got item %s' % made


@attack('foreign-claim-other-image')
def other_image(scene):
    """The claim is for one image; the request with its id is for another."""
    made = volume_of(scene, scene.demo, scene.headers(scene.demo, 'nova-token'), image=scene.image)
    return made and is_item(made) and 'got item %s' % made


@attack('replayed-claim-port', port_of)
@attack('replayed-claim-volume', volume_of)
def replayed(scene, make):
    """What was taken is asked for again under the same request id, by Nova itself."""
    scene.claim()
    headers = scene.headers(scene.demo, 'nova-token')
    first = make(scene, scene.demo, headers)
    assert is_item(first), 'the claim serves nobody: there is nothing to replay'
    second = make(scene, scene.demo, headers)
    return second and is_item(second) and 'got a second item %s' % second


# ---------------------------------------------------------------- a tenant: another's image, type, items by id

def refused(who, service, method, path, body, headers=None):
    response = getattr(who, service).call(method, path, body, headers)
    if response.status_code not in (400, 401, 403, 404):
        return '%s %s: %d %s' % (method, path, response.status_code, response.text[:200])
    return None


def by_id(name, service, method, path, body=None):
    """A request with {volume}, {port}, {transfer}, {image}, {type} of demo's pools; the body may have them too."""
    def fill(value, ids):
        if isinstance(value, dict):
            return {key: fill(inner, ids) for key, inner in value.items()}
        return value.format(**ids) if isinstance(value, str) else value

    @attack(name)
    def foreign(scene):
        transfers = cloud.larder_admin().volume.get('/volume-transfers')['transfers']
        ids = {'volume': scene.item['resource_id'], 'port': scene.port['resource_id'], 'image': scene.image, 'type': scene.type,
               'transfer': next(row['id'] for row in transfers if row['volume_id'] == scene.item['resource_id'])}
        found = refused(scene.rival, service, method, path.format(**ids), fill(body, ids))
        item = larder.api().get('/items/' + scene.item['id'])['item']
        return found or (item['state'] != 'ready' and 'the item is %s' % item['state'])


by_id('private-image-volume', 'volume', 'POST', '/volumes', {'volume': {'size': 1, 'imageRef': '{image}'}})
by_id('private-image-as-nova', 'volume', 'POST', '/volumes', {'volume': {
    'size': 1, 'imageRef': '{image}', 'volume_type': 'nfs', 'name': '', 'description': ''}})
by_id('private-type-volume', 'volume', 'POST', '/volumes', {'volume': {'size': 1, 'volume_type': '{type}'}})
by_id('volume-source', 'volume', 'POST', '/volumes', {'volume': {'size': 1, 'source_volid': '{volume}'}})
by_id('volume-show', 'volume', 'GET', '/volumes/{volume}')
by_id('volume-delete', 'volume', 'DELETE', '/volumes/{volume}')
by_id('volume-reserve', 'volume', 'POST', '/volumes/{volume}/action', {'os-reserve': {}})
by_id('volume-upload', 'volume', 'POST', '/volumes/{volume}/action', {'os-volume_upload_image': {'image_name': 'stolen'}})
by_id('volume-snapshot', 'volume', 'POST', '/snapshots', {'snapshot': {'volume_id': '{volume}', 'force': True}})
by_id('volume-backup', 'volume', 'POST', '/backups', {'backup': {'volume_id': '{volume}'}})
by_id('volume-attach', 'volume', 'POST', '/attachments', {'attachment': {'volume_uuid': '{volume}', 'instance_uuid': SOME_ID}})
by_id('transfer-make', 'volume', 'POST', '/volume-transfers', {'transfer': {'volume_id': '{volume}'}})
by_id('transfer-show', 'volume', 'GET', '/volume-transfers/{transfer}')
by_id('transfer-delete', 'volume', 'DELETE', '/volume-transfers/{transfer}')
by_id('transfer-guess', 'volume', 'POST', '/volume-transfers/{transfer}/accept', {'accept': {'auth_key': 'guessed'}})
by_id('transfer-guess-old', 'volume', 'POST', '/os-volume-transfer/{transfer}/accept', {'accept': {'auth_key': '0' * 16}})
by_id('port-show', 'network', 'GET', '/ports/{port}')
by_id('port-delete', 'network', 'DELETE', '/ports/{port}')
by_id('port-take', 'network', 'PUT', '/ports/{port}', {'port': {'device_id': SOME_ID}})


@attack('private-image-boot', None)
@attack('private-image-boot-volume', 'nfs')
@attack('private-type-boot', 'type')
def boot_of_foreign(scene, kind):
    root = kind and boots.new_volume('tiny' if kind == 'type' else scene.image,
                                     volume_type=scene.type if kind == 'type' else kind)
    return refused(scene.rival, 'compute', 'POST', '/servers', boots.body(
        'test-theft', image='tiny' if root else scene.image, root=root))


@attack('port-boot')
def boot_with_port(scene):
    return refused(scene.rival, 'compute', 'POST', '/servers', boots.body(
        'test-theft', networks=[{'port': scene.port['resource_id']}]))


@attack('port-list')
def list_ports(scene):
    """The network's owner sees every port on it, but those of pools."""
    seen = {row['id'] for who in (scene.demo, scene.rival) for row in who.network.get('/ports')['ports']}
    items = {row['resource_id'] for row in larder.items(state='ready')}
    return seen & items and 'sees %s' % (seen & items)


# ---------------------------------------------------------------- Larder's API: roles and tokens

HOOK_ROUTES = (('POST', '/claims', {'claim': {}}), ('POST', '/adoptions', {'adoption': {}}), ('GET', '/hook', None),
               ('PATCH', '/adoptions/' + SOME_ID, {'adoption': {'state': 'done'}}), ('POST', '/demand', {'demand': {}}),
               ('POST', '/yields', {'yield': {}}), ('GET', '/warm-hosts/' + SOME_ID, None))
OPERATOR_ROUTES = (('GET', '/pools', None), ('PATCH', '/pools/' + SOME_ID, {'pool': {'floor': 100}}), ('GET', '/items', None),
                   ('GET', '/items/' + SOME_ID, None), ('GET', '/claims', None), ('GET', '/adoptions', None),
                   ('PUT', '/tiers', {'tier': {}}), ('GET', '/demand', None), ('GET', '/members', None))


def api_routes(who, routes, status):
    for method, path, body in routes:
        response = who.larder.call(method, path, body)
        if response.status_code != status:
            return '%s %s: %d %s' % (method, path, response.status_code, response.text[:200])
    return None


for NAME, USER in (('tenant', ('demo',)), ('admin', ('admin',)), ('service', ('nova', 'service'))):
    @attack('api-hook-routes-as-' + NAME, USER)
    def hook_routes(_scene, who):
        return api_routes(cloud.user(*who), HOOK_ROUTES, 403)

for NAME, USER in (('tenant', ('demo',)), ('hook', ('larder-hook', 'service'))):
    @attack('api-operator-routes-as-' + NAME, USER)
    def operator_routes(_scene, who):
        return api_routes(cloud.user(*who), OPERATOR_ROUTES, 403)


@attack('api-operator-routes-as-service')
def operator_routes_as_service(scene):
    """A user with the role service and no other: here Nova's own is an admin besides."""
    identity = cloud.admin().identity
    made = identity.post('/users', {'user': {'name': 'test-service', 'password': cloud.PASSWORD}})['user']['id']
    scene.stack.callback(identity.delete, '/users/' + made)
    wanted = identity.get('/roles', name='service')['roles'][0]['id']
    identity.ask('PUT', '/projects/%s/users/%s/roles/%s' % (cloud.project_id('service'), made, wanted))
    who = cloud.User('test-service', 'service')
    return api_routes(who, OPERATOR_ROUTES, 403) or api_routes(who, HOOK_ROUTES, 403)


def status_with(token, path='/hook'):
    session = cloud.admin().session
    return session.get(cloud.url('LARDERD', '/v1' + path), authenticated=False, raise_exc=False,
                       headers={'X-Auth-Token': token} if token else {}).status_code


@attack('token-none', None)
@attack('token-made-up', 'gAAAAAB' + 'x' * 180)
@attack('token-huge', 'x' * 9000)
def bad_token(_scene, token):
    status = status_with(token)
    return status not in (401, 431) and 'GET /hook: %d' % status


def hook_token():
    return cloud.User('larder-hook', 'service').token()


def revoke(token):
    cloud.admin().session.delete(cloud.url('KEYSTONE', '/v3/auth/tokens'), headers={'X-Subject-Token': token})


@attack('token-revoked-unused')
def revoked_unused(_scene):
    token = hook_token()
    revoke(token)
    status = status_with(token)
    return status != 401 and 'GET /hook: %d' % status


@attack('token-revoked-in-use')
def revoked_in_use(_scene):
    """It is good until Keystone is asked again, token_cache_time at most."""
    token = hook_token()
    assert status_with(token) == 200
    revoke(token)
    end = time.monotonic() + 75
    while status_with(token) == 200:
        if time.monotonic() > end:
            return 'it is still good after 75 s'
        time.sleep(2)
    return None


FORGE = '''
import datetime, sys
import keystone.conf
from keystone.token import token_formatters
keystone.conf.configure()
keystone.conf.CONF([], project='keystone', default_config_files=[sys.argv[1]])
ends = (datetime.datetime.utcnow() + datetime.timedelta(seconds=int(sys.argv[4]))).strftime('%Y-%m-%dT%H:%M:%S.000000Z')
print(token_formatters.TokenFormatter().create_token(
    sys.argv[2], ends, ['abcdefghijklmnopqrstuw'], token_formatters.ProjectScopedPayload, methods=['password'], project_id=sys.argv[3]))
'''


def forge(seconds):
    """A token of the hooks' user, made with Keystone's own keys: none but by its time could be refused."""
    user = cloud.User('larder-hook', 'service')
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', FORGE, cloud.ETC + '/keystone/keystone.conf',
                           user.session.get_user_id(), user.project_id, str(seconds)], capture_output=True, text=True, check=True)
    return done.stdout.split()[-1]


@attack('token-expired')
def expired(_scene):
    assert status_with(forge(600)) == 200, 'the forged token is no token'
    status = status_with(forge(-60))
    return status != 401 and 'GET /hook: %d' % status


@contextlib.contextmanager
def role(action, undo, user, project='service'):
    """The hooks' role given to, or taken from, a user for a while."""
    identity = cloud.admin().identity
    role_id = identity.get('/roles', name='larder_hook')['roles'][0]['id']
    user_id = identity.get('/users', name=user)['users'][0]['id']
    path = '/projects/%s/users/%s/roles/%s' % (cloud.project_id(project), user_id, role_id)
    identity.call(action, path)
    try:
        yield
    finally:
        identity.call(undo, path)


def check():
    """What larder-manage check says of a thing: {what: line}."""
    done = subprocess.run([PREFIX + '/bin/larder-manage', '--config-file', cloud.ETC + '/larder/larder.conf', 'check'],
                          capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout


@attack('role-missing')
def role_missing(_scene):
    """Without the role the hooks' user is nobody, and the operator is told why his boots get nothing."""
    with role('DELETE', 'PUT', 'larder-hook'):
        user = cloud.User('larder-hook', 'service')
        try:
            status = status_with(user.token())
        except Exception:   # no role at all in the project: Keystone gives no token
            status = 403
        code, text = check()
    if status not in (401, 403):
        return 'GET /hook: %d' % status
    return None if code and 'nobody has the role larder_hook' in text else 'check does not tell: ' + text


@attack('role-given-to-nova')
def role_to_nova(_scene):
    """Whoever gives it to Nova's user gives it to each compute host: check says so."""
    with role('PUT', 'DELETE', 'nova'):
        code, text = check()
    return None if code and 'user nova has the role larder_hook' in text else 'check does not tell: ' + text


# ---------------------------------------------------------------- TLS: a network observer who answers for another

def config_with(scene, *changes):
    with open(cloud.ETC + '/larder/larder.conf') as file:
        text = file.read()
    for pattern, value in changes:
        text, count = re.subn(pattern, lambda _: value, text, flags=re.MULTILINE)
        assert count, pattern
    path = scene.directory + '/larder.conf'
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as file:
        file.write(text)
    return path


def manage_check(path):
    subprocess.run([PREFIX + '/bin/larder-manage', '--config-file', path, 'check'], capture_output=True, timeout=120)


def to_keystone(scene, trap):
    manage_check(config_with(scene, (r'^auth_url = .*', 'auth_url = https://127.0.0.1:%d/v3\ncafile = %s/ca.pem' % (
        trap.port, scene.directory))))


def to_mariadb(scene, trap):
    manage_check(config_with(scene, (r'^connection = .*', 'connection = mysql://larder:secret@127.0.0.1:%d/larder?ssl_ca=%s/ca.pem' % (
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
    subprocess.run([sys.executable, '-c', HOOK_CALL, os.path.join(HERE, '..', '..', 'openstack'), str(trap.port),
                    scene.directory + '/ca.pem'], timeout=30)


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


# ---------------------------------------------------------------- secrets

def planted(scene):
    users = (scene.demo, scene.rival, scene.nova, cloud.hook_user(), cloud.admin())
    # the cloud's password is a word that stands in paths too: it counts where it stands as one
    passwords = [form % cloud.PASSWORD.encode() for form in (b':%s@', b'"%s"', b"'%s'", b'=%s\n', b'= %s\n', b'=%s\0')]
    return passwords + [user.token().encode() for user in users]


def shown(scene, text, where):
    for secret in planted(scene):
        if secret in text:
            return 'a secret is in %s' % where
    return None


def read(path):
    with open(path, 'rb') as file:
        return file.read()


@attack('secrets-log')
def in_log(scene):
    return shown(scene, read(cloud.ROOT + '/log/larderd.log'), 'larderd.log')


@attack('secrets-hook-logs')
def in_hook_logs(scene):
    lines = [line for name in ('nova-scheduler', 'neutron-api', 'cinder-api')
             for line in read('%s/log/%s.log' % (cloud.ROOT, name)).splitlines() if b'arder' in line]
    return shown(scene, b'\n'.join(lines), "the services' logs, in lines about Larder")


@attack('secrets-argv')
def in_argv(scene):
    return shown(scene, read('/proc/%d/cmdline' % larder.pid()) + read('/proc/%d/environ' % larder.pid()), 'argv or environment')


@attack('secrets-metrics')
def in_metrics(scene):
    text = cloud.admin().session.get(cloud.url('LARDERD', '/metrics'), authenticated=False).content
    return shown(scene, text, '/metrics')


@attack('secrets-answers')
def in_answers(scene):
    """Nor the transfers' keys: an item as an operator sees it."""
    item = larder.api().get('/items/' + scene.item['id'])['item']
    texts = [cloud.admin().larder.call('GET', path).content for path in ('/items', '/members', '/nothing', '/claims')]
    return [name for name in item if 'key' in name or 'seal' in name] or shown(scene, b''.join(texts), 'answers')


@attack('secrets-files')
def in_files(_scene):
    for name in os.listdir(cloud.ETC + '/larder'):
        mode = stat.S_IMODE(os.stat('%s/larder/%s' % (cloud.ETC, name)).st_mode)
        if mode & 0o077 and not stat.S_IMODE(os.stat(cloud.ETC).st_mode) & 0o077 == 0:
            return '%s has mode %o' % (name, mode)
    return None


@attack('secrets-core')
def in_core(_scene):
    limits = read('/proc/%d/limits' % larder.pid()).decode()
    return None if re.search(r'Max core file size +0 +0 ', limits) else 'core files may be written'


@attack('secrets-memory')
def in_memory(_scene):
    """PR_SET_DUMPABLE 0: its own user cannot look at its memory, no more than at its environment."""
    return os.stat('/proc/%d/environ' % larder.pid()).st_uid != 0 and 'others may look at its memory'


@attack('secrets-database')
def in_database(scene):
    """Transfer keys lie sealed: a key is 16 hex digits, and no row of an item that is ready has any."""
    rows = cloud.rows('larder', 'SELECT sealed FROM items WHERE id = %s', scene.item['id'])
    return (not rows or not rows[0][0] or re.search(rb'[0-9a-f]{16}', rows[0][0])) and 'the key is not sealed: %r' % (rows,)


# ---------------------------------------------------------------- the bus

@attack('bus-forged')
def forged_message(scene):
    """Any host can publish: a port that tells of a foreign project makes no pool, and no item changes."""
    before = {row['id'] for row in larder.pools()}
    import oslo_messaging
    from oslo_config import cfg
    conf = cfg.ConfigOpts()
    conf([], project='forger', default_config_files=[])
    url = re.search(r'^transport_url = (.*)$', read(cloud.ETC + '/larder/larder.conf').decode(), re.MULTILINE)[1]
    notifier = oslo_messaging.Notifier(oslo_messaging.get_notification_transport(conf, url=url), publisher_id='network.forger',
                                       driver='messagingv2', topics=['notifications'])
    notifier.info({}, 'port.create.end', {'port': {
        'id': str(uuid.uuid4()), 'network_id': scene.network, 'project_id': scene.rival.project_id, 'tenant_id': scene.rival.project_id,
        'device_id': str(uuid.uuid4()), 'device_owner': 'compute:nova', 'security_groups': [], 'fixed_ips': []}})
    notifier.info({}, 'port.delete.end', {'port_id': scene.port['resource_id']})
    time.sleep(3)
    more = {row['id'] for row in larder.pools()} - before
    return more and 'pools came of it: %s' % more


# ---------------------------------------------------------------- the whole

def documented():
    with open(DOC, encoding='utf-8') as file:
        return set(re.findall(r'`([a-z0-9]+(?:-[a-z0-9]+)+)`', ' '.join(
            line for line in file if line.startswith('|'))))


def counter_proofs(scene):
    """There is something to be had, and the traps would notice."""
    for make in (port_of, volume_of):
        made = make(scene, scene.demo, scene.headers(scene.demo, 'nova-token'))
        assert is_item(made), 'the claim serves not even its own boot'
    for where in WAYS:
        assert spring(scene, where, 'good'), 'the trap at %s hears nothing' % where
    scene.claim()


def run(scene, names):
    through = {}
    for name in names:
        function, arguments = ROWS[name]
        try:
            evidence = function(scene, *arguments)
        except Exception as error:   # what could not be tried is not known to be stopped
            evidence = 'could not be tried: %s: %s' % (type(error).__name__, error)
        say('%-45s %s' % (name, 'GOT THROUGH: %s' % evidence if evidence else 'stopped'))
        if evidence:
            through[name] = str(evidence)
    return through


def main():
    parser = argparse.ArgumentParser(prog='tests/bench/run attacks')
    parser.add_argument('names', nargs='*', metavar='ROW', help='rows of the table (all)')
    parser.add_argument('--json', metavar='FILE')
    options = parser.parse_args()
    names = options.names or list(ROWS)
    missing = set(ROWS) ^ documented()
    if missing:
        sys.exit('doc/security.md and the table differ in: %s' % ', '.join(sorted(missing)))
    with larder.restored(), contextlib.ExitStack() as stack:
        larder.empty()
        scene = Scene(stack)
        cloud.database('mysql').cursor().execute('CREATE DATABASE IF NOT EXISTS larder_attacks')
        cloud.database('mysql').cursor().execute("GRANT ALL ON larder_attacks.* TO larder@'127.0.0.1'")
        stack.callback(lambda: cloud.database('mysql').cursor().execute('DROP DATABASE larder_attacks'))
        counter_proofs(scene)
        through = run(scene, names)
        larder.empty()
    found = {'attacks_tried': len(names), 'attacks_through': len(through)}
    report.write(options.json, found, {'through': through} if through else {})
    sys.exit(report.verdict(found) > 0)


if __name__ == '__main__':
    main()
