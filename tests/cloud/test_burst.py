# SPDX-License-Identifier: Apache-2.0
"""Many boots at once over fewer items."""
from support import boots, larder
from support.case import CloudTest


class Burst(CloudTest):
    BOOTS = 50
    ITEMS = 20

    def test_fifty_over_twenty(self):
        """50 boots at once from image over 20 ready ports: 20 hits, 30 ordinary boots, no item twice"""
        pool = larder.port_pool(self.demo, 'demo-net')
        larder.stock((pool, self.ITEMS))
        larder.change(pool, state='paused')     # so that no 21st is made meanwhile
        ready = {row['resource_id'] for row in larder.items(pool_id=pool['id'], state='ready')}
        self.assertEqual(self.ITEMS, len(ready))

        made = boots.post_at_once([(self.demo, boots.body('test-burst', ['demo-net'])) for _ in range(self.BOOTS)])
        self.addCleanup(boots.delete, made)
        boots.wait_active(made, step=0.2)

        counts = self.outcomes(made, self.BOOTS)
        self.assertEqual(self.ITEMS, counts.pop('hit'))
        self.assertEqual(self.BOOTS - self.ITEMS, sum(counts.values()), counts)
        ports = self.demo.network.get('/ports', network_id=pool['key']['network_id'])['ports']
        ports = [port for port in ports if port['device_id'] in {boot.id for boot in made}]
        self.assertEqual(self.BOOTS, len({port['device_id'] for port in ports}), 'each server has a port')
        self.assertEqual(self.BOOTS, len(ports), 'and no second one')
        self.assertEqual(self.BOOTS, len({port['fixed_ips'][0]['ip_address'] for port in ports}))
        self.assertEqual(ready, ready & {port['id'] for port in ports}, 'the items are among them')
        adopted = larder.items(pool_id=pool['id'], state='adopted')
        given = {row['resource_id']: row['instance_id'] for row in adopted if row['resource_id'] in ready}
        self.assertEqual({port['id']: port['device_id'] for port in ports if port['id'] in ready}, given)
        boots.delete(made)
        self.audited()
