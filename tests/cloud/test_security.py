# SPDX-License-Identifier: Apache-2.0
"""What a tenant with a token and curl can try: nothing of it gives him an item, a claim, or another's image."""
import subprocess
import uuid

from support import boots, cloud, larder
from support.case import CloudTest

SOME_ID = '11111111-2222-4333-8444-555555555555'


def curl(method, url, token, body=None, *headers):
    """The status. The token goes in by standard input, as one would hide it from `ps`."""
    config = ['request = "%s"' % method, 'url = "%s"' % url, 'silent', 'output = "/dev/null"', 'max-time = 30',
              r'write-out = "%{http_code}"', 'header = "Content-Type: application/json"']
    config += ['header = "%s"' % header for header in headers]
    if token:
        config.append('header = "X-Auth-Token: %s"' % token)
    if body is not None:
        config.append('data = "%s"' % body.replace('\\', '\\\\').replace('"', '\\"'))
    done = subprocess.run(['curl', '-K', '-'], input='\n'.join(config), text=True, capture_output=True, check=True)
    return int(done.stdout)


class HookRoutes(CloudTest):
    """The routes that only the hooks' user may use."""
    ROUTES = (
        ('POST', '/claims', '{"claim": {}}'),
        ('POST', '/adoptions', '{"adoption": {}}'),
        ('PATCH', '/adoptions/' + SOME_ID, '{"adoption": {"state": "done"}}'),
        ('POST', '/demand', '{"demand": {}}'),
    )
    OTHERS = (
        ('GET', '/pools'), ('GET', '/pools/' + SOME_ID), ('GET', '/items'), ('GET', '/items/' + SOME_ID),
        ('GET', '/claims'), ('GET', '/claims/' + SOME_ID), ('GET', '/adoptions'), ('GET', '/adoptions/' + SOME_ID),
        ('GET', '/demand'), ('PATCH', '/pools/' + SOME_ID),
    )

    def test_hook_routes(self):
        """claims and adoptions answer 403 to tenants, to an admin and to a service"""
        for user in (self.demo, self.rival, self.admin, cloud.user('nova', 'service')):
            for method, path, body in self.ROUTES:
                with self.subTest(user=user.name, route=method + ' ' + path):
                    self.assertEqual(403, curl(method, user.larder.base + path, user.token(), body))

    def test_other_routes(self):
        """pools, items, claims, adoptions and demand answer 403 to tenants"""
        for user in (self.demo, self.rival):
            for method, path in self.OTHERS:
                body = '{"pool": {"floor": 1}}' if method == 'PATCH' else None
                with self.subTest(user=user.name, route=method + ' ' + path):
                    self.assertEqual(403, curl(method, user.larder.base + path, user.token(), body))

    def test_no_token(self):
        """without a token, or with a made-up one: 401"""
        for method, path, *body in self.ROUTES + self.OTHERS:
            for token in (None, 'gAAAAABmadeup', 'x' * 200):
                with self.subTest(route=method + ' ' + path, token=token):
                    self.assertEqual(401, curl(method, self.demo.larder.base + path, token, *body))


class Forgery(CloudTest):
    """An open claim of demo's, whose request id everyone knows."""

    def setUp(self):
        super().setUp()
        self.ports, self.volumes = larder.port_pool(self.demo, 'private'), larder.volume_pool(self.demo)
        larder.stock((self.ports, 2), (self.volumes, 1))
        self.request_id = 'req-' + str(uuid.uuid4())
        self.claim = cloud.hook_user().larder.post('/claims', {'claim': {
            'request_id': self.request_id, 'project_id': self.demo.project_id, 'image_id': boots.image_id('tiny'),
            'flavor_id': None, 'availability_zone': None, 'servers': 1,
            'ports': [{'network_id': cloud.ids('network')['private'], 'security_groups': [], 'count': 1}],
            'volumes': [{'image_id': boots.image_id('tiny'), 'size': 1, 'volume_type': 'nfs', 'availability_zone': None,
                         'count': 1}]}})['claim']
        self.assertEqual([1, 1], [line['set_aside'] for line in self.claim['lines']], 'there is something to steal')

    def headers(self, user, **more):
        return dict({'X-OpenStack-Request-Id': self.request_id}, **more)

    def forgeries(self, user):
        """Headers a client may send with his own token."""
        yield {}
        yield {'X-Service-Token': user.token()}
        yield {'X-Service-Identity-Status': 'Confirmed', 'X-Service-Roles': 'service', 'X-Service-User-Name': 'nova'}
        yield {'X-Service-Token': 'made-up'}

    def try_port(self, user, headers):
        network = cloud.ids('network')['private']
        body = {'port': {'device_id': str(uuid.uuid4()), 'network_id': network, 'admin_state_up': True,
                         'tenant_id': user.project_id, 'name': 'test-forged'}}
        for asked in (body, {'port': {k: v for k, v in body['port'].items() if k != 'name'}}):
            response = user.network.call('POST', '/ports', asked, headers)
            if response.status_code == 201:
                port = response.json()['port']['id']
                self.addCleanup(user.network.delete, '/ports/' + port)
                yield port

    def try_volume(self, user, headers):
        asked = {'size': 1, 'consistencygroup_id': None, 'snapshot_id': None, 'name': '', 'description': '',
                 'volume_type': 'nfs', 'availability_zone': None, 'metadata': {}, 'imageRef': boots.image_id('tiny'),
                 'source_volid': None, 'backup_id': None}
        response = user.volume.call('POST', '/volumes', {'volume': asked}, headers)
        if response.status_code == 202:
            volume = response.json()['volume']['id']
            self.addCleanup(self.admin.volume.delete, '/volumes/%s?force=True&cascade=True' % volume)
            boots.wait_volume(user, volume, 'available')
            yield volume

    def tried(self, user, headers):
        got = list(self.try_port(user, headers)) + list(self.try_volume(user, headers))
        items = {row['resource_id'] for row in larder.items()}
        self.assertEqual(set(), set(got) & items, 'an item was got with %s' % sorted(headers))
        lines = larder.api().get('/claims/' + self.claim['id'])['claim']['lines']
        self.assertEqual([0, 0], [line['taken'] for line in lines])
        return got

    def test_request_id(self):
        """X-OpenStack-Request-Id of an open claim gives no item, to its own tenant as to another"""
        for user in (self.demo, self.rival):
            for more in self.forgeries(user):
                with self.subTest(user=user.name, headers=sorted(more)):
                    self.tried(user, self.headers(user, **more))
        self.assertTrue(list(self.tried(self.demo, self.headers(self.demo))), 'the ordinary way is open')

    def test_other_project(self):
        """even with Nova's own service token, a claim serves its project only"""
        service = cloud.user('nova', 'service').token()
        self.tried(self.rival, self.headers(self.rival, **{'X-Service-Token': service}))

    def test_same_by_nova(self):
        """the counter-proof: with Nova's service token the claim's project gets its items"""
        headers = self.headers(self.demo, **{'X-Service-Token': cloud.user('nova', 'service').token()})
        asked = {'device_id': str(uuid.uuid4()), 'network_id': cloud.ids('network')['private'], 'admin_state_up': True,
                 'tenant_id': self.demo.project_id}
        port = self.demo.network.post('/ports', {'port': asked}, headers)['port']
        self.addCleanup(self.demo.network.delete, '/ports/' + port['id'])
        self.assertIn(port['id'], {row['resource_id'] for row in larder.items(state='adopted')})


class PrivateImage(CloudTest):
    """A pool of volumes of demo's private image, and what rival can ask Cinder for."""

    def setUp(self):
        super().setUp()
        self.image = self.demo.image.post('/images', {'name': 'test-private', 'disk_format': 'raw',
                                                      'container_format': 'bare', 'visibility': 'private'})['id']
        self.addCleanup(self.demo.image.delete, '/images/' + self.image)
        self.demo.session.put(self.demo.image.base + '/images/%s/file' % self.image, data=b'secret' * 10000,
                              headers={'Content-Type': 'application/octet-stream'})
        self.pool = larder.volume_pool(self.demo, image=self.image)
        larder.stock((self.pool, 1))
        self.item, = larder.items(pool_id=self.pool['id'], state='ready')

    def test_volume(self):
        """no request to Cinder gives rival a volume of it"""
        volume = self.item['resource_id']
        transfers = cloud.larder_admin().volume.get('/volume-transfers')['transfers']
        transfer = next(row['id'] for row in transfers if row['volume_id'] == volume)
        request_id = 'req-' + str(uuid.uuid4())
        tries = [('POST', '/volumes', {'volume': dict(asked, size=1)}) for asked in (
            {'imageRef': self.image}, {'imageRef': self.image, 'volume_type': 'nfs', 'name': '', 'description': ''},
            {'source_volid': volume}, {'source_replica': volume})]
        tries += [
            ('GET', '/volumes/' + volume, None), ('DELETE', '/volumes/' + volume, None),
            ('POST', '/volumes/%s/action' % volume, {'os-reserve': {}}),
            ('POST', '/volumes/%s/action' % volume, {'os-volume_upload_image': {'image_name': 'stolen'}}),
            ('POST', '/snapshots', {'snapshot': {'volume_id': volume, 'force': True}}),
            ('POST', '/backups', {'backup': {'volume_id': volume}}),
            ('POST', '/attachments', {'attachment': {'volume_uuid': volume, 'instance_uuid': SOME_ID}}),
            ('POST', '/volume-transfers', {'transfer': {'volume_id': volume}}),
            ('GET', '/volume-transfers/' + transfer, None), ('DELETE', '/volume-transfers/' + transfer, None),
            ('POST', '/volume-transfers/%s/accept' % transfer, {'accept': {'auth_key': 'guessed'}}),
            ('POST', '/os-volume-transfer/%s/accept' % transfer, {'accept': {'auth_key': '0' * 16}}),
        ]
        for headers in ({}, {'X-OpenStack-Request-Id': request_id, 'X-Service-Token': self.rival.token()}):
            for method, path, body in tries:
                with self.subTest(request='%s %s' % (method, path), body=body, headers=sorted(headers)):
                    response = self.rival.volume.call(method, path, body, headers)
                    self.assertIn(response.status_code, (400, 401, 403, 404), response.text)
        self.unharmed()

    def test_boot(self):
        """nor does a boot from it, by image or from a new volume"""
        for root in (None, boots.new_volume(self.image, volume_type='nfs')):
            request = boots.body('test-theft', image=self.image, root=root)
            self.assertEqual(400, self.rival.compute.call('POST', '/servers', request).status_code)
        self.unharmed()

    def unharmed(self):
        item = larder.api().get('/items/' + self.item['id'])['item']
        self.assertEqual('ready', item['state'])
        held = self.rival.volume.get('/volumes/detail')['volumes']
        images = [volume.get('volume_image_metadata', {}).get('image_id') for volume in held]
        self.assertNotIn(self.image, images)
        self.assertEqual([], larder.audit())
