# SPDX-License-Identifier: Apache-2.0
import os
import socket
import threading
import time
import unittest

from larder_openstack import client
from tests import fake_daemon


class ClientTest(unittest.TestCase):
    def setUp(self):
        self.server = fake_daemon.FakeDaemon()
        self.addCleanup(self.server.close)
        self.client = client.Client(self.server.endpoint)

    def call(self, seconds=5.0, late=None, made=None):
        return (made or self.client).call('POST', '/v1/claims', {'a': 1}, {'X-Auth-Token': 't'},
                                          time.monotonic() + seconds, late)

    def assertTimely(self, error, seconds, made=None):
        begin = time.monotonic()
        with self.assertRaises(error):
            self.call(seconds, made=made)
        self.assertLess(time.monotonic() - begin, seconds + 0.05)

    def test_answers_over_one_connection(self):
        for _ in range(10):
            answer = self.call()
            self.assertEqual((201, {'claim': {'id': 'an-id'}}), (answer.status, answer.body))
        self.assertEqual(1, self.server.connections)
        self.assertEqual({'a': 1}, self.server.requests[0][2])
        self.assertEqual('t', self.server.requests[0][3]['X-Auth-Token'])

    def test_a_server_that_hangs_costs_the_deadline_and_no_more(self):
        self.server.delay = 3.0
        for _ in range(client.THREADS_MOST + 3):  # also when all threads hang
            self.assertTimely(client.Timeout, 0.05)

    def test_a_server_that_takes_no_connection(self):
        with socket.socket() as listener:
            listener.bind(('127.0.0.1', 0))
            listener.listen(0)
            backlog = [socket.socket() for _ in range(4)]
            for each in backlog:
                each.setblocking(False)
                each.connect_ex(listener.getsockname())
            made = client.Client('http://127.0.0.1:%d' % listener.getsockname()[1])
            self.assertTimely(client.Timeout, 0.1, made)
            for each in backlog:
                each.close()

    def test_a_server_that_trickles(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            def trickle():
                connection, _ = listener.accept()
                with connection:
                    for _ in range(20):
                        try:
                            connection.sendall(b'H')
                        except OSError:
                            return
                        time.sleep(0.04)
            thread = threading.Thread(target=trickle, daemon=True)
            thread.start()
            made = client.Client('http://127.0.0.1:%d' % listener.getsockname()[1])
            self.assertTimely(client.Timeout, 0.1, made)
            thread.join()

    def test_nobody_listens(self):
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            made = client.Client('http://127.0.0.1:%d' % taken.getsockname()[1])
            self.assertTimely(client.Unreachable, 0.5, made)

    def test_what_is_no_json_object_is_no_answer(self):
        for data in (b'<html>', b'[1]', b'{"a":', b'\xff\xfe'):
            self.server.answer = lambda method, path, body: (200, data)
            with self.assertRaises(client.Unreachable):
                self.call()

    def test_a_late_answer_is_told(self):
        self.server.delay = 0.3
        told, late = threading.Event(), []
        with self.assertRaises(client.Timeout):
            self.call(0.05, lambda answer: (late.append(answer.body), told.set()))
        self.assertTrue(told.wait(3))
        self.assertEqual([{'claim': {'id': 'an-id'}}], late)

    def test_what_waits_behind_a_hanging_call_is_never_sent(self):
        self.server.delay = 0.5
        for _ in range(client.THREADS_MOST + 4):
            with self.assertRaises(client.Timeout):
                self.call(0.01)
        time.sleep(0.8)
        self.assertLessEqual(len(self.server.requests), client.THREADS_MOST)

    def test_a_forked_worker_makes_its_own_connection(self):
        self.call()
        pid = os.fork()
        if not pid:
            os._exit(0 if self.call().status == 201 else 1)
        self.assertEqual(0, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        self.call()
        self.assertEqual(2, self.server.connections)

    def test_a_server_that_was_restarted(self):
        self.call()
        port = self.server.server_port
        self.server.close()
        with self.assertRaises(client.Unreachable):
            self.call(0.5, made=client.Client('http://127.0.0.1:%d' % port))

    def test_an_endpoint_that_is_no_url(self):
        with self.assertRaisesRegex(ValueError, 'endpoint'):
            client.Client('localhost:8787')
