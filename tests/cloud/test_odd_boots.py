# SPDX-License-Identifier: Apache-2.0
"""Boots that no pool item meets exactly, or that bring their own: each ends as it would without Larder, and the reason
is kept. The pools of the ordinary boot stand by, stocked."""
import ipaddress

from support import boots, cloud, larder
from support.case import CloudTest


class OddBoots(CloudTest):

    def setUp(self):
        super().setUp()
        self.ports = larder.port_pool(self.demo, 'private')
        larder.stock((self.ports, 2))

    def volumes(self, count=1):
        pool = larder.volume_pool(self.demo)
        larder.stock((pool, count))
        return pool

    def from_volume(self, reason=None, **asked):
        """A boot from a new volume that hits a port, and a volume only when there is no reason against it."""
        self.volumes()
        boot = self.booted(boots.body('test-odd', root=boots.new_volume(**asked)))
        expected = {'hit': 1, 'miss ' + reason: 1} if reason else {'hit': 2}
        self.assertEqual(expected, self.outcomes([boot], 2))
        volume, = boot.volumes()
        self.assertEqual('in-use', volume['status'])
        self.assertEqual(1, len(boot.ports()))
        return boot, volume

    def items_of(self, resources):
        return {row['resource_id'] for row in larder.items()} & set(resources)

    # ---------------------------------------------------------------- volumes

    def test_size(self):
        """a size that no pool has"""
        _, volume = self.from_volume('no-item', size=2, volume_type='nfs')
        self.assertEqual(2, volume['size'])

    def test_type(self):
        """a volume type that no pool has"""
        _, volume = self.from_volume('no-item', volume_type='nfs-cached')
        self.assertEqual('nfs-cached', volume['volume_type'])

    def test_image(self):
        """an image that no pool has"""
        image = self.own_image()
        _, volume = self.from_volume('no-item', image=image, volume_type='nfs')
        self.assertEqual(image, volume['volume_image_metadata']['image_id'])

    def own_image(self):
        image = self.demo.image.post('/images', {'name': 'test-odd', 'disk_format': 'raw', 'container_format': 'bare',
                                                 'visibility': 'private'})['id']
        self.addCleanup(self.demo.image.delete, '/images/' + image)
        self.demo.session.put(self.demo.image.base + '/images/%s/file' % image, data=b'\x55' * 65536,
                              headers={'Content-Type': 'application/octet-stream'})
        return image

    def test_zone(self):
        """a zone named, which the ordinary boot leaves open"""
        self.volumes()
        request = boots.body('test-odd', root=boots.new_volume(volume_type='nfs'), availability_zone='fake')
        self.assertEqual('fake', self.booted(request).show()['OS-EXT-AZ:availability_zone'])

    def test_unknown_zone(self):
        """a zone that does not exist is refused as always"""
        request = boots.body('test-odd', availability_zone='nowhere')
        self.assertEqual(400, self.demo.compute.call('POST', '/servers', request).status_code)

    def test_own_volume(self):
        """a volume of one's own: used, and kept"""
        pool = self.volumes()
        own = self.own_volume()
        boot = self.booted(boots.body('test-odd', root=boots.own_volume(own, keep=True)))
        self.assertEqual([own], [volume['id'] for volume in boot.volumes()])
        boots.delete([boot])
        boots.wait_volume(self.demo, own, 'available', 60)
        self.assertEqual(1, larder.pool(pool['id'])['items']['ready'])

    # ---------------------------------------------------------------- networks and addresses

    def test_two_networks(self):
        """two networks: a port on each, in the order asked for, both from pools"""
        larder.stock((larder.port_pool(self.demo, 'demo-net'), 1))
        boot = self.booted(boots.body('test-odd', ['demo-net', 'private']))
        self.assertEqual({'hit': 2}, self.outcomes([boot], 2))
        interfaces = self.demo.compute.get('/servers/%s/os-interface' % boot.id)['interfaceAttachments']
        networks = cloud.ids('network')
        self.assertEqual({networks['demo-net'], networks['private']}, {i['net_id'] for i in interfaces})
        self.assertEqual(['demo-net', 'private'], list(boot.show()['addresses']))

    def test_same_network_twice(self):
        """the same network twice: two ports of it"""
        boot = self.booted(boots.body('test-odd', ['private', 'private']))
        self.assertEqual({'hit': 2}, self.outcomes([boot], 2))
        self.assertEqual(2, len({port['mac_address'] for port in boot.ports()}))
        self.assertEqual(2, len(boot.show()['addresses']['private']))

    # On a network of his own a tenant may choose the address; Neutron's policy forbids it on a shared one.

    def fixed(self, address):
        network = {'uuid': cloud.ids('network')['demo-net'], 'fixed_ip': address}
        boot = self.booted(boots.body('test-odd', [network]))
        found = [a['ip_address'] for port in boot.ports() for a in port['fixed_ips']]
        self.assertEqual([address], found)
        return boot

    def free_address(self):
        subnet, = self.demo.network.get('/subnets', network_id=cloud.ids('network')['demo-net'])['subnets']
        taken = {a['ip_address'] for port in self.admin.network.get('/ports', network_id=subnet['network_id'])['ports']
                 for a in port['fixed_ips']}
        hosts = ipaddress.ip_network(subnet['cidr'])
        return next(str(hosts[-n]) for n in range(10, 1000) if str(hosts[-n]) not in taken)

    def test_fixed_address(self):
        """a fixed address that is free"""
        boot = self.fixed(self.free_address())
        (row,) = larder.wait_demand('demo', {boot.request_id}, 1)
        self.assertEqual('miss', row['outcome'])
        self.assertRegex(row['reason'], '^not-eligible')

    def test_item_deleted_meanwhile(self):
        """a pool port that someone deleted is no hit, and no failed boot"""
        larder.change(self.ports, state='paused')
        for row in larder.items(pool_id=self.ports['id'], state='ready'):
            self.admin.network.delete('/ports/' + row['resource_id'])
        boot = self.booted(boots.body('test-odd'))
        self.assertEqual({'miss stale': 1}, self.outcomes([boot], 1))
        self.assertEqual(1, len(boot.ports()))

    def test_own_port(self):
        """a port of one's own: used, and kept"""
        own = self.own_port()
        boot = self.booted(boots.body('test-odd', [{'port': own['id']}]))
        self.assertEqual([own['id']], [port['id'] for port in boot.ports()])
        boots.delete([boot])
        self.assertEqual('', self.demo.network.get('/ports/' + own['id'])['port']['device_id'])
        self.assertEqual(2, larder.pool(self.ports['id'])['items']['ready'])

    # ---------------------------------------------------------------- groups, many servers

    def test_own_groups(self):
        """own security groups, first not pooled, then pooled"""
        group = self.own_group('test-web')
        request = boots.body('test-odd', security_groups=[{'name': group}])
        boot = self.booted(request)
        self.assertEqual([group], boot.ports()[0]['security_groups'])
        (row,) = larder.wait_demand('demo', {boot.request_id}, 1)
        self.assertEqual('miss', row['outcome'])

        pool = larder.port_pool(self.demo, 'private', [group])
        larder.stock((pool, 2))
        boot = self.booted(request)
        self.assertEqual({'hit': 1}, self.outcomes([boot], 1))
        self.assertEqual([group], boot.ports()[0]['security_groups'])

    def test_two_groups(self):
        """two groups at once, of which no pool has both"""
        group, default = self.own_group('test-web'), larder.default_group(self.demo)
        boot = self.booted(boots.body('test-odd', security_groups=[{'name': group}, {'name': default}]))
        self.assertEqual({group, default}, set(boot.ports()[0]['security_groups']))

    def test_many(self):
        """--max 5: each server gets items of its own"""
        larder.stock((self.ports, 5))
        self.volumes(5)
        request = boots.body('test-odd', root=boots.new_volume(volume_type='nfs'), min_count=5, max_count=5)
        made = self.booted_all(request)
        self.assertEqual(5, len(made))
        self.assertEqual({'hit': 10}, self.outcomes(made[:1], 10))
        ports = [port['id'] for boot in made for port in boot.ports()]
        volumes = [volume['id'] for boot in made for volume in boot.volumes()]
        self.assertEqual(5, len(set(ports)), ports)
        self.assertEqual(5, len(set(volumes)), volumes)
        self.assertEqual(set(ports + volumes), self.items_of(ports + volumes))
