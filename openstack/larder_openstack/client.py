# SPDX-License-Identifier: Apache-2.0
"""Calls to the daemon that end in time, whatever the daemon, the network or a name server does.

A call is made by one of a few threads of this process, each with a connection that it keeps; the caller waits for it no
longer than the deadline and then goes on. So the bound is hard: nothing that blocks is done by the caller. A thread
whose caller has gone still takes in the answer, for a while: an item may be in it, which has to be given back.

Works with native threads and under eventlet: only threading and http.client are used, which eventlet makes green.
"""
import http.client
import json
import os
import socket
import ssl
import threading
import time
import urllib.parse

THREADS_MOST = 8
LATE_SECONDS = 5.0  # for so long a thread waits for an answer nobody waits for any more
KEEP_SECONDS = 5.0  # a connection unused for longer is made anew: the other side may be closing it
ANSWER_MOST = 1 << 20
USER_AGENT = 'larder-openstack'


class Timeout(Exception):
    """No answer before the deadline."""


class Unreachable(Exception):
    """No answer, and none to be expected."""


class Answer:
    def __init__(self, status, body):
        self.status = status
        self.body = body  # the JSON object, {} when there was none


class Client:
    def __init__(self, endpoint, cafile=None, insecure=False):
        self._url = urllib.parse.urlsplit(endpoint.rstrip('/'))
        if self._url.scheme not in ('http', 'https') or not self._url.hostname:
            raise ValueError('[larder] endpoint = %s is no URL: it must be http(s)://HOST[:PORT]' % endpoint)
        self._cafile = cafile
        self._insecure = insecure
        self._fork_guard = threading.Lock()
        self._reset()

    def _reset(self):
        self._changed = threading.Condition()
        self._calls = []
        self._threads = 0
        self._idle = 0
        self._pid = os.getpid()  # last: from here on others use it

    def _reset_after_fork(self):
        if self._pid == os.getpid():
            return
        with self._fork_guard:
            if self._pid != os.getpid():
                self._reset()

    def call(self, method, path, body, headers, deadline, late=None):
        """The Answer. Raises Timeout at the deadline (of the monotonic clock), Unreachable when there will be none.

        late(Answer) is called by a background thread when the answer comes after the caller has gone.
        """
        call = _Call(method, self._url.path + path, body, headers, deadline, late)
        self._give(call)
        if not call.done.wait(max(deadline - time.monotonic(), 0.0)) and call.abandon():
            raise Timeout('no answer in time from %s' % self._url.netloc)
        if call.error is not None:
            raise call.error
        return call.answer

    def _give(self, call):
        self._reset_after_fork()
        with self._changed:
            self._calls.append(call)
            if not self._idle and self._threads < THREADS_MOST:
                self._threads += 1
                threading.Thread(target=self._serve, name='larder-call', daemon=True).start()
            else:
                self._changed.notify()

    def _take(self):
        with self._changed:
            self._idle += 1
            while not self._calls:
                self._changed.wait()
            self._idle -= 1
            return self._calls.pop(0)

    def _serve(self):
        connection = _Connection(self._url, self._cafile, self._insecure)
        while True:
            call = self._take()
            if call.expired():
                continue  # its caller has gone before anything was sent
            try:
                call.finish(connection.exchange(call), None)
            except Exception as error:
                connection.close()
                call.finish(None, Unreachable('%s: %s' % (self._url.netloc, error or type(error).__name__)))


class _Call:
    def __init__(self, method, path, body, headers, deadline, late):
        self.method, self.path, self.headers = method, path, headers
        self.body = None if body is None else json.dumps(body).encode()
        self.deadline = deadline
        self.late = late
        self.answer = self.error = None
        self.done = threading.Event()
        self._guard = threading.Lock()
        self._abandoned = False

    def expired(self):
        return self._abandoned or time.monotonic() >= self.deadline

    def abandon(self):
        """The caller goes; False when the answer came at the same moment and is his."""
        with self._guard:
            self._abandoned = not self.done.is_set()
            return self._abandoned

    def finish(self, answer, error):
        with self._guard:
            self.answer, self.error = answer, error
            self.done.set()
        if self._abandoned and answer is not None and self.late is not None:
            self.late(answer)


class _Connection:
    """One HTTP/1.1 connection, kept between calls; of one thread."""

    def __init__(self, url, cafile, insecure):
        self._url = url
        self._tls = self._make_tls(cafile, insecure) if url.scheme == 'https' else None
        self._http = None
        self._used = 0.0

    @staticmethod
    def _make_tls(cafile, insecure):
        context = ssl.create_default_context(cafile=cafile)
        if insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def exchange(self, call):
        limit = max(call.deadline - time.monotonic(), 0.001) + LATE_SECONDS
        self._open(limit)
        self._http.request(call.method, call.path, body=call.body, headers=call.headers)
        response = self._http.getresponse()
        data = response.read(ANSWER_MOST)
        if response.will_close or not response.isclosed():
            self.close()
        self._used = time.monotonic()
        return Answer(response.status, _parse(data))

    def _open(self, limit):
        if self._http is not None and time.monotonic() - self._used > KEEP_SECONDS:
            self.close()
        if self._http is None:
            self._http = self._connect(limit)
        self._http.sock.settimeout(limit)

    def _connect(self, limit):
        if self._tls is None:
            made = http.client.HTTPConnection(self._url.hostname, self._url.port, timeout=limit)
        else:
            made = http.client.HTTPSConnection(self._url.hostname, self._url.port, timeout=limit, context=self._tls)
        made.connect()
        made.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def close(self):
        if self._http is not None:
            self._http.close()
            self._http = None


def _parse(data):
    try:
        body = json.loads(data) if data else {}
    except ValueError:
        raise Unreachable('the answer is no JSON')
    if not isinstance(body, dict):
        raise Unreachable('the answer is no JSON object')
    return body
