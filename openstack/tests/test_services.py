# SPDX-License-Identifier: Apache-2.0
"""The tests that need Nova's, Neutron's or Cinder's own classes: each service in a process of its own.

The three register options of the same names, so no process can hold two of them. One alone, with its output:
    python -m unittest discover -s tests/nova -t . -p 'case_*.py' -v
"""
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


class ServiceTest(unittest.TestCase):
    def check(self, service):
        done = subprocess.run(
            [sys.executable, '-W', 'ignore', '-B', '-m', 'unittest', 'discover', '-s', os.path.join(HERE, service),
             '-t', os.path.dirname(HERE), '-p', 'case_*.py'],
            cwd=os.path.dirname(HERE), capture_output=True, text=True, timeout=300)
        self.assertEqual(0, done.returncode, '\n' + done.stdout + done.stderr)
        self.assertNotIn('Ran 0 tests', done.stderr)

    def test_nova(self):
        self.check('nova')

    def test_neutron(self):
        self.check('neutron')

    def test_cinder(self):
        self.check('cinder')
