# SPDX-License-Identifier: Apache-2.0
"""The same client, breaker and reports with eventlet's threads and sockets, as in services that still use it.

In a process of its own, since patching cannot be undone; without the tests that fork, which eventlet's hub does not bear.
"""
import importlib.util
import os
import subprocess
import sys
import unittest

PROGRAM = """
import eventlet
eventlet.monkey_patch()
import sys, unittest
names = ['tests.test_client', 'tests.test_daemon', 'tests.test_reporter']
def flat(suite):
    for each in suite:
        yield from flat(each) if isinstance(each, unittest.TestSuite) else [each]
chosen = [test for test in flat(unittest.defaultTestLoader.loadTestsFromNames(names)) if 'forked' not in test.id()]
done = unittest.TextTestRunner().run(unittest.TestSuite(chosen))
sys.exit(not done.wasSuccessful() or done.testsRun < 15)
"""


@unittest.skipUnless(importlib.util.find_spec('eventlet'), 'eventlet is not installed')
class EventletTest(unittest.TestCase):
    def test_under_eventlet(self):
        root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        done = subprocess.run([sys.executable, '-W', 'ignore', '-B', '-c', PROGRAM], cwd=root, capture_output=True,
                              text=True, timeout=120)
        self.assertEqual(0, done.returncode, '\n' + done.stdout + done.stderr)
