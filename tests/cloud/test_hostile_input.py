# SPDX-License-Identifier: Apache-2.0
"""Malformed input to every route that takes any: a 4xx with a clear error, and the daemon lives."""
import json
import socket

from support import cloud, larder
from support.case import CloudTest

SOME_ID = '11111111-2222-4333-8444-555555555555'
CLAIM = {'claim': {'request_id': 'req-' + SOME_ID, 'project_id': '0' * 32, 'image_id': None, 'flavor_id': None,
                   'availability_zone': None, 'servers': 1, 'ports': [], 'volumes': []}}
ADOPTION = {'adoption': {'kind': 'port', 'request_id': 'req-' + SOME_ID, 'project_id': '0' * 32, 'instance_id': SOME_ID,
                         'port': {'network_id': SOME_ID, 'security_groups': []}}}
DEMAND = {'demand': {'kind': 'port', 'request_id': 'req-' + SOME_ID, 'project_id': '0' * 32, 'instance_id': None,
                     'reason': 'no-item', 'seconds': 0.5, 'resolved': None}}
ROUTES = (  # user, method, path, a body that would do
    ('hook', 'POST', '/claims', CLAIM),
    ('hook', 'POST', '/adoptions', ADOPTION),
    ('hook', 'PATCH', '/adoptions/' + SOME_ID, {'adoption': {'state': 'done', 'reason': None}}),
    ('hook', 'POST', '/demand', DEMAND),
    ('admin', 'PATCH', '/pools/' + SOME_ID, {'pool': {'floor': 1}}),
)
QUERIES = (
    '/pools?limit=0', '/pools?limit=-1', '/pools?limit=abc', '/pools?limit=99999999999999999999', '/pools?kind=cake',
    '/pools?marker=nope', '/pools?project_id=zz', '/pools?unknown=1', '/pools/nope', '/pools/%00',
    '/pools/' + 'a' * 999,
    '/items?state=eaten', '/items?pool_id=1', '/items/..%2f..', '/claims?state=', '/adoptions?limit=1e3',
    '/demand?pool_id=%ff%fe', '/demand?limit=1;drop', '/nothing', '/pools/' + SOME_ID + '/x',
)
MAY_BE_NULL = ('image_id', 'flavor_id', 'availability_zone', 'instance_id', 'ports', 'volumes', 'reason', 'resolved',
               'floor')
FREE_TEXT = ('flavor_id', 'availability_zone')
NASTY = (None, True, -1, 1e308, 2 ** 63, 2 ** 64, '', 'x' * 70000, '\x00', '\ud800', {}, [], [[]], {'a': 1}, '😀' * 99,
         "'; drop table pools; --", 'not-a-uuid', SOME_ID + 'x')


def bodies(good):
    """(what it is, its bytes), all of them wrong."""
    text = json.dumps(good).encode()
    yield 'nothing', b''
    yield 'no object', b'[]'
    yield 'no JSON', b'claim=1'
    yield 'cut short', text[:-2]
    yield 'cut in the middle', text[:len(text) // 2]
    yield 'two of them', text + text
    yield 'too much', text[:-1] + b', "a": "' + b'x' * 100000 + b'"}'
    yield 'too deep', b'{"a":' * 2000 + b'1' + b'}' * 2000
    yield 'deep lists', b'[' * 20000
    yield 'bad UTF-8', text[:-2] + b', "\xff\xfe": 1}}'
    yield 'a zero byte', text.replace(b'"', b'"\x00', 1)
    yield 'an unknown member', json.dumps(dict(good, more=1)).encode()
    yield 'a comment', b'/* */' + text
    yield 'not a number', text.replace(b'1', b'NaN').replace(b'0.5', b'NaN')


def spoiled(good):
    """(what it is, a body), each with one member of a wrong kind or value, or one too many."""
    (word, members), = good.items()
    yield 'an unknown inner member', {word: dict(members, more=1)}
    for name, value in members.items():
        for nasty in NASTY:
            if not would_do(name, value, nasty):
                yield '%s = %.40r' % (name, nasty), {word: dict(members, **{name: nasty})}


def would_do(name, value, nasty):
    """Whether it is no nastier than the good value."""
    if nasty is None:
        return name in MAY_BE_NULL
    if isinstance(nasty, str):
        printable = nasty.isprintable() or nasty == '\ud800'    # half a character: read as U+FFFD, as decoders do
        return name == 'reason' or name in FREE_TEXT and len(nasty) < 256 and printable
    return nasty == [] and value == []


class HostileInput(CloudTest):

    def setUp(self):
        super().setUp()
        self.users = {'hook': cloud.hook_user(), 'admin': self.admin}
        self.pid = larder.pid()

    def tearDown(self):
        self.assertTrue(larder.alive())
        self.assertTrue(larder.healthy())
        self.assertEqual(self.pid, larder.pid())

    def refused(self, response, what):
        """A 4xx that says what is wrong, in the form that all errors have."""
        self.assertIn(response.status_code, range(400, 500), '%s: %s' % (what, response.text[:300]))
        error, = response.json()['errors']
        self.assertEqual(response.status_code, error['status'], what)
        self.assertRegex(error['code'], r'^larder\.[a-z-]+$', what)
        self.assertTrue(error['title'] and error['detail'] and error['request_id'], what)

    def send(self, who, method, path, data):
        user = self.users[who]
        return user.session.request(user.larder.base + path, method, data=data, raise_exc=False, connect_retries=1,
                                    timeout=30, headers={'Content-Type': 'application/json'})

    def test_bodies(self):
        """malformed, oversized, deeply nested, truncated bodies, bad UTF-8"""
        for who, method, path, good in ROUTES:
            for what, data in bodies(good):
                with self.subTest(route=method + ' ' + path, body=what):
                    if what == 'not a number' and b'NaN' not in data:
                        continue
                    self.refused(self.send(who, method, path, data), what)

    def test_members(self):
        """wrong types, unknown members, bad UUIDs, absurd numbers"""
        for who, method, path, good in ROUTES:
            for what, body in spoiled(good):
                with self.subTest(route=method + ' ' + path, body=what):
                    self.refused(self.send(who, method, path, json.dumps(body).encode()), what)

    def test_queries(self):
        """paths and queries"""
        for path in QUERIES:
            with self.subTest(path=path[:60]):
                self.refused(self.send('admin', 'GET', path, None), path[:60])

    def test_methods(self):
        """methods that a route does not have"""
        for method, path in (('DELETE', '/pools'), ('PUT', '/claims'), ('POST', '/items'), ('BREW', '/pools')):
            with self.subTest(route=method + ' ' + path):
                self.refused(self.send('admin', method, path, None), method)

    def test_bytes(self):
        """what is no HTTP at all"""
        for data in (b'\x00' * 1000, b'GET\r\n\r\n', b'GET /v1/pools HTTP/9.9\r\n\r\n', b'POST /v1/claims HTTP/1.1\r\n'
                     b'Content-Length: 99999999999999999999\r\n\r\n', b'GET / HTTP/1.1\r\nX: ' + b'a' * 200000,
                     b'POST /v1/claims HTTP/1.1\r\nContent-Length: -5\r\n\r\n', b'\x16\x03\x01\x02\x00\x01\x00'):
            with socket.create_connection(('127.0.0.1', int(cloud.os.environ['PORT_LARDERD'])), 5) as connection:
                connection.settimeout(2)
                try:
                    connection.sendall(data)
                    answer = connection.recv(100)
                except (OSError, socket.timeout):
                    continue
                self.assertNotIn(b' 200 ', answer[:20])
                self.assertNotIn(b' 500 ', answer[:20])
