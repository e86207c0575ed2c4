# SPDX-License-Identifier: Apache-2.0
"""After a boot with Larder a tenant's APIs say what they say after an ordinary boot, field by field; idle pool ports
and volumes show nowhere; and the server lives and dies as any other."""
import time

from support import boots, cloud, compare, larder
from support.case import CloudTest


class SameAsOrdinary(CloudTest):
    """The ordinary boots are the same tenant's, over pools that were emptied."""

    def take(self, request, expected):
        """Boots, looks, deletes; what the APIs said."""
        boot = self.booted(request)
        self.assertEqual(expected, set(self.outcomes([boot], sum(self.creates(request)))))
        seen = compare.snapshot(boot, time.time())
        boots.delete([boot])
        return seen

    @staticmethod
    def creates(request):
        """Ports and volumes that Nova makes for it."""
        return len(request['server']['networks']), len(request['server'].get('block_device_mapping_v2', ()))

    def compared(self, network, root=None):
        request = boots.body('test-same', [network], root=root)
        ports = larder.port_pool(self.demo, network)
        pools = [(ports, 3)]
        if root:
            pools.append((larder.volume_pool(self.demo, network=network), 2))
        larder.empty()
        ordinary = self.take(request, {'miss no-item'})
        self.assertGreater(len(ordinary), 300)      # or the comparison compares nothing
        larder.stock(*pools)
        adopted = self.take(request, {'hit'})
        self.assertEqual([], compare.differences(ordinary, adopted))

    def test_image_on_own_network(self):
        """image boot on the tenant's own network"""
        self.compared('demo-net')

    def test_image_on_shared_network(self):
        """image boot on a shared network"""
        self.compared('private')

    def test_volume_on_own_network(self):
        """boot from a new volume on the tenant's own network"""
        self.compared('demo-net', boots.new_volume(volume_type='nfs'))

    def test_volume_on_shared_network(self):
        """boot from a new volume on a shared network"""
        self.compared('private', boots.new_volume(volume_type='nfs'))

    def test_bill(self):
        """the volume's row, which billing reads, speaks of the boot alone"""
        request = boots.body('test-bill', root=boots.new_volume(volume_type='nfs'))
        pools = [(larder.port_pool(self.demo, 'private'), 1), (larder.volume_pool(self.demo), 1)]
        larder.empty()
        seen = []
        for stocked in (False, True):
            if stocked:
                larder.stock(*pools)
                time.sleep(2 * compare.SLACK + 1)   # so that the pool's times are not the boot's
            boot = self.booted(request)
            row = cloud.rows('cinder', compare.BILL, boot.volumes()[0]['id'])[0]
            span = (boot.started, time.time())
            seen.append([compare.word(str(value), {}, span) for value in row])
            boots.delete([boot])
        self.assertEqual(*seen)


class Hidden(CloudTest):
    """What stands in the pools, as tenants see it: not at all."""

    def setUp(self):
        super().setUp()
        self.before = self.counts(self.demo), self.counts(self.rival)
        pools = [(larder.port_pool(self.demo, 'demo-net'), 3), (larder.port_pool(self.demo, 'private'), 3),
                 (larder.volume_pool(self.demo), 1)]
        larder.stock(*pools)
        self.standing = [row for row in larder.items() if row['state'] == 'ready']

    @staticmethod
    def counts(tenant):
        """What a tenant's quotas say is in use."""
        quota = tenant.network.get('/quotas/%s/details.json' % tenant.project_id)['quota']
        volumes = tenant.volume.get('/os-quota-sets/' + tenant.project_id, usage='True')['quota_set']
        return ({name: row['used'] for name, row in quota.items()},
                {name: row['in_use'] + row['reserved'] for name, row in volumes.items() if isinstance(row, dict)})

    def test_lists(self):
        """no list, filter or count of a tenant shows them"""
        ids = {row['resource_id'] for row in self.standing}
        self.assertGreaterEqual(len(ids), 7)    # other pools may be stocked beside these
        for tenant in self.demo, self.rival:
            for query in ({}, {'network_id': cloud.ids('network')['demo-net']}, {'device_owner': 'larder:pool'},
                          {'project_id': cloud.project_id('larder')}, {'fields': 'id'}, {'limit': 1000}):
                seen = {row['id'] for row in tenant.network.get('/ports', **query)['ports']}
                self.assertEqual(set(), seen & ids, query)
            for query in ({}, {'all_tenants': 1}, {'status': 'awaiting-transfer'}):
                seen = {row['id'] for row in tenant.volume.get('/volumes/detail', **query)['volumes']}
                self.assertEqual(set(), seen & ids, query)
            self.assertEqual([], tenant.volume.get('/volume-transfers', all_tenants=1)['transfers'])
        self.assertEqual(self.before, (self.counts(self.demo), self.counts(self.rival)))

    def test_by_id(self):
        """by its id, a tenant can neither see, change nor delete one"""
        for row in self.standing:
            service, path, member = {'port': (self.demo.network, '/ports/', 'port'),
                                     'volume': (self.demo.volume, '/volumes/', 'volume')}[row['kind']]
            path += row['resource_id']
            self.assertEqual(404, service.call('GET', path).status_code)
            self.assertEqual(404, service.call('PUT', path, {member: {'name': 'mine'}}).status_code)
            self.assertEqual(404, service.call('DELETE', path).status_code)
        larder.quiet()
        self.assertEqual([], larder.audit())


class Life(CloudTest):
    """A server that came from a pool, through all that may happen to it."""

    def from_pool(self, request):
        pools = [(larder.port_pool(self.demo, 'demo-net'), 1)]
        if 'block_device_mapping_v2' in request['server']:
            pools.append((larder.volume_pool(self.demo, network='demo-net'), 1))
        larder.stock(*pools)
        boot = self.booted(request)
        self.assertEqual({'hit': len(pools)}, self.outcomes([boot], len(pools)))
        return boot

    def act(self, boot, action, vm_state):
        self.demo.compute.post('/servers/%s/action' % boot.id, action)
        boots.wait_state(boot, vm_state)

    def rename(self, boot):
        self.demo.compute.put('/servers/' + boot.id, {'server': {'name': 'test-renamed'}})
        self.assertEqual('test-renamed', boot.show()['name'])

    def change_groups(self, boot):
        group = self.own_group('test-more')
        default = larder.default_group(self.demo)
        action = '/servers/%s/action' % boot.id
        self.demo.compute.post(action, {'addSecurityGroup': {'name': 'test-more'}})
        self.assertEqual({default, group}, set(boot.ports()[0]['security_groups']))
        self.demo.compute.post(action, {'removeSecurityGroup': {'name': 'test-more'}})
        self.assertEqual({default}, set(boot.ports()[0]['security_groups']))

    def attach_and_detach(self, boot):
        data = self.own_volume(image=None, name='test-data')
        self.demo.compute.post('/servers/%s/os-volume_attachments' % boot.id, {'volumeAttachment': {'volumeId': data}})
        boots.wait_volume(self.demo, data, 'in-use', 120)
        self.demo.compute.delete('/servers/%s/os-volume_attachments/%s' % (boot.id, data))
        boots.wait_volume(self.demo, data, 'available', 120)

    def live(self, request, rebuild):
        boot = self.from_pool(request)
        ports, volumes = [p['id'] for p in boot.ports()], [v['id'] for v in boot.volumes()]
        self.rename(boot)
        self.change_groups(boot)
        self.act(boot, {'os-stop': None}, 'stopped')
        self.act(boot, {'os-start': None}, 'active')
        if rebuild:
            self.act(boot, {'rebuild': {'imageRef': boots.image_id('tiny')}}, 'active')
        self.attach_and_detach(boot)
        self.assertEqual(ports, [p['id'] for p in boot.ports()])
        self.assertEqual(volumes, [v['id'] for v in boot.volumes()])
        boots.delete([boot])
        self.nothing_left(boot, ports, volumes)
        self.audited()

    def test_image(self):
        """image boot: rename, groups, stop, start, rebuild, attach, detach, delete"""
        self.live(boots.body('test-life', ['demo-net']), rebuild=True)

    def test_volume(self):
        """boot from a new volume: rename, groups, stop, start, attach, detach, delete"""
        self.live(boots.body('test-life', ['demo-net'], root=boots.new_volume(volume_type='nfs')), rebuild=False)
