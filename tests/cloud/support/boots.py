# SPDX-License-Identifier: Apache-2.0
"""Servers: asking for them, watching them become ACTIVE, deleting them.

A boot is watched in Nova's database: a GET /servers/ID every 0.1 s would itself cost nova-api two calls to Neutron each
time and slow down what it watches.
"""
import threading
import time

from . import cloud

ACTIVE_LIMIT = 900
STEP = 0.02


class BootError(Exception):
    pass


class Boot:
    """One server on its way; a multi-create is as many boots with one request id."""

    def __init__(self, tenant, server_id, request_id, started, answered):
        self.tenant = tenant
        self.id = server_id
        self.request_id = request_id
        self.started = started      # time.time() before POST /servers
        self.answered = answered    # after it
        self.active = None          # when it was seen ACTIVE

    @property
    def seconds(self):
        return self.active - self.started

    def show(self):
        return self.tenant.compute.get('/servers/' + self.id)['server']

    def ports(self):
        ports = self.tenant.network.get('/ports', device_id=self.id)['ports']
        return sorted(ports, key=lambda port: port['created_at'])

    def volumes(self):
        attached = self.tenant.compute.get('/servers/%s/os-volume_attachments' % self.id)['volumeAttachments']
        return [self.tenant.volume.get('/volumes/' + a['volumeId'])['volume'] for a in attached]


def new_volume(image='tiny', size=1, **more):
    """The root disk of a boot from a new volume."""
    return dict({'boot_index': 0, 'source_type': 'image', 'destination_type': 'volume', 'uuid': image_id(image),
                 'volume_size': size, 'delete_on_termination': True}, **more)


def own_volume(volume_id, keep=False):
    return {'boot_index': 0, 'source_type': 'volume', 'destination_type': 'volume', 'uuid': volume_id,
            'delete_on_termination': not keep}


def image_id(name):
    return cloud.ids('image').get(name, name)


def body(name, networks=('private',), image='tiny', root=None, flavor='m1.tiny', **more):
    """A request for a server: from image, or from the volume that `root` describes. Networks are names or requests."""
    server = {'name': name, 'flavorRef': cloud.ids('flavor')[flavor],
              'networks': [n if isinstance(n, dict) else {'uuid': cloud.ids('network').get(n, n)} for n in networks]}
    if root:
        server['block_device_mapping_v2'] = [root]
    else:
        server['imageRef'] = image_id(image)
    return {'server': dict(server, **more)}


def post(tenant, request):
    """Asks for the servers of one request; a list of boots."""
    many = request['server'].get('max_count', 1) > 1
    if many:
        request['server']['return_reservation_id'] = True
    started = time.time()
    response = tenant.compute.call('POST', '/servers', request)
    answered = time.time()
    if response.status_code != 202:
        raise cloud.HTTPError(response)
    request_id = response.headers['x-openstack-request-id']
    if not many:
        return [Boot(tenant, response.json()['server']['id'], request_id, started, answered)]
    found = tenant.compute.get('/servers', reservation_id=response.json()['reservation_id'])['servers']
    return [Boot(tenant, server['id'], request_id, started, answered) for server in found]


def post_at_once(requests):
    """Sends all the requests [(tenant, request)] at the same moment."""
    made, failed = [], []
    barrier = threading.Barrier(len(requests))

    def one(tenant, request):
        tenant.token()
        barrier.wait()
        try:
            made.extend(post(tenant, request))
        except Exception as e:
            failed.append(e)

    threads = [threading.Thread(target=one, args=request) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise BootError('%d of %d requests were refused, one with: %s' % (len(failed), len(requests), failed[0]))
    return made


STATES = """select uuid, vm_state, task_state, deleted from {0}.instances where uuid in %s"""
BOTH_CELLS = STATES.format('nova') + ' union all ' + STATES.format('nova_cell0')


class Watch:
    """Nova's database, asked about some boots again and again."""

    def __init__(self, boots):
        self.left = {boot.id: boot for boot in boots}
        self.connection = cloud.database('nova')

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.connection.close()

    def states(self):
        with self.connection.cursor() as cursor:
            names = tuple(self.left)
            cursor.execute(BOTH_CELLS, (names, names))
            return cursor.fetchall()

    def until(self, done, what, limit, step):
        """Calls done(boot, vm_state, task_state, deleted) for each that is left, until all are done."""
        end = time.monotonic() + limit
        while self.left:
            for server_id, *state in self.states():
                if server_id in self.left and done(self.left[server_id], *state):
                    del self.left[server_id]
            if self.left and time.monotonic() > end:
                raise BootError('%d servers not %s after %d s, one is %s' % (len(self.left), what, limit,
                                                                           next(iter(self.left))))
            if self.left:
                time.sleep(step)


def fault(boot):
    found = cloud.rows('nova', 'select message from nova.instance_faults where instance_uuid = %s union all select '
                       'message from nova_cell0.instance_faults where instance_uuid = %s', boot.id, boot.id)
    return found[-1][0] if found else 'no fault is known'


def wait_active(boots, limit=ACTIVE_LIMIT, step=STEP):
    """Notes when each was seen ACTIVE; BootError when one ends in ERROR."""
    def done(boot, vm_state, task_state, deleted):
        if vm_state == 'error':
            raise BootError('server %s is in ERROR: %s' % (boot.id, fault(boot)))
        if vm_state == 'active' and task_state is None:
            boot.active = time.time()
        return boot.active

    with Watch(boots) as watch:
        watch.until(done, 'ACTIVE', limit, step)
    return boots


def boot(tenant, request):
    """One request, until all its servers are ACTIVE."""
    return wait_active(post(tenant, request))


def wait_state(boot_, wanted, limit=120):
    """Until Nova is done with a server and it is in this vm_state."""
    with Watch([boot_]) as watch:
        watch.until(lambda _, vm, task, deleted: vm == wanted and task is None, wanted, limit, 0.1)


def delete(boots, limit=300):
    """Deletes the servers and waits until they, their ports and their root volumes are gone."""
    boots = list(boots)
    for boot_ in boots:
        boot_.tenant.compute.delete('/servers/' + boot_.id)
    with Watch(boots) as watch:
        watch.until(lambda _, vm, task, deleted: deleted, 'deleted', limit, 0.1)
    cloud.wait_for('their volumes gone', lambda: not volumes('deleting', 'detaching'), limit)


def volumes(*statuses):
    """The ids of all the cloud's volumes in one of these."""
    found = cloud.rows('cinder', 'select id from volumes where not deleted and status in %s', statuses)
    return [row[0] for row in found]


def make_volume(tenant, image='tiny', size=1, name='test-own', limit=600, **more):
    """A volume that the caller makes."""
    asked = dict({'size': size, 'name': name}, **({'imageRef': image_id(image)} if image else {}), **more)
    made = tenant.volume.post('/volumes', {'volume': asked})['volume']['id']
    wait_volume(tenant, made, 'available', limit)
    return made


def wait_volume(tenant, volume_id, wanted, limit=600):
    def look():
        status = tenant.volume.get('/volumes/' + volume_id)['volume']['status']
        if status.startswith('error'):
            raise BootError('volume %s is in %s' % (volume_id, status))
        return status == wanted
    cloud.wait_for('volume %s %s' % (volume_id, wanted), look, limit, 0.3)


def make_port(tenant, network='private', name='test-own', **more):
    """A port that the caller makes."""
    asked = dict({'network_id': cloud.ids('network').get(network, network), 'name': name}, **more)
    return tenant.network.post('/ports', {'port': asked})['port']


def sweep(prefix):
    """Deletes what an interrupted run left with the tenants: only what bears names with this prefix."""
    for name in cloud.TENANTS:
        tenant = cloud.user(name)
        servers = tenant.compute.get('/servers', name='^' + prefix)['servers']
        delete(Boot(tenant, server['id'], None, 0, 0) for server in servers)
        for kind, service in (('ports', tenant.network), ('volumes', tenant.volume), ('images', tenant.image)):
            for row in service.get('/' + kind)[kind]:
                if row['name'].startswith(prefix):
                    service.delete('/%s/%s' % (kind, row['id']))
        for group in tenant.network.get('/security-groups')['security_groups']:
            if group['name'].startswith(prefix):
                tenant.network.delete('/security-groups/' + group['id'])
