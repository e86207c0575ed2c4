# SPDX-License-Identifier: Apache-2.0
"""Larder's API: tokens that are none, or no longer; and the hooks' role, missing or given to the wrong user."""
import contextlib
import subprocess
import sys
import time

from attacks.scene import check
from attacks.table import attack
from support import cloud


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
