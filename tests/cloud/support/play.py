# SPDX-License-Identifier: Apache-2.0
"""Plays a schedule of requests on the cloud: asks for the servers of each at its time, sees them become ACTIVE or fail, and
deletes them after a while. Nobody waits for anybody: a slow boot does not move the ones behind it."""
import collections
import queue
import threading
import time

from . import boots, cloud

POSTERS = 6         # requests that are under way at a time
LOOK = 0.5          # seconds between two looks at the servers
DELETIONS = 5       # servers whose deletion is asked for at one look

# At `at` seconds from the beginning, `servers` servers by one request of a tenant.
Request = collections.namedtuple('Request', 'at tenant body servers word')


class Server:
    """One that was asked for: `boot` once Nova has taken it; `state` is active or failed in the end."""

    def __init__(self, request, boot):
        self.request = request
        self.boot = boot
        self.state = 'booting'
        self.ended = None       # monotonic


class Play:
    def __init__(self, requests, hold, limit=300):
        self.requests = sorted(requests, key=lambda request: request.at)
        self.hold = hold        # seconds from ACTIVE to the deletion
        self.limit = limit      # for a boot; after that it has failed
        self.servers, self.refused = [], []
        self.late = 0.0         # how much behind its time the latest request was sent
        self._queue = queue.Queue()
        self._lock = threading.Lock()

    def run(self, every=0, tell=None):
        """Until all is booted and deleted; calls tell(seconds from the beginning) every so many seconds."""
        for tenant in {request.tenant for request in self.requests}:
            tenant.token()
        began = time.monotonic()
        posters = [threading.Thread(target=self._post, args=(began,), daemon=True) for _ in range(POSTERS)]
        sender = threading.Thread(target=self._send, args=(began,), daemon=True)
        for thread in posters + [sender]:
            thread.start()
        self._watch(began, lambda: sender.is_alive() or any(p.is_alive() for p in posters), every, tell)
        return self

    def _send(self, began):
        for request in self.requests:
            time.sleep(max(0, began + request.at - time.monotonic()))
            self._queue.put(request)
        for _ in range(POSTERS):
            self._queue.put(None)

    def _post(self, began):
        for request in iter(self._queue.get, None):
            self.late = max(self.late, time.monotonic() - began - request.at)
            try:
                made = [Server(request, boot) for boot in boots.post(request.tenant, request.body)]
            except Exception as e:  # whatever it is, these servers were not booted
                self.refused.append((request, e))
                continue
            with self._lock:
                self.servers += made

    def _watch(self, began, sending, every, tell):
        told = 0
        standing, deleting = [], collections.deque()
        known = 0
        while sending() or known < len(self.servers) or standing or deleting:
            with self._lock:
                standing += self.servers[known:]
                known = len(self.servers)
            now = time.monotonic()
            self._look(standing, now)
            over = [s for s in standing if s.ended and now - s.ended >= (self.hold if s.state == 'active' else 0)]
            standing = [s for s in standing if s not in over]
            deleting.extend(over)
            for _ in range(min(DELETIONS, len(deleting))):
                server = deleting.popleft()
                server.request.tenant.compute.delete('/servers/' + server.boot.id)
            if tell and now - began >= told + every:
                told = now - began
                tell(told)
            time.sleep(LOOK)

    def _look(self, standing, now):
        booting = {s.boot.id: s for s in standing if s.state == 'booting'}
        if not booting:
            return
        names = tuple(booting)
        for server_id, vm_state, task_state, _ in cloud.rows('nova', boots.BOTH_CELLS, names, names):
            server = booting[server_id]
            if vm_state == 'active' and task_state is None:
                server.boot.active = time.time()
                server.state, server.ended = 'active', now
            elif vm_state == 'error':
                server.state, server.ended = 'failed', now
        for server in booting.values():
            if server.state == 'booting' and time.time() - server.boot.started > self.limit:
                server.state, server.ended = 'failed', now

    @property
    def failed(self):
        """Servers that were asked for and did not come up."""
        return sum(s.state == 'failed' for s in self.servers) + sum(request.servers for request, _ in self.refused)

    def reasons(self):
        """Why they did not."""
        said = ['%s' % e for _, e in self.refused]
        return said + [boots.fault(s.boot) for s in self.servers if s.state == 'failed']

    def wait_gone(self, limit=300):
        left = tuple(s.boot.id for s in self.servers)
        if left:
            cloud.wait_for('the servers gone', lambda: not cloud.rows(
                'nova', 'select uuid from instances where deleted = 0 and uuid in %s', left), limit)
