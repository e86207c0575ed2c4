# SPDX-License-Identifier: Apache-2.0
import io
import types
import unittest

from larder_openstack import wsgi

REQUEST = 'req-0b5b1e4e-3f5a-4c9e-9c3e-1a2b3c4d5e6f'


def environ(data, length=None):
    return {'CONTENT_LENGTH': str(len(data) if length is None else length), 'wsgi.input': io.BytesIO(data)}


class WsgiTest(unittest.TestCase):
    def test_only_a_confirmed_service(self):
        service = types.SimpleNamespace(service_roles=['service'])
        self.assertTrue(wsgi.from_service({'HTTP_X_SERVICE_IDENTITY_STATUS': 'Confirmed'}, service))
        for status, roles in (('Invalid', ['service']), (None, ['service']), ('Confirmed', ['member']), ('Confirmed', [])):
            self.assertFalse(wsgi.from_service({'HTTP_X_SERVICE_IDENTITY_STATUS': status},
                                               types.SimpleNamespace(service_roles=roles)))

    def test_only_a_well_formed_request_id(self):
        def of(value):
            return wsgi.boot_id(types.SimpleNamespace(global_request_id=value))
        self.assertEqual(REQUEST, of(REQUEST))
        for value in (None, '', REQUEST[4:], REQUEST.upper(), REQUEST + '\n', 'req-1'):
            self.assertIsNone(of(value))

    def test_the_body_is_put_back(self):
        for data in (b'{"port": {}}', b'[1]', b'{', b'\xff', b'[' * 60000):
            env = environ(data)
            self.assertEqual({'port': {}} if data.endswith(b'}}') else None, wsgi.read_json(env))
            self.assertEqual(data, env['wsgi.input'].read())

    def test_a_body_that_is_too_long_or_has_no_length_is_not_read(self):
        for env in (environ(b'{}', wsgi.BODY_MOST + 1), environ(b'{}', ''), environ(b'{}', 'x'), environ(b'{}', 0)):
            self.assertIsNone(wsgi.read_json(env))
            self.assertEqual(b'{}', env['wsgi.input'].read())

    def test_paths(self):
        for path in ('/ports', '/ports/', '/ports.json', '/ports.json/'):
            self.assertEqual('/v2.0/ports', wsgi.path({'SCRIPT_NAME': '/v2.0', 'PATH_INFO': path}))
        self.assertNotEqual('/v2.0/ports', wsgi.path({'SCRIPT_NAME': '/v2.0', 'PATH_INFO': '/ports/x'}))

    def test_uuids(self):
        self.assertTrue(wsgi.is_uuid(REQUEST[4:]))
        for value in (None, 3, '', REQUEST, REQUEST[4:].upper(), REQUEST[4:].replace('-', '')):
            self.assertFalse(wsgi.is_uuid(value))

    def test_words(self):
        self.assertEqual('os-sch-hnt:scheduler_hints', wsgi.word('OS-SCH-HNT:scheduler_hints'))
        self.assertEqual('a----b', wsgi.word('a \n\u00e9;b'))
        self.assertEqual(64, len(wsgi.word('x' * 1000)))

    def test_a_call_passes_on_and_keeps_the_answer(self):
        closed = []

        class Body(list):
            def close(self):
                closed.append(True)

        def application(environ, start_response):
            start_response('201 Created', [('X', 'y')])
            return Body([b'{"a"', b': 1}'])

        started = []
        call = wsgi.Call(application, {})
        chunks = call.passed_to(lambda *args: started.append(args))
        self.assertEqual([b'{"a"', b': 1}'], chunks)
        self.assertEqual([('201 Created', [('X', 'y')])], started)
        self.assertEqual((201, {'a': 1}, [True]), (call.status, call.body(), closed))
