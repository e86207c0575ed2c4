# SPDX-License-Identifier: Apache-2.0
"""Larder as its operator sees it: pools, items, demand and adoptions through its API, the daemon's process, and the
audit of its rows against what the cloud holds."""
import contextlib
import os
import random
import signal
import subprocess
import time

from . import boots, cloud

RESTING = ('ready', 'claimed')          # what an item that the cloud holds may be in when all is quiet
MOVING = ('wanted', 'creating', 'releasing')
LIVING = MOVING + RESTING
PAGE = 1000

# ---------------------------------------------------------------- the API


def api():
    return cloud.admin().larder


def listing(name, **query):
    """All pages of a list."""
    found, marker = [], {}
    while True:
        page = api().get('/' + name, limit=PAGE, **query, **marker)[name]
        found += page
        if len(page) < PAGE:
            return found
        marker = {'marker': page[-1]['id']}


def pools(**query):
    return listing('pools', **query)


def item_pools():
    """Those that hold items: what an image pool counts is hosts, which are never used up."""
    return [row for row in pools() if row['kind'] != 'image']


def items(**query):
    return listing('items', **query)


def demand(project, request_ids):
    """What the hooks reported of these requests of a project."""
    rows = api().get('/demand', project_id=cloud.project_id(project), limit=PAGE)['demand']
    return [row for row in rows if row['request_id'] in request_ids]


def wait_demand(project, request_ids, count, limit=20):
    """The `count` demands of these requests; the hooks report without waiting, so they may take a moment."""
    seen = []

    def look():
        seen[:] = demand(project, request_ids)
        return len(seen) >= count
    cloud.wait_for(lambda: 'demand of %d creates (seen: %d)' % (count, len(seen)), look, limit)
    return seen


def outcomes(rows):
    """Counts: {'hit': 3, 'miss no-item': 2}."""
    counts = {}
    for row in rows:
        word = row['outcome'] if row['outcome'] == 'hit' else 'miss ' + row['reason']
        counts[word] = counts.get(word, 0) + 1
    return counts


def pool(pool_id):
    return api().get('/pools/' + pool_id)['pool']


def find_pool(kind, **key):
    """The pool with this key (its members as the API names them), or None."""
    for row in pools(kind=kind):
        if all(row['key'][name] == value for name, value in key.items()):
            return row
    return None


def change(pool_, **values):
    return api().patch('/pools/' + pool_['id'], {'pool': values})['pool']


# ---------------------------------------------------------------- stocking


def default_group(tenant):
    groups = tenant.network.get('/security-groups', name='default')['security_groups']
    return next(g['id'] for g in groups if g['project_id'] == tenant.project_id)


def learn(kind, tenant, request, **key):
    """The pool with this key. A pool comes into being by demand: without one, a boot like those to come is made."""
    found = find_pool(kind, **key)
    if not found:
        made = boots.boot(tenant, request)
        try:
            found = cloud.wait_for('a pool of kind %s with %s' % (kind, key), lambda: find_pool(kind, **key), 20)
        finally:
            boots.delete(made)
    return found


def port_pool(tenant, network, groups=None):
    request = boots.body('test-learn', [network])
    if groups:
        request['server']['security_groups'] = [{'name': g} for g in groups]
    return learn('port', tenant, request, project_id=tenant.project_id,
                 network_id=cloud.ids('network').get(network, network),
                 security_groups=sorted(groups or [default_group(tenant)]))


def volume_pool(tenant, image='tiny', size=1, type='nfs', network='private'):
    request = boots.body('test-learn', [network], root=boots.new_volume(image, size, volume_type=type))
    return learn('volume', tenant, request, image_id=boots.image_id(image), size=size,
                 volume_type_id=cloud.ids('type')[type])


def stock(*pools_and_counts, limit=600):
    """Gives each pool its floor and waits until that many stand ready and nothing moves."""
    for pool_, count in pools_and_counts:
        change(pool_, floor=count, ceiling=max(count, pool_['ceiling']), state='active')
    quiet([(pool_['id'], count) for pool_, count in pools_and_counts], limit)


def unrest():
    """What of Larder moves: {state: how many}, over all pools."""
    total = {}
    for row in item_pools():
        for state in MOVING:
            if row['items'][state]:
                total[state] = total.get(state, 0) + row['items'][state]
    return total


def quiet(wanted=(), limit=600):
    """Until nothing is being made or released, and each pool of [(id, count)] has that many ready."""
    seen = {}

    def look():
        seen.clear()
        seen.update(unrest())
        for pool_id, count in wanted:
            row = pool(pool_id)
            if row['items']['ready'] < count:
                seen[pool_id] = '%s, %d of %d ready, last error %s' % (row['kind'], row['items']['ready'], count,
                                                                       row['last_error'])
        return not seen
    cloud.wait_for(lambda: 'a quiet larder (seen: %s)' % seen, look, limit, 0.3)


def empty(limit=120):
    """No pool wants anything, nothing is ready, nothing moves."""
    for row in item_pools():
        change(row, floor=0, state='draining')
    cloud.wait_for('empty pools', lambda: not any(row['items'][state] for row in item_pools()
                                                  for state in MOVING + ('ready',)), limit)
    for row in item_pools():
        change(row, state='active')


@contextlib.contextmanager
def restored():
    """Puts floors and states back that stood before."""
    before = item_pools()
    try:
        yield
    finally:
        for row in before:
            change(row, floor=row['floor'], ceiling=row['ceiling'], state=row['state'])


# ---------------------------------------------------------------- tiers


@contextlib.contextmanager
def tier(word, *projects):
    """Boots of these projects have the tier; afterwards as before, and targets that it gave are gone."""
    rules = [api().put('/tiers', {'tier': {'tier': word, 'project_id': cloud.project_id(name)}})['tier']
             for name in projects]
    try:
        yield
    finally:
        for rule in rules:
            api().delete('/tiers/' + rule['id'])


# ---------------------------------------------------------------- the daemon


def script(name, *words):
    """One of the cloud's scripts; its output is shown only when it fails."""
    done = subprocess.run([os.path.join(cloud.HERE, name), *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    if done.returncode:
        raise RuntimeError('%s %s failed:\n%s' % (name, ' '.join(words), done.stdout[-2000:]))


def start():
    script('larderd', 'start')


def stop():
    script('larderd', 'stop')


def pid():
    with open(cloud.ROOT + '/run/larderd.pid') as f:
        return int(f.read())


def alive():
    try:
        os.kill(pid(), 0)
        with open('/proc/%d/stat' % pid()) as f:
            return f.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return False


def kill():
    """SIGKILL at whatever it is doing."""
    victim = pid()
    os.kill(victim, signal.SIGKILL)
    cloud.wait_for('the killed daemon gone', lambda: not alive(), 20, 0.05)


def healthy():
    try:
        return cloud.admin().larder.session.get(cloud.url('LARDERD', '/healthcheck'), authenticated=False, timeout=2,
                                                connect_retries=0, raise_exc=False).status_code == 200
    except Exception:  # refused, reset, timed out: not healthy
        return False


@contextlib.contextmanager
def stopped():
    stop()
    try:
        yield
    finally:
        start()


@contextlib.contextmanager
def hung():
    """SIGSTOP: connections are taken by the kernel, and never answered."""
    victim = pid()
    os.kill(victim, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(victim, signal.SIGCONT)
        cloud.wait_for('the daemon healthy again', healthy, 30)


@contextlib.contextmanager
def settings(**sections):
    """Restarts the daemon with other values in larder.conf, and at the end with those from before:
    settings(claim={'lifetime': 10})."""
    path = os.path.join(cloud.ETC, 'larder', 'larder.conf')
    with open(path) as f:
        before = f.read()
    with open(path, 'a') as f:
        for section, values in sections.items():
            f.write('\n[%s]\n' % section + ''.join('%s = %s\n' % pair for pair in values.items()))
    try:
        script('larderd', 'restart')
        yield
    finally:
        with open(path, 'w') as f:
            f.write(before)
        if alive():
            stop()
        start()


def kill_at_random(until, least=1.0, most=6.0):
    """Kills the daemon and starts it again, at random moments, until the event `until` is set; how often."""
    times = 0
    while not until.wait(random.uniform(least, most)):
        kill()
        times += 1
        time.sleep(random.uniform(0, 2))
        start()
    return times


# ---------------------------------------------------------------- the audit


def holdings():
    """What project `larder` holds: {port or volume id: its kind}."""
    project = cloud.project_id('larder')
    ports = cloud.admin().network.get('/ports', project_id=project)['ports']
    volumes = cloud.admin().volume.get('/volumes/detail', all_tenants=1, project_id=project)['volumes']
    held = {port['id']: 'port' for port in ports}
    held.update({volume['id']: 'volume' for volume in volumes})
    return held


def audit():
    """Every way in which rows and cloud differ now, as sentences; none when all is well. Wants a quiet larder."""
    rows = items()
    standing = {row['resource_id']: row for row in rows if row['state'] in RESTING}
    held = holdings()
    found = ['item %s is stuck in %s: %s' % (row['id'], row['state'], row['reason'])
             for row in rows if row['state'] in MOVING]
    found += ['%s %s in project larder is known to no row' % (kind, resource)
              for resource, kind in held.items() if resource not in standing]
    found += ['item %s is %s, but its %s %s is not in project larder' % (row['id'], row['state'], row['kind'], resource)
              for resource, row in standing.items() if resource not in held]
    found += doubled([row['resource_id'] for row in rows if row['resource_id']], 'resource')
    return found + audit_adoptions(rows) + audit_transfers(standing)


def doubled(ids, word):
    return ['%s %s is in %d rows' % (word, one, ids.count(one)) for one in sorted(set(ids)) if ids.count(one) > 1]


def audit_adoptions(rows):
    adoptions = [row for row in listing('adoptions') if row['state'] != 'returned']
    found = doubled([row['item_id'] for row in adoptions], 'adopted item')
    found += ['adoption %s is still begun' % row['id'] for row in adoptions if row['state'] == 'begun']
    by_item = {row['item_id']: row for row in adoptions}
    for row in rows:
        if row['state'] == 'adopted' and by_item.get(row['id'], {}).get('state') != 'done':
            found.append('item %s is adopted, its adoption is %s' % (row['id'], by_item.get(row['id'])))
    return found


def audit_transfers(standing):
    """Each volume that stands ready is offered by exactly one transfer, and there is no other transfer."""
    offered = [row['volume_id'] for row in cloud.larder_admin().volume.get('/volume-transfers')['transfers']]
    volumes = [resource for resource, row in standing.items() if row['kind'] == 'volume']
    return doubled(offered, 'offered volume') \
        + ['volume %s is offered, but no item stands for it' % one for one in set(offered) - set(volumes)] \
        + ['volume %s of a standing item is not offered' % one for one in set(volumes) - set(offered)]
