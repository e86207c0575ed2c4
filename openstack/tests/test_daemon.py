# SPDX-License-Identifier: Apache-2.0
import os
import tempfile
import threading
import time
import unittest

from larder_openstack import daemon
from tests import fake_daemon


class DaemonTest(unittest.TestCase):
    def setUp(self):
        self.server = fake_daemon.FakeDaemon()
        self.addCleanup(self.server.close)
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.state_dir = directory.name
        self.daemon = self.make_daemon()

    def make_daemon(self, **more):
        return fake_daemon.make_daemon(self.server.endpoint, self.state_dir, timeout=0.2, breaker_seconds=0.4, **more)

    def refuse(self, status, code, detail='because'):
        self.server.answer = lambda method, path, body: (status, {'errors': [{'code': code, 'detail': detail}]})

    def assertMiss(self, reason, call=None):
        begin = time.monotonic()
        with self.assertRaises(daemon.Miss) as caught:
            (call or self.daemon.adopt)({'kind': 'port'})
        self.assertEqual(reason, caught.exception.reason)
        return time.monotonic() - begin

    def test_claim_and_adoption(self):
        self.assertEqual({'id': 'an-id'}, self.daemon.claim({'request_id': 'r'}))
        self.assertEqual({'id': 'an-id'}, self.daemon.adopt({'kind': 'port'}))
        self.assertEqual([('POST', '/v1/claims', {'claim': {'request_id': 'r'}}),
                          ('POST', '/v1/adoptions', {'adoption': {'kind': 'port'}})],
                         [request[:3] for request in self.server.requests])
        self.assertEqual('the-token', self.server.requests[0][3]['X-Auth-Token'])
        self.assertEqual('larder 1.0', self.server.requests[0][3]['OpenStack-API-Version'])

    def test_warm_hosts(self):
        self.server.answer = lambda method, path, body: (200, {'warm_hosts': {'image_id': 'an-image', 'hosts': ['one']}})
        self.assertEqual(['one'], self.daemon.warm_hosts('an-image'))
        self.assertEqual(('GET', '/v1/warm-hosts/an-image', None), self.server.requests[-1][:3])

    def test_refusals_are_reasons_and_no_failures(self):
        for word in ('no-claim', 'no-right', 'no-item', 'draining') * 2:
            self.refuse(409, 'larder.' + word)
            self.assertMiss(word)

    def test_failures_open_the_breaker_and_a_probe_closes_it(self):
        self.refuse(500, 'larder.internal')
        for _ in range(3):
            self.assertMiss('unreachable')
        count = len(self.server.requests)
        self.assertLess(self.assertMiss('breaker-open'), 0.001)
        self.assertLess(self.assertMiss('breaker-open', self.daemon.claim), 0.001)
        self.assertEqual(count, len(self.server.requests))
        self.refuse(409, 'larder.no-item')
        time.sleep(0.5)
        self.assertMiss('no-item')
        self.assertMiss('no-item')

    def test_a_hanging_daemon(self):
        self.server.delay = 2.0
        for _ in range(3):
            self.assertLess(self.assertMiss('timeout'), 0.25)
        self.assertMiss('breaker-open')

    def test_an_answer_of_another_shape(self):
        for answer in ({}, {'adoption': 3}, {'errors': 'x'}, {'errors': [3]}):
            self.server.answer = lambda method, path, body: (200, answer)
            self.assertMiss('unreachable')

    def test_a_late_adoption_is_given_back(self):
        self.server.delay = 0.3
        self.assertMiss('timeout')
        body = self.server.wait_for('PATCH', '/v1/adoptions/an-id')
        self.assertEqual('returned', body['adoption']['state'])

    def test_reports(self):
        self.daemon.finish('x', 'failed', 'why')
        self.assertEqual({'adoption': {'state': 'failed', 'reason': 'why'}},
                         self.server.wait_for('PATCH', '/v1/adoptions/x'))
        self.daemon.miss(lambda: None)
        self.daemon.miss(lambda: {'kind': 'port'})
        self.assertEqual({'demand': {'kind': 'port'}}, self.server.wait_for('POST', '/v1/demand'))
        self.assertEqual(2, len(self.server.requests))

    def test_a_token_that_is_refused_is_fetched_anew(self):
        self.refuse(401, 'larder.unauthorized')
        self.assertMiss('unreachable')
        self.refuse(409, 'larder.no-item')
        deadline = time.monotonic() + 5
        while self.daemon._token.get() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertMiss('no-item')

    def told(self, count):
        """Waits until the daemon was told of the token so often."""
        deadline = time.monotonic() + 10
        while len(self.server.requests) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual([('GET', '/v1/hook', None)] * count, [request[:3] for request in self.server.requests])
        self.assertEqual('the-token', self.server.requests[-1][3]['X-Auth-Token'])

    def test_the_daemon_is_told_of_each_token(self):
        made = self.make_daemon(introduces=True)
        self.told(1)
        for _ in range(3):
            made.warm()
        made._token.refuse('the-token')  # the next one comes
        self.told(2)

    def test_a_newer_daemon_is_told_what_the_hook_is(self):
        """and an older one, which does not say that it has 1.1, is not: it would refuse what it does not know"""
        problems = iter(['the policy\n is  locked down', None, RuntimeError('no such rule')])

        def find_problem():
            problem = next(problems)
            if isinstance(problem, Exception):
                raise problem
            return problem

        versions = iter(['1.1', '2.0', '1.10', '1.0', None, 'x', 7])
        self.server.answer = lambda method, path, body: (
            (200, {'hook': {'max_version': next(versions)}}) if path == '/v1/hook' else (204, None))
        made = fake_daemon.make_daemon(self.server.endpoint, self.state_dir)
        made._service, made._find_problem = 'cinder', find_problem
        for _ in range(7):
            made._report_token()
        told = [request for request in self.server.requests if request[1] == '/v1/hooks']
        self.assertEqual(3, len(told))
        self.assertEqual({'larder 1.1'}, {request[3]['OpenStack-API-Version'] for request in told})
        self.assertEqual({'larder 1.0'}, {request[3]['OpenStack-API-Version'] for request in self.server.requests
                                          if request[1] == '/v1/hook'})
        hooks = [request[2]['hook'] for request in told]
        self.assertEqual(['the policy is locked down', None,
                          'its policy cannot be looked at: RuntimeError: no such rule'], [hook['problem'] for hook in hooks])
        self.assertEqual({'service', 'host', 'version', 'problem'}, set(hooks[0]))

    def test_telling_is_tried_again_and_refusals_are_heeded(self):
        daemon_answers = iter([503, 401, 401])
        self.server.answer = lambda method, path, body: (next(daemon_answers), {})
        with self.assertNoLogs('larder_openstack', 'INFO'):
            made = self.make_daemon(introduces=True)
            self.told(2)
            time.sleep(2.0)
        self.told(2)
        self.assertEqual(1, made._token.fetched)  # a daemon that refuses all tokens costs Keystone none

    def test_no_create_waits_for_the_telling(self):
        gate = threading.Event()
        self.addCleanup(gate.set)
        self.server.answer = lambda method, path, body: (
            (gate.wait(5), (200, {}))[1] if path == '/v1/hook' else (201, {'claim': {'id': 'an-id'}}))
        made = self.make_daemon(introduces=True)
        begin = time.monotonic()
        self.assertEqual({'id': 'an-id'}, made.claim({}))
        self.assertLess(time.monotonic() - begin, 0.15)

    def test_a_forked_worker_tells_of_its_own_token_before_its_first_request(self):
        self.make_daemon(introduces=True)
        self.told(1)
        pid = os.fork()
        if not pid:
            time.sleep(2)
            os._exit(0)
        self.assertEqual(0, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        self.told(2)
