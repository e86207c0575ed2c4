# SPDX-License-Identifier: Apache-2.0
"""What both paste filters need of a WSGI request: who sent it, its body, and the answer of the rest of the pipeline."""
import io
import json
import re
import time
import uuid

from oslo_serialization import jsonutils

REQUEST_ID = re.compile(r'^req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z')
BODY_MOST = 65536
REPLAY_MOST = 1 << 18
ANSWER_MOST = 1 << 20


def path(environ):
    """The path as the client wrote it, without .json and a trailing slash."""
    whole = (environ.get('SCRIPT_NAME', '') + environ.get('PATH_INFO', '')).rstrip('/')
    return whole[:-len('.json')] if whole.endswith('.json') else whole


def from_service(environ, context):
    """Whether a service stands behind the request: its own token came with the user's, and the middleware confirmed it.

    A tenant can send any header but that one.
    """
    return (environ.get('HTTP_X_SERVICE_IDENTITY_STATUS') == 'Confirmed'
            and 'service' in (getattr(context, 'service_roles', None) or ()))


def boot_id(context):
    """The id of the request to Nova that this one belongs to, or None."""
    value = getattr(context, 'global_request_id', None)
    return value if value and REQUEST_ID.match(value) else None


def is_uuid(value):
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value
    except ValueError:
        return False


def read_json(environ):
    """The body's JSON object, or None; the body stands there afterwards as if it had not been read."""
    try:
        length = int(environ.get('CONTENT_LENGTH') or -1)
    except ValueError:
        return None
    if not 0 < length <= BODY_MOST:
        return None
    data = environ['wsgi.input'].read(length)
    environ['wsgi.input'] = io.BytesIO(data)
    return json_object(data)


def json_object(data):
    """The JSON object in these bytes, or None."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def kept_body(environ):
    """The body's bytes, for a request that may have to be made again; None when it is too long for that, or when its
    length is not said. It stands there afterwards as if it had not been read."""
    try:
        length = int(environ.get('CONTENT_LENGTH') or 0)
    except ValueError:
        return None
    if not 0 <= length <= REPLAY_MOST or 'HTTP_TRANSFER_ENCODING' in environ:
        return None
    data = environ['wsgi.input'].read(length) if length else b''
    environ['wsgi.input'] = io.BytesIO(data)
    return data


def with_body(environ, data):
    """A copy of the environment whose body has not been read yet."""
    return dict(environ, **{'wsgi.input': io.BytesIO(data)})


def word(name):
    """A name out of a request as part of a reason: the API takes few characters there."""
    return re.sub('[^a-z0-9_:-]', '-', str(name).lower())[:64]


class Call:
    """The rest of the pipeline, called; the answer is passed on as it comes, and kept as far as it is small."""

    def __init__(self, application, environ):
        self._application = application
        self._environ = environ
        self.status = 0
        self.seconds = 0.0
        self._data = b''
        self._head, self._chunks = None, []

    def passed_to(self, start_response):
        """For the client. All of the answer is there when this returns."""
        begin = time.monotonic()

        def start(status, headers, exc_info=None):
            self.status = int(status.split(' ', 1)[0])
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        chunks = self._collect(start)
        self.seconds = time.monotonic() - begin
        return chunks

    def made(self):
        """For ourselves: nobody else sees the answer, unless it is passed on."""
        def start(status, headers, exc_info=None):
            self.status = int(status.split(' ', 1)[0])
            self._head = status, headers
            return lambda data: None

        self._chunks = self._collect(start)
        return self

    def passed_on(self, start_response):
        """The answer that was made, for the client after all."""
        start_response(*self._head)
        return self._chunks

    def replace(self, body):
        """Another JSON object instead of the answer's."""
        self._data = jsonutils.dumps(body).encode()
        self._chunks = [self._data]
        status, headers = self._head
        headers = [pair for pair in headers if pair[0].lower() != 'content-length']
        self._head = status, headers + [('Content-Length', str(len(self._data)))]

    def _collect(self, start):
        result = self._application(self._environ, start)
        try:
            chunks = list(result)
        finally:
            if hasattr(result, 'close'):
                result.close()
        if sum(map(len, chunks)) <= ANSWER_MOST:
            self._data = b''.join(chunks)
        return chunks

    def body(self):
        """The answer's JSON object, {} when it is none."""
        return json_object(self._data) or {}


def answer(start_response, status, body, headers=()):
    data = jsonutils.dumps(body).encode()  # OpenStack's, for its way to write dates
    start_response(status, [('Content-Type', 'application/json'), ('Content-Length', str(len(data))), *headers])
    return [data]
