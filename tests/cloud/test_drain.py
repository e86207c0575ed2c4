# SPDX-License-Identifier: Apache-2.0
"""Draining: project larder ends up empty, boots go the ordinary way meanwhile, and a pool can be filled again."""
from support import boots, cloud, larder
from support.case import CloudTest


class Drain(CloudTest):

    def test_drain(self):
        """drained pools leave project larder empty; activated, they fill again"""
        ports, volumes = larder.port_pool(self.demo, 'private'), larder.volume_pool(self.demo)
        larder.stock((ports, 3), (volumes, 1))
        self.assertEqual({'port', 'volume'}, set(larder.holdings().values()))
        for pool in ports, volumes:
            larder.change(pool, state='draining')
        cloud.wait_for('project larder empty', lambda: not larder.holdings(), 60)
        self.assertEqual([], cloud.larder_admin().volume.get('/volume-transfers')['transfers'])
        cloud.wait_for('no item left', lambda: not any(larder.pool(pool['id'])['items'][state]
                                                       for pool in (ports, volumes) for state in larder.LIVING), 20)

        boot = self.booted(boots.body('test-drain', root=boots.new_volume(volume_type='nfs')))
        self.assertEqual({'miss draining': 2}, self.outcomes([boot], 2))
        boots.delete([boot])
        self.assertEqual({}, larder.holdings())

        larder.stock((ports, 1), (volumes, 1))
        self.audited()

    def test_paused(self):
        """a paused pool makes nothing new, and still gives what it has"""
        pool = larder.port_pool(self.demo, 'private')
        larder.stock((pool, 1))
        larder.change(pool, state='paused')
        first = self.booted(boots.body('test-paused'))
        second = self.booted(boots.body('test-paused'))
        self.assertEqual({'hit': 1}, self.outcomes([first], 1))
        self.assertEqual({'miss no-item': 1}, self.outcomes([second], 1))
        self.assertEqual(0, larder.pool(pool['id'])['items']['ready'])
