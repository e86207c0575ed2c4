# SPDX-License-Identifier: Apache-2.0
"""What is handed out equals what a create would make now: things that items are made from are changed, one by one.

Most changes are noticed by the services' notifications; some, once more, by the sweep alone, and some by nobody but
the adoption.
"""
import contextlib
import time
import uuid

from support import boots, cloud, larder, scene
from support.case import CloudTest

NOTICED = 15    # seconds; the sweep comes each 300
SWEPT = 60
LEFT = ('releasing', 'gone', 'failed')


class StaleTest(CloudTest):
    limit = NOTICED

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Making would yield to any claim that a theme before this one has left open.
        cls.enterClassContext(larder.settings(bootstrap={'yield': 0}))

    def scene(self, **more):
        """A network of demo's with one idle port of a pool."""
        made = scene.Scene(count=1, **more)
        self.addCleanup(made.clear)
        return made

    def pool(self, kind, project, ask, resolved, count=1):
        """A pool as a first boot brings it into being, stocked."""
        demand = {'kind': kind, 'request_id': 'req-' + str(uuid.uuid4()), 'project_id': project, 'instance_id': None,
                  'resource_id': None, 'reason': 'no-claim', 'seconds': 1.0, kind: ask, 'resolved': resolved}
        if kind == 'port':
            demand['instance_id'] = str(uuid.uuid4())
        made = cloud.hook_user().larder.post('/demand', {'demand': demand})['demand']['pool_id']
        self.addCleanup(self.forget, made)
        larder.stock((larder.pool(made), count))
        return made

    def forget(self, pool):
        larder.change(larder.pool(pool), floor=0, state='draining')
        larder.quiet()
        for sql in ('delete from item_events where item_id in (select id from items where pool_id = %s)',
                    'delete from items where pool_id = %s', 'delete from demand where pool_id = %s',
                    'delete from pool_asks where pool_id = %s', 'delete from pools where id = %s'):
            cloud.rows('larder', sql, pool)

    def volumes(self, image, volume_type='nfs', named=True):
        """A pool of volumes of the image, and what is asked for: the type, or none."""
        type_id = self.type_id(volume_type)
        return self.pool('volume', self.demo.project_id,
                         {'image_id': image, 'size': 1, 'volume_type': volume_type if named else None,
                          'availability_zone': None}, {'volume_type_id': type_id, 'availability_zone': 'nova'})

    def type_id(self, name):
        return next(row['id'] for row in self.admin.volume.get('/types', is_public='None')['volume_types']
                    if row['name'] == name)

    def image(self, name='test-stale', **more):
        """An image of demo's, which nobody else has."""
        asked = dict({'name': name, 'disk_format': 'raw', 'container_format': 'bare', 'visibility': 'shared'}, **more)
        made = self.demo.image.post('/images', asked)['id']
        self.addCleanup(self.admin.image.delete, '/images/' + made)
        with open(cloud.ROOT + '/images/tiny.raw', 'rb') as data:
            answer = self.demo.image.session.put(
                self.demo.image.base + '/images/%s/file' % made, data=data.read(),
                headers={'Content-Type': 'application/octet-stream'}, raise_exc=False)
        self.assertEqual(204, answer.status_code, answer.text)
        return made

    def patch_image(self, image, **values):
        answer = self.demo.image.session.patch(
            self.demo.image.base + '/images/' + image, raise_exc=False,
            json=[{'op': 'add', 'path': '/' + name, 'value': value} for name, value in values.items()],
            headers={'Content-Type': 'application/openstack-images-v2.1-json-patch'})
        self.assertEqual(200, answer.status_code, answer.text)

    def volume_type(self, **more):
        asked = dict({'name': 'test-' + uuid.uuid4().hex[:8], 'extra_specs': {'volume_backend_name': 'nfs'}}, **more)
        made = self.admin.volume.post('/types', {'volume_type': asked})['volume_type']
        self.addCleanup(self.delete_type, made['id'])
        return made

    def delete_type(self, type_id):
        """Once nothing has it any more: what was released may take its time."""
        cloud.wait_for('volume type %s unused' % type_id, lambda: self.admin.volume.call(
            'DELETE', '/types/' + type_id).status_code in (202, 404), 60, 1)

    @staticmethod
    def ready(pool):
        return {row['id'] for row in larder.items(pool_id=pool) if row['state'] == 'ready'}

    @contextlib.contextmanager
    def retired(self, pool, reason):
        """All that is ready before is let go because of what is done within, for that reason."""
        before = self.ready(pool)
        self.assertTrue(before)
        yield
        seen = {}

        def look():
            seen.update((row['id'], row) for row in larder.items(pool_id=pool) if row['id'] in before)
            return all(row['state'] in LEFT for row in seen.values())
        cloud.wait_for(lambda: 'items gone: %s' % seen, look, self.limit)
        for row in seen.values():
            self.assertRegex(row['reason'], reason)

    def refused(self, tenant, request, status=None):
        """Nova refuses the boot, as it does without Larder."""
        answer = tenant.compute.call('POST', '/servers', request)
        self.assertIn(answer.status_code, (status,) if status else (400, 403, 404, 409), answer.text)

    def boot_port(self, made, expected):
        """A boot's port on the scene's network."""
        boot = self.booted(boots.body('test-stale', [made.network]))
        self.assertEqual({expected: 1}, self.outcomes([boot], 1))
        port = boot.ports()[0]
        boots.delete([boot])
        return port

    def boot_volume(self, root, expected, network='private'):
        boot = self.booted(boots.body('test-stale', [network], root=root))
        rows = [row for row in larder.wait_demand('demo', {boot.request_id}, 2) if row['kind'] == 'volume']
        self.assertEqual({expected: 1}, larder.outcomes(rows))
        volume = boot.volumes()[0]
        boots.delete([boot])
        return volume

    # ---- changes that are made in more than one test

    def add_subnet(self, made):
        asked = {'network_id': made.network, 'ip_version': 6, 'cidr': 'fd77::/64'}
        return self.demo.network.post('/subnets', {'subnet': asked})['subnet']['id']

    @staticmethod
    def change_specs(volume_type):
        """Cinder's API refuses that for a type in use; an operator who lets it do so has the same rows then.

        The scheduler goes by no spec of this scope.
        """
        cloud.rows('cinder', "insert into volume_type_extra_specs (created_at, deleted, volume_type_id, `key`, value) "
                   "values (utc_timestamp(), 0, %s, 'test:stale', '1')", volume_type['id'])

    def deactivate(self, image):
        self.assertEqual(204, self.admin.image.call('POST', '/images/%s/actions/deactivate' % image).status_code)

    def project_pool(self):
        """A pool of a project that is there for this alone, on its own network."""
        name = 'test-stale-' + uuid.uuid4().hex[:8]
        admin = self.admin
        project = admin.identity.post('/projects', {'project': {'name': name, 'domain_id': 'default'}})['project']['id']
        self.addCleanup(admin.identity.delete, '/projects/' + project)
        network = admin.network.post('/networks', {'network': {'name': name, 'project_id': project}})['network']['id']
        self.addCleanup(admin.network.delete, '/networks/' + network)
        admin.network.post('/subnets', {'subnet': {'network_id': network, 'project_id': project, 'ip_version': 4,
                                                   'cidr': scene.CIDR}})
        group = admin.network.post('/security-groups', {'security_group': {'name': name, 'project_id': project}})
        group = group['security_group']['id']
        for row in admin.network.get('/security-groups', project_id=project)['security_groups']:
            self.addCleanup(admin.network.delete, '/security-groups/' + row['id'])
        pool = self.pool('port', project, {'network_id': network, 'security_groups': [group]},
                         {'security_groups': [group]})
        return project, pool

    def disable(self, project):
        self.admin.identity.patch('/projects/' + project, {'project': {'enabled': False}})


class Ports(StaleTest):
    def test_subnet_added_and_removed(self):
        """a subnet is added (dual stack), and removed"""
        made = self.scene()
        with self.retired(made.pool, 'stale: what it was made from has changed'):
            subnet = self.add_subnet(made)
        larder.quiet([(made.pool, 1)])
        port = self.boot_port(made, 'hit')
        self.assertEqual({made.subnet, subnet}, {address['subnet_id'] for address in port['fixed_ips']})
        larder.quiet([(made.pool, 1)])
        with self.retired(made.pool, 'stale|tenant'):   # the pool's own addresses stand in the way of it
            self.demo.network.delete('/subnets/' + subnet)

    def test_network_changed(self):
        """DHCP, MTU and port security are changed, and DNS domain and QoS policy where there are such"""
        made = self.scene()
        extensions = {row['alias'] for row in self.admin.network.get('/extensions')['extensions']}
        changes = [(self.demo, '/subnets/' + made.subnet, {'subnet': {'enable_dhcp': False}}),
                   (self.admin, '/networks/' + made.network, {'network': {'mtu': 1400}}),
                   (self.demo, '/networks/' + made.network, {'network': {'port_security_enabled': False}})]
        if 'dns-integration' in extensions:
            changes.insert(0, (self.demo, '/networks/' + made.network, {'network': {'dns_domain': 'stale.example.'}}))
        if 'qos' in extensions:
            policy = self.admin.network.post('/qos/policies', {'policy': {'name': 'test-stale', 'shared': True}})
            policy = policy['policy']
            self.addCleanup(self.admin.network.delete, '/qos/policies/' + policy['id'])
            changes.insert(0, (self.demo, '/networks/' + made.network, {'network': {'qos_policy_id': policy['id']}}))
        for user, path, body in changes:
            larder.quiet([(made.pool, 1)])
            with self.subTest(body=body), self.retired(made.pool, 'stale: what it was made from has changed'):
                user.network.put(path, body)
        boot = self.booted(boots.body('test-stale', [made.network]))    # without groups: no port of that pool
        self.assertEqual({'miss': 1}, {word.split()[0]: n for word, n in self.outcomes([boot], 1).items()})
        self.assertEqual([], boot.ports()[0]['security_groups'])
        boots.delete([boot])

    def test_security_groups(self):
        """a group's rules are changed (not stale), another group is asked for, the group is deleted"""
        group = self.own_group('test-stale-group')
        other = self.own_group('test-stale-other')
        made = self.scene(groups=[group])
        before = self.ready(made.pool)
        rule = {'security_group_id': group, 'direction': 'ingress', 'protocol': 'tcp', 'port_range_min': 22,
                'port_range_max': 22, 'ethertype': 'IPv4'}
        self.demo.network.post('/security-group-rules', {'security_group_rule': rule})
        boot = self.booted(boots.body('test-stale', [made.network], security_groups=[{'name': 'test-stale-other'}]))
        self.assertEqual({'miss': 1}, {word.split()[0]: n for word, n in self.outcomes([boot], 1).items()})
        self.assertEqual([other], boot.ports()[0]['security_groups'])
        boots.delete([boot])
        self.assertEqual(before, self.ready(made.pool))
        with self.retired(made.pool, 'stale|tenant|security groups'):
            self.demo.network.delete('/security-groups/' + group)

    def test_project(self):
        """the project is disabled, deleted"""
        for change, reason in ((self.disable, 'is disabled'),
                               (lambda project: self.admin.identity.delete('/projects/' + project), 'ould not find')):
            project, pool = self.project_pool()
            with self.subTest(reason=reason), self.retired(pool, reason):
                change(project)

    def test_quota_lowered(self):
        """the tenant's quota is lowered: refused as without Larder, and the pool stays"""
        made = self.scene()
        before = self.ready(made.pool)
        self.admin.network.put('/quotas/' + self.demo.project_id, {'quota': {'port': 0}})
        self.addCleanup(self.admin.network.delete, '/quotas/' + self.demo.project_id)
        self.refused(self.demo, boots.body('test-stale', [made.network]), 403)
        self.assertEqual(before, self.ready(made.pool))


class Volumes(StaleTest):
    def test_image_audience(self):
        """a member of the image is revoked, the image is made private"""
        image = self.image()
        rival = self.rival.project_id
        self.demo.image.post('/images/%s/members' % image, {'member': rival})
        pool = self.volumes(image)
        with self.retired(pool, 'stale: what it was made from has changed'):
            self.demo.image.delete('/images/%s/members/%s' % (image, rival))
        self.refused(self.rival, boots.body('test-stale', image=image))
        larder.quiet([(pool, 1)])
        with self.retired(pool, 'stale: what it was made from has changed'):
            self.patch_image(image, visibility='private')
        larder.quiet([(pool, 1)])
        self.boot_volume(boots.new_volume(image, volume_type='nfs'), 'hit')

    def test_image_refused(self):
        """the image's min_disk is raised, it is deactivated, deleted"""
        for change, reason in ((lambda image: self.patch_image(image, min_disk=2), 'does not fit'),
                               (self.deactivate, 'is deactivated'),
                               (lambda image: self.demo.image.delete('/images/' + image), '404|No image|not found')):
            image = self.image()
            pool = self.volumes(image)
            with self.subTest(reason=reason), self.retired(pool, reason):
                change(image)
            self.refused(self.demo, boots.body('test-stale', root=boots.new_volume(image, volume_type='nfs')))

    def test_image_replaced(self):
        """the image is replaced: the same name, another id"""
        old = self.image()
        pool = self.volumes(old)
        new = self.image()
        volume = self.boot_volume(boots.new_volume(new, volume_type='nfs'), 'miss no-item')
        self.assertEqual(new, volume['volume_image_metadata']['image_id'])
        with self.retired(pool, '404|No image|not found'):
            self.demo.image.delete('/images/' + old)

    def test_type(self):
        """the volume type's access is changed, its QoS"""
        kind = self.volume_type(**{'os-volume-type-access:is_public': False})
        self.admin.volume.post('/types/%s/action' % kind['id'],
                               {'addProjectAccess': {'project': self.demo.project_id}})
        quality = self.admin.volume.post('/qos-specs', {'qos_specs': {'name': kind['name'], 'consumer': 'front-end',
                                                                     'total_iops_sec': '100'}})['qos_specs']['id']
        self.addCleanup(self.admin.volume.delete, '/qos-specs/%s?force=True' % quality)
        pool = self.volumes(boots.image_id('tiny'), kind['name'])
        access = {'project': self.rival.project_id}
        for change in (lambda: self.admin.volume.post('/types/%s/action' % kind['id'], {'addProjectAccess': access}),
                       lambda: self.admin.volume.get('/qos-specs/%s/associate' % quality, vol_type_id=kind['id'])):
            larder.quiet([(pool, 1)])
            with self.retired(pool, 'stale: what it was made from has changed'):
                change()

    def test_default_type(self):
        """another volume type becomes the project's default: the item is refused, and the boot has the new type"""
        kind = self.volume_type()
        image = self.image()
        pool = self.volumes(image, named=False)
        path = '/default-types/' + self.demo.project_id
        self.admin.volume.put(path, {'default_type': {'volume_type': kind['name']}})
        self.addCleanup(self.admin.volume.delete, path)
        with self.retired(pool, 'volume type would be another|hand-over failed'):
            volume = self.boot_volume(boots.new_volume(image), 'miss stale')
        self.assertEqual(kind['name'], volume['volume_type'])


class Unnoticed(StaleTest):
    """No notification comes: the sweep finds each change, and before it does, the adoption."""
    limit = SWEPT

    def with_larderd(self, reconcile):
        self.enterContext(larder.settings(DEFAULT={'roles': 'api,worker'}, bootstrap={'reconcile': reconcile}))
        time.sleep(2)       # the first comparison, which each start begins with

    def test_sweep(self):
        """the sweep alone: a subnet, a type's specs, an image, a project"""
        self.with_larderd(5)
        made = self.scene()
        kind = self.volume_type()
        by_type = self.volumes(boots.image_id('tiny'), kind['name'])
        image = self.image()
        by_image = self.volumes(image)
        project, by_project = self.project_pool()
        with self.retired(made.pool, 'stale'), self.retired(by_type, 'stale'), \
                self.retired(by_image, 'is deactivated'), self.retired(by_project, 'is disabled'):
            self.add_subnet(made)
            self.change_specs(kind)
            self.deactivate(image)
            self.disable(project)

    def test_adoption(self):
        """the adoption alone: a subnet, a type's specs"""
        self.with_larderd(3600)
        made = self.scene()
        kind = self.volume_type()
        pool = self.volumes(boots.image_id('tiny'), kind['name'])
        time.sleep(1)       # Cinder's times are whole seconds
        subnet = self.add_subnet(made)
        self.change_specs(kind)
        with self.retired(made.pool, 'stale|hand-over failed'):
            port = self.boot_port(made, 'miss stale')
        self.assertEqual({made.subnet, subnet}, {address['subnet_id'] for address in port['fixed_ips']})
        with self.retired(pool, 'has changed since|hand-over failed'):
            self.boot_volume(boots.new_volume(volume_type=kind['name']), 'miss stale')
