# SPDX-License-Identifier: Apache-2.0
"""A Keystone token that is always there: fetched and renewed by a background thread.

A create must not wait for Keystone, so get() gives what is there, or None. A worker that is forked later fetches its own,
at once: its first boot is to find it. Who wants to know of each new token is told by that thread.
"""
import os
import threading
import time
import weakref

from keystoneauth1 import loading
from keystoneauth1 import session as ks_session
from oslo_log import log as logging
from oslo_utils import timeutils

from larder_openstack import opts

LOG = logging.getLogger(__name__)

KEYSTONE_TIMEOUT = 20
RETRY_FIRST, RETRY_MOST = 1.0, 60.0
LIFETIME_LEAST = 30.0
LIFETIME_MOST = 2400.0  # the daemon keeps a token fresh for an hour after its last use: no pause is that long


class Token:
    def __init__(self, conf, changed=None):
        self._conf = conf
        self._changed = changed  # called by the thread when there is a new token
        self._pid = None
        self._start_guard = threading.Lock()
        weak = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _start_again(weak()))

    def start(self):
        """Makes the thread unless this process has it. Cheap: it is called with every request."""
        if self._pid == os.getpid():
            return
        with self._start_guard:
            if self._pid == os.getpid():
                return
            self._value = None
            self._refused = threading.Event()
            self._there = threading.Event()
            threading.Thread(target=self._run, name='larder-token', daemon=True).start()
            self._pid = os.getpid()

    def get(self, wait=0.0):
        self.start()
        if self._value is None and wait > 0:
            self._there.wait(wait)
        return self._value

    def refuse(self, value):
        """The daemon did not take it: another one is fetched."""
        if self._value == value:
            self._value = None
            self._there.clear()
            self._refused.set()

    def _run(self):
        pause = RETRY_FIRST
        while True:
            try:
                self._value, seconds = self._fetch()
                self._there.set()
                pause = RETRY_FIRST
                if self._changed is not None:
                    self._changed()
            except Exception as error:
                LOG.warning('Larder: no token from Keystone for section [larder], trying again in %g s: %s', pause, error)
                seconds, pause = pause, min(pause * 2, RETRY_MOST)
            self._refused.wait(seconds)
            if self._refused.is_set():
                self._refused.clear()
                time.sleep(RETRY_FIRST)  # a token that is refused again and again must not hammer Keystone

    def _fetch(self):
        """The token, and the seconds after which to fetch the next."""
        section = self._conf[opts.GROUP]
        auth = loading.load_auth_from_conf_options(self._conf, opts.GROUP)
        if auth is None:
            raise ValueError('auth_type is not set')
        session = ks_session.Session(auth=auth, verify=verify(section), timeout=KEYSTONE_TIMEOUT)
        access = auth.get_access(session)
        left = timeutils.delta_seconds(timeutils.utcnow(), timeutils.normalize_time(access.expires))
        return access.auth_token, min(max(left * 0.8, LIFETIME_LEAST), LIFETIME_MOST)


def _start_again(token):
    """In a forked process: only what ran in its parent."""
    if token is not None and token._pid is not None:
        token._start_guard = threading.Lock()
        token.start()


def verify(section):
    """What keystoneauth and requests want to know about certificates."""
    return not section.insecure and (section.cafile or True)
