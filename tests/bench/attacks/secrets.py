# SPDX-License-Identifier: Apache-2.0
"""Where passwords, tokens and the transfers' keys could be read."""
import os
import re
import stat

from attacks.scene import read
from attacks.table import attack
from support import cloud, larder


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
