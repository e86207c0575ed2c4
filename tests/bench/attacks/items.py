# SPDX-License-Identifier: Apache-2.0
"""A tenant who knows ids: another project's images and types, and the items made of them."""
from attacks.table import SOME_ID, attack
from support import boots, cloud, larder


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
