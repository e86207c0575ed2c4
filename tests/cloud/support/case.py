# SPDX-License-Identifier: Apache-2.0
"""The test case that the themes are made of: a running daemon and empty pools to begin with, nothing left behind."""
import time
import unittest

from . import boots, cloud, larder


class CloudTest(unittest.TestCase):
    longMessage = True
    maxDiff = 4000

    def setUp(self):
        self.demo = cloud.user('demo')
        self.rival = cloud.user('rival')
        self.admin = cloud.admin()
        if not larder.alive():
            larder.start()
        self.addCleanup(larder.empty)
        larder.empty()

    def booted(self, request, tenant=None):
        """One server, ACTIVE, deleted at the end of the test at the latest."""
        return self.booted_all(request, tenant)[0]

    def booted_all(self, request, tenant=None):
        made = boots.post(tenant or self.demo, request)
        self.addCleanup(boots.delete, made)
        return boots.wait_active(made)

    def own_port(self, network='private', tenant=None, **more):
        tenant = tenant or self.demo
        port = boots.make_port(tenant, network, **more)
        self.addCleanup(tenant.network.delete, '/ports/' + port['id'])
        return port

    def own_volume(self, tenant=None, **more):
        tenant = tenant or self.demo
        made = boots.make_volume(tenant, **more)
        self.addCleanup(tenant.volume.delete, '/volumes/' + made)
        return made

    def own_group(self, name, tenant=None):
        tenant = tenant or self.demo
        group = tenant.network.post('/security-groups', {'security_group': {'name': name}})['security_group']['id']
        self.addCleanup(tenant.network.delete, '/security-groups/' + group)
        self.addCleanup(larder.empty)   # before: pool ports have the group
        return group

    def outcomes(self, boots_, creates):
        """Hits and misses that the hooks reported of these boots of project demo."""
        return larder.outcomes(larder.wait_demand('demo', {boot.request_id for boot in boots_}, creates))

    def audited(self, limit=60):
        """Rows and cloud agree, once nothing moves; claims that end meanwhile may still make a pool trim itself."""
        end = time.monotonic() + limit
        while True:
            larder.quiet(limit=limit)
            found = larder.audit()
            if not found or time.monotonic() > end:
                break
            time.sleep(1)
        self.assertEqual([], found)

    def nothing_left(self, boot, port_ids, volume_ids=()):
        """Neither the tenant nor anyone else has anything of a deleted server."""
        for port_id in port_ids:
            self.assertEqual(404, self.admin.network.call('GET', '/ports/' + port_id).status_code, 'the port is left')
        for volume_id in volume_ids:
            cloud.wait_for('volume %s gone' % volume_id, lambda: self.admin.volume.call(
                'GET', '/volumes/' + volume_id).status_code == 404, 30)
        self.assertEqual([], self.admin.network.get('/ports', device_id=boot.id)['ports'])
