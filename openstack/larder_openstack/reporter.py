# SPDX-License-Identifier: Apache-2.0
"""Work that no request waits for: a bounded queue and one background thread.

What does not fit is dropped and counted. The thread is made when the first work comes, in the process that gives it, so
workers that are forked later have their own.
"""
import collections
import os
import threading
import time

from oslo_log import log as logging

LOG = logging.getLogger(__name__)

COMPLAIN_EVERY = 60.0


class Reporter:
    def __init__(self, name, most=1000):
        self._name = name
        self._most = most
        self._fork_guard = threading.Lock()
        self._reset()

    def _reset(self):
        self._jobs = collections.deque()
        self._changed = threading.Condition()
        self._thread = None
        self.dropped = 0
        self._complained = 0.0
        self._pid = os.getpid()  # last: from here on others use it

    def _reset_after_fork(self):
        if self._pid == os.getpid():
            return
        with self._fork_guard:
            if self._pid != os.getpid():
                self._reset()

    def put(self, job, *args):
        """Has job(*args) done soon, or drops it. Returns whether it was taken."""
        self._reset_after_fork()
        with self._changed:
            if len(self._jobs) >= self._most:
                self._drop()
                return False
            self._jobs.append((job, args))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify()
        return True

    def _drop(self):
        self.dropped += 1
        now = time.monotonic()
        if now - self._complained >= COMPLAIN_EVERY:
            self._complained = now
            LOG.warning('Larder: %s is behind by %d; %d were dropped so far', self._name, self._most, self.dropped)

    def _run(self):
        while True:
            with self._changed:
                while not self._jobs:
                    self._changed.wait()
                job, args = self._jobs.popleft()
            try:
                job(*args)
            except Exception as error:  # nobody is there to hear it, and the next job must be done
                LOG.info('Larder: %s: %s', self._name, error)
