# SPDX-License-Identifier: Apache-2.0
"""Something that listens where the daemon should: it answers, hangs, trickles or breaks, as a test tells it.

And a Keystone that is there at once, so that tests of the daemon's side need none.
"""
import contextlib
import http.server
import json
import threading
import time

from oslo_config import cfg

from larder_openstack import daemon
from larder_openstack import token


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.server.connections += 1

    def _serve(self):
        length = int(self.headers.get('Content-Length') or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.requests.append((self.command, self.path, body, dict(self.headers)))
        time.sleep(self.server.delay)
        status, answer = self.server.answer(self.command, self.path, body)
        data = b'' if answer is None else answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.send_header('Content-Type', 'application/json')
            self.send_header('Content-Length', str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve

    def log_message(self, *args):
        pass


class FakeDaemon(http.server.ThreadingHTTPServer):
    """server.answer(method, path, body) -> (status, object); server.delay in seconds; server.requests what came."""

    daemon_threads = True

    def __init__(self):
        super().__init__(('127.0.0.1', 0), _Handler)
        self.delay = 0.0
        self.connections = 0
        self.requests = []
        self.answer = lambda method, path, body: (201, {path.rsplit('/', 1)[-1].rstrip('s'): {'id': 'an-id'}})
        self.endpoint = 'http://127.0.0.1:%d' % self.server_port
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()

    def wait_for(self, method, path, seconds=5.0):
        """The body of the first request of this kind."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for request in list(self.requests):
                if request[:2] == (method, path):
                    return request[2]
            time.sleep(0.01)
        raise AssertionError('no %s %s came, but %s' % (method, path, [request[:2] for request in self.requests]))


class ReadyToken(token.Token):
    fetched = 0

    def _fetch(self):
        self.fetched += 1
        return 'the-token', 3600.0


def make_daemon(endpoint, state_dir, introduces=False, **options):
    """A Daemon that logs in nowhere, and tells of its token where that is tested."""
    conf = cfg.ConfigOpts()
    daemon.opts.register(conf)
    conf([], project='larder-test', default_config_files=[])
    for name, value in dict(options, endpoint=endpoint, state_dir=state_dir).items():
        conf.set_override(name, value, group='larder')
    made = daemon.Daemon(conf)
    made._token = ReadyToken(conf, made._introduce if introduces else None)
    made.warm()
    made._token.get(5.0)
    return made
