# SPDX-License-Identifier: Apache-2.0
"""Images in the caches of hosts, ahead of the boots: on a real libvirt host, beside one whose driver cannot."""
import hashlib
import os
import time

from support import boots, cloud, larder
from support.case import CloudTest

# Everything that takes minutes and hours, in seconds; Nova's cache on qemu1 forgets what nobody used for 40 s.
FAST = {'review': 1, 'survey': 2, 'retry': 2, 'refresh': 12, 'unused_age': 40, 'patience': 60}
BASE = cloud.ROOT + '/nova/qemu1/instances/_base/'


def base_file(image):
    """Where libvirt's driver keeps an image."""
    return BASE + hashlib.sha1(image.encode()).hexdigest()


class ImageCache(CloudTest):
    @classmethod
    def setUpClass(cls):
        larder.script('up', 'qemu')
        larder.script('hooks', 'on')

    def setUp(self):
        super().setUp()
        settings = larder.settings(image=FAST)
        settings.__enter__()
        self.addCleanup(settings.__exit__, None, None, None)
        aggregates = self.admin.compute.get('/os-aggregates')['aggregates']
        self.aggregate = next(row['id'] for row in aggregates if row['name'] == 'qemu')
        cloud.wait_for('the aggregate in a survey of the daemon', lambda: cloud.rows(
            'larder', 'select host from aggregate_hosts where aggregate_id = %s', self.aggregate), 60)

    def own_image(self, name='test-cached', mib=8, **more):
        """An image of the tenant's, that no host has seen."""
        made = self.demo.image.post('/images', dict({'name': name, 'disk_format': 'raw', 'container_format': 'bare'},
                                                    **more))['id']
        self.addCleanup(self.admin.image.delete, '/images/' + made)
        self.demo.image.session.put(self.demo.image.base + '/images/%s/file' % made, data=os.urandom(mib << 20),
                                    headers={'Content-Type': 'application/octet-stream'})
        return made

    def pinned(self, image):
        """The pool that has it cached whatever is forecast."""
        pool = larder.api().post('/pools', {'pool': {'image_id': image, 'aggregate_id': self.aggregate,
                                                     'floor': 1}})['pool']
        self.addCleanup(larder.change, pool, floor=0)
        return pool

    def states(self, image):
        return {row['host']: row['state'] for row in larder.listing('images', image_id=image)}

    def until(self, image, limit=180, **expected):
        """Until the hosts are in these states."""
        cloud.wait_for(lambda: 'image on hosts as %s (seen: %s)' % (expected, self.states(image)),
                       lambda: self.states(image) == expected, limit)

    def host_of_a_boot(self, image):
        request = boots.body('test-cached', image=image, availability_zone='qemu')
        request['server']['networks'] = 'none'
        boot = self.booted(request)
        return self.admin.compute.get('/servers/' + boot.id)['server']['OS-EXT-SRV-ATTR:host']

    def test_cached_ahead_of_the_boot_which_is_sent_there(self):
        """an image is cached ahead of its boot, which goes to the host that has it; a host that cannot is learned"""
        image, other = self.own_image(), self.own_image('test-cold', 1)
        self.pinned(image)
        self.until(image, qemu1='warm', fake9='unable')
        self.assertEqual(8 << 20, os.path.getsize(base_file(image)))
        self.assertEqual('qemu1', self.host_of_a_boot(image))
        self.assertEqual('fake9', self.host_of_a_boot(other), 'without a warm host the other weighers decide')

    def test_kept_against_eviction_while_it_is_wanted(self):
        """Nova is asked again before it evicts an image, and evicts it when it is not wanted any more"""
        image = self.own_image()
        pool = self.pinned(image)
        self.until(image, qemu1='warm', fake9='unable')
        end = time.monotonic() + 65     # longer than an unused image is left alone, and than the period of the cleaning
        while time.monotonic() < end:
            self.assertTrue(os.path.exists(base_file(image)), 'the image was evicted though it is wanted')
            self.assertEqual('warm', self.states(image)['qemu1'])
            time.sleep(1)
        larder.change(pool, floor=0)
        cloud.wait_for('the image evicted', lambda: not os.path.exists(base_file(image)), 120)
        cloud.wait_for('no host known as warm', lambda: self.states(image).get('qemu1') is None, 60)

    def test_what_is_deactivated_is_not_cached(self):
        """a deactivated image is left alone, and its pool says why"""
        image = self.own_image()
        self.admin.image.post('/images/%s/actions/deactivate' % image, None)
        pool = self.pinned(image)
        cloud.wait_for('a reason', lambda: 'deactivated' in (larder.pool(pool['id'])['last_error'] or ''), 150)
        self.assertEqual({'wanted'} | ({'unable'} & set(self.states(image).values())), set(self.states(image).values()))
        self.assertFalse(os.path.exists(base_file(image)))
        self.admin.image.post('/images/%s/actions/reactivate' % image, None)
