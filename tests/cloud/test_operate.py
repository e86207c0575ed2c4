# SPDX-License-Identifier: Apache-2.0
"""larder-manage as an operator runs it beside a real OpenStack: is all well, and what is left when Larder goes."""
import os
import re
import subprocess
import time

from support import boots, cloud, larder
from support.case import CloudTest

PREFIX = os.environ.get('LARDER_PREFIX', cloud.ROOT + '/prefix')


def manage(*words):
    done = subprocess.run([PREFIX + '/bin/larder-manage', '--config-file', cloud.ETC + '/larder/larder.conf', *words],
                          capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def checked():
    """The exit code of check, and {what: (word, sentence)}."""
    code, text = manage('check')
    found = [re.match(r'(.{18}) (ok|warning|FAILED|skipped) *(.*)$', line) for line in text.splitlines()]
    return code, {line[1].strip(): (line[2], line[3]) for line in found if line}


class Operate(CloudTest):

    def test_check(self):
        """check finds the cloud as an operator should have it; each hook has told of itself"""
        deadline = time.monotonic() + 60     # workers that have just started fetch their first token
        code, found = checked()
        while found['hooks'][0] != 'ok' and time.monotonic() < deadline:
            time.sleep(2)
            code, found = checked()
        self.assertEqual({}, {name: line for name, line in found.items() if line[0] != 'ok'})
        self.assertEqual(0, code)
        self.assertIn('neutron, as admin', found)

    def test_remove(self):
        """remove empties all pools, with larderd running; nothing of Larder's is left, servers keep what they have"""
        with larder.restored():
            ports, volumes = larder.port_pool(self.demo, 'private'), larder.volume_pool(self.demo)
            larder.stock((ports, 2), (volumes, 1))
            boot = self.booted(boots.body('test-remove'))
            code, text = manage('remove', '--dry-run')
            self.assertEqual(0, code, text)
            self.assertRegex(text, r'\d+ items in \d+ pools would be removed')
            self.assertTrue(larder.holdings())
            code, text = manage('remove', '--yes')
            self.assertEqual(0, code, text)
            self.assertIn('project larder holds no port and no volume', text)
            self.assertEqual({}, larder.holdings())
            self.assertEqual([], cloud.larder_admin().volume.get('/volume-transfers')['transfers'])
            self.assertEqual('ACTIVE', boot.show()['status'])
            self.assertEqual(1, len(boot.ports()))
            time.sleep(2)
            self.assertEqual({}, larder.holdings(), 'larderd puts nothing back')
