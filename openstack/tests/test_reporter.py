# SPDX-License-Identifier: Apache-2.0
import os
import threading
import time
import unittest

from larder_openstack import reporter


class ReporterTest(unittest.TestCase):
    def test_does_what_it_is_given_in_order(self):
        done, last = [], threading.Event()
        made = reporter.Reporter('test')
        for number in range(20):
            made.put(done.append, number)
        made.put(last.set)
        self.assertTrue(last.wait(5))
        self.assertEqual(list(range(20)), done)

    def test_drops_and_counts_when_full_and_nobody_waits(self):
        gate = threading.Event()
        made = reporter.Reporter('test', most=5)
        made.put(gate.wait)
        time.sleep(0.1)  # it is being done: the queue is empty
        begin = time.monotonic()
        with self.assertLogs('larder_openstack.reporter', 'WARNING') as logs:
            taken = [made.put(int) for _ in range(8)]
        self.assertLess(time.monotonic() - begin, 0.1)
        gate.set()
        self.assertEqual([True] * 5 + [False] * 3, taken)
        self.assertEqual(3, made.dropped)
        self.assertEqual(1, len(logs.records))

    def test_goes_on_after_a_failure(self):
        last = threading.Event()
        made = reporter.Reporter('test')
        made.put(int, 'no number')
        made.put(last.set)
        self.assertTrue(last.wait(5))

    def test_a_forked_worker_has_a_thread_of_its_own(self):
        made = reporter.Reporter('test')
        made.put(int)
        pid = os.fork()
        if not pid:
            last = threading.Event()
            made.put(last.set)
            os._exit(0 if last.wait(5) else 1)
        self.assertEqual(0, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
