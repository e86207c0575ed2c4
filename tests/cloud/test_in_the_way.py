# SPDX-License-Identifier: Apache-2.0
"""Pool ports never stand in a tenant's way: what they would block, he can delete."""
from support import boots, cloud, larder
from support.case import CloudTest


class InTheWay(CloudTest):

    def setUp(self):
        super().setUp()
        network = self.demo.network.post('/networks', {'network': {'name': 'test-way'}})['network']
        self.addCleanup(self.demo.network.delete, '/networks/' + network['id'])
        self.network = network['id']
        self.subnet = self.add_subnet('10.77.0.0/24')
        self.pool = larder.port_pool(self.demo, self.network)
        larder.stock((self.pool, 3))

    def add_subnet(self, cidr):
        asked = {'network_id': self.network, 'ip_version': 4, 'cidr': cidr, 'name': 'test-way'}
        return self.demo.network.post('/subnets', {'subnet': asked})['subnet']['id']

    def given_up(self):
        """The pool wants no more, so that what is left of it can be told from what is made anew."""
        larder.change(self.pool, floor=0, state='paused')

    def test_network(self):
        """a network with idle pool ports on it can be deleted"""
        self.given_up()
        self.assertEqual(204, self.demo.network.call('DELETE', '/networks/' + self.network).status_code)
        self.audited()

    def test_subnet(self):
        """so can its subnet"""
        self.given_up()
        self.assertEqual(204, self.demo.network.call('DELETE', '/subnets/' + self.subnet).status_code)
        self.audited()

    def test_address_range(self):
        """the last addresses of a small subnet go to the tenant, not to the pool"""
        self.assertEqual(204, self.demo.network.call('DELETE', '/subnets/' + self.subnet).status_code)
        self.add_subnet('10.78.0.0/28')     # 13 addresses beside gateway, network and broadcast
        made = [self.own_port(self.network) for _ in range(13)]
        self.assertEqual(13, len({port['fixed_ips'][0]['ip_address'] for port in made}))

    def test_deleted_meanwhile(self):
        """a pool port that an operator deleted is no hit, and no failed boot"""
        self.given_up()
        for row in larder.items(pool_id=self.pool['id'], state='ready'):
            self.admin.network.delete('/ports/' + row['resource_id'])
        boot = self.booted(boots.body('test-way', [self.network]))
        self.assertNotIn('hit', self.outcomes([boot], 1))
        self.assertEqual(1, len(boot.ports()))
        boots.delete([boot])
