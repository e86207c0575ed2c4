# SPDX-License-Identifier: Apache-2.0
"""`openstack larder …`, as an operator types it: the main job by commands alone, in several formats."""
import json
import os
import subprocess
import sys

from support import boots, cloud, larder
from support.case import CloudTest


def openstack(*words, user='admin'):
    """What the command prints; it must succeed."""
    environment = {
        'PATH': os.environ['PATH'], 'LANG': 'C.UTF-8', 'OS_AUTH_URL': cloud.url('KEYSTONE', '/v3'),
        'OS_USERNAME': user, 'OS_PASSWORD': cloud.PASSWORD, 'OS_PROJECT_NAME': user, 'OS_IDENTITY_API_VERSION': '3',
        'OS_USER_DOMAIN_ID': 'default', 'OS_PROJECT_DOMAIN_ID': 'default', 'OS_REGION_NAME': os.environ['REGION']}
    done = subprocess.run([os.path.join(os.path.dirname(sys.executable), 'openstack'), 'larder', *words],
                          env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise RuntimeError('openstack larder %s: %s' % (' '.join(words), done.stderr[-1000:]))
    return done.stdout


def rows(*words):
    return json.loads(openstack(*words, '-f', 'json'))


class Commands(CloudTest):

    def test_main_job(self):
        """find the pool, give it a floor, boot, look at what happened, drain it"""
        pool = larder.port_pool(self.demo, 'private')['id']
        listed = {row['ID']: row for row in rows('pool', 'list', '--kind', 'port')}
        self.assertEqual('active', listed[pool]['State'])

        openstack('pool', 'set', '--floor', '2', '--ceiling', '9', pool)
        larder.quiet([(pool, 2)])
        shown = rows('pool', 'show', pool)
        self.assertEqual((2, 9, 2), (shown['floor'], shown['ceiling'], shown['ready']))
        items = rows('item', 'list', '--pool', pool, '--state', 'ready')
        self.assertEqual(2, len(items))

        openstack('pool', 'set', '--pause', pool)
        boot = self.booted(boots.body('test-commands'))
        self.outcomes([boot], 1)
        adopted, = [item for item in items if item['ID'] not in
                    {row['ID'] for row in rows('item', 'list', '--pool', pool, '--state', 'ready')}]
        self.assertEqual('adopted', rows('item', 'show', adopted['ID'])['state'])
        self.assertIn(boot.request_id, openstack('claim', 'list', '--project', self.demo.project_id, '-f', 'csv'))
        self.assertIn(boot.request_id, openstack('demand', 'list', '--pool', pool, '--limit', '5', '-f', 'yaml'))

        openstack('pool', 'drain', pool)
        cloud.wait_for('the pool empty', lambda: not larder.pool(pool)['items']['ready'], 60)
        table = openstack('pool', 'list')
        self.assertRegex(table, r'\| *%s .*\| draining' % pool)

    def test_tenant(self):
        """a tenant is told that this is not for him"""
        with self.assertRaisesRegex(RuntimeError, '403|[Ff]orbidden'):
            openstack('pool', 'list', user='demo')
