# SPDX-License-Identifier: Apache-2.0
"""The daemon is stopped, killed, hung: all boots succeed, and after a restart and one reconciliation no item is
doubled, lost or stuck, and project larder holds what the rows say."""
import queue
import threading
import time

from support import boots, larder
from support.case import CloudTest

# Claims and adoptions that a killed daemon or a killed hook left half-way end by time: here sooner than by default.
SOON = {'claim': {'lifetime': 20, 'adoption_timeout': 10}, 'bootstrap': {'lease': 15, 'review': 2, 'reconcile': 15},
        'neutron': {'timeout': 10}, 'cinder': {'timeout': 10}, 'glance': {'timeout': 10}}


class DaemonFaults(CloudTest):

    def setUp(self):
        super().setUp()
        settings = larder.settings(**SOON)
        settings.__enter__()
        self.addCleanup(settings.__exit__, None, None, None)
        self.ports = larder.port_pool(self.demo, 'demo-net')
        self.volumes = larder.volume_pool(self.demo, network='demo-net')
        larder.stock((self.ports, 5), (self.volumes, 1))

    @staticmethod
    def request(number=0):
        """Mostly from image, each tenth from a new volume."""
        root = boots.new_volume(volume_type='nfs') if number % 10 == 9 else None
        return boots.body('test-fault', ['demo-net'], root=root)

    def settled(self):
        """After a restart and its reconciliation, once claims of the past have ended."""
        larder.stop()
        larder.start()
        time.sleep(SOON['claim']['lifetime'])
        larder.stock((self.ports, 5), (self.volumes, 1), limit=120)
        self.audited()

    def some_boots(self):
        """Three from image and one from a new volume, by way of what the pools would give."""
        made = [self.booted(self.request(number)) for number in (0, 1, 2, 9)]
        for boot in made:
            self.assertEqual(1, len(boot.ports()))
        boots.delete(made)

    def test_stopped(self):
        """stopped: boots go the ordinary way"""
        with larder.stopped():
            self.some_boots()
        self.settled()

    def test_hung(self):
        """hung (SIGSTOP): boots go the ordinary way"""
        with larder.hung():
            self.some_boots()
        self.settled()

    def test_hung_in_a_hand_over(self):
        """hung and alive by turns during boots: none fails"""
        over = threading.Event()

        def by_turns():
            while not over.wait(0.7):
                with larder.hung():
                    time.sleep(0.5)

        turns = threading.Thread(target=by_turns)
        turns.start()
        try:
            for number in range(8):
                boots.delete([self.booted(self.request(number))])
        finally:
            over.set()
            turns.join()
        self.settled()

    def test_killed_at_random(self):
        """killed with SIGKILL at random during 100 boots: all succeed"""
        over, kills = threading.Event(), []
        killer = threading.Thread(target=lambda: kills.append(larder.kill_at_random(over)))
        killer.start()
        try:
            self.many_boots(100, at_once=8)
        finally:
            over.set()
            killer.join()
        self.assertGreater(kills[0], 5)
        self.settled()

    def many_boots(self, count, at_once):
        work, failed, seen = queue.SimpleQueue(), [], []
        for number in range(count):
            work.put(number)

        def one_after_the_other():
            while not failed:
                try:
                    number = work.get_nowait()
                except queue.Empty:
                    return
                try:
                    boot, = boots.post(self.demo, self.request(number))
                    try:
                        boots.wait_active([boot], step=0.2)
                        seen.append(len(boot.ports()))
                    finally:
                        boots.delete([boot])
                except Exception as e:
                    failed.append('boot %d: %s' % (number, e))

        threads = [threading.Thread(target=one_after_the_other) for _ in range(at_once)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([], failed)
        self.assertEqual([1] * count, seen, 'each server had one port')
