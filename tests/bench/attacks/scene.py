# SPDX-License-Identifier: Apache-2.0
"""What there is to be had: pools of demo's, an open claim; and how somebody asks for a port or a volume."""
import os
import subprocess
import tempfile
import uuid

import traps
from support import boots, cloud, larder

PREFIX = os.environ.get('LARDER_PREFIX', cloud.ROOT + '/prefix')
CONF = cloud.ETC + '/larder/larder.conf'


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


def check(path=CONF):
    """What larder-manage check returns and says, with this configuration."""
    done = subprocess.run([PREFIX + '/bin/larder-manage', '--config-file', path, 'check'], capture_output=True, text=True,
                          timeout=120)
    return done.returncode, done.stdout


def read(path):
    with open(path, 'rb') as file:
        return file.read()
