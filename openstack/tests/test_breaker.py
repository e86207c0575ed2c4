# SPDX-License-Identifier: Apache-2.0
import multiprocessing
import os
import tempfile
import time
import unittest

from larder_openstack import breaker


class Clock:
    def __init__(self, now=1000.0):
        self.now = now

    def __call__(self):
        return self.now


def _fail_thrice(directory):
    for _ in range(3):
        breaker.Breaker(directory, 3, 10.0).failed()


def _probe(directory, start, results):
    made = breaker.Breaker(directory, 3, 60.0)
    start.wait()
    results.put(sum(made.allows() for _ in range(50)))


class BreakerTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = os.path.join(directory.name, 'state')
        self.clock = Clock()
        self.breaker = breaker.Breaker(self.directory, 3, 10.0, self.clock)

    def open(self):
        for _ in range(3):
            self.breaker.failed()

    def test_opens_after_failures_in_a_row_only(self):
        self.breaker.failed()
        self.breaker.failed()
        self.breaker.succeeded()
        self.breaker.failed()
        self.breaker.failed()
        self.assertTrue(self.breaker.allows())
        self.breaker.failed()
        self.assertFalse(self.breaker.allows())

    def test_one_probe_when_the_time_is_over(self):
        self.open()
        self.clock.now += 9.9
        self.assertFalse(self.breaker.allows())
        self.clock.now += 0.2
        self.assertEqual([True, False, False], [self.breaker.allows() for _ in range(3)])
        self.clock.now += 10.1
        self.assertTrue(self.breaker.allows())
        self.breaker.succeeded()
        self.assertTrue(self.breaker.allows())
        self.assertTrue(self.breaker.allows())

    def test_a_failed_probe_keeps_it_open(self):
        self.open()
        self.clock.now += 10.1
        self.assertTrue(self.breaker.allows())
        self.breaker.failed()
        self.clock.now += 9.9
        self.assertFalse(self.breaker.allows())

    def test_a_file_from_before_a_reboot_does_not_hold_it_open(self):
        self.open()
        self.clock.now = 5.0
        self.assertTrue(self.breaker.allows())

    def test_processes_share_it(self):
        process = multiprocessing.Process(target=_fail_thrice, args=(self.directory,))
        process.start()
        process.join()
        self.assertFalse(breaker.Breaker(self.directory, 3, 10.0).allows())

    def test_forked_workers_share_it(self):
        made = breaker.Breaker(self.directory, 3, 10.0)
        pid = os.fork()
        if not pid:
            for _ in range(3):
                made.failed()
            os._exit(0)
        os.waitpid(pid, 0)
        self.assertFalse(made.allows())

    def test_one_probe_among_many_processes(self):
        made = breaker.Breaker(self.directory, 3, 0.01)
        for _ in range(3):
            made.failed()
        time.sleep(0.05)
        start, results = multiprocessing.Barrier(6), multiprocessing.Queue()
        processes = [multiprocessing.Process(target=_probe, args=(self.directory, start, results)) for _ in range(6)]
        for process in processes:
            process.start()
        self.assertEqual(1, sum(results.get(timeout=20) for _ in processes))
        for process in processes:
            process.join()

    def test_works_alone_where_there_is_no_directory(self):
        with self.assertLogs('larder_openstack.breaker', 'WARNING'):
            made = breaker.Breaker('/proc/nothing', 2, 10.0, self.clock)
        made.failed()
        made.failed()
        self.assertFalse(made.allows())
        self.clock.now += 11
        self.assertTrue(made.allows())

    def test_the_file_is_for_its_owner(self):
        self.assertEqual(0o600, os.stat(os.path.join(self.directory, 'breaker')).st_mode & 0o777)

    def test_asking_costs_microseconds(self):
        self.open()
        begin = time.perf_counter()
        for _ in range(1000):
            self.breaker.allows()
        self.assertLess(time.perf_counter() - begin, 0.1)
