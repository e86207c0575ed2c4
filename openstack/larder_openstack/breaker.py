# SPDX-License-Identifier: Apache-2.0
"""A circuit breaker that all workers of a service on a host share.

Its state is a few bytes of a file that every worker maps: reading costs about a microsecond and no system call but the
clock's. After enough failures in a row it opens; while it is open nobody calls the daemon; then one worker, on one call,
tries again. Times are of the monotonic clock, which all processes of a Linux machine share; a file left from before a
reboot holds times that are too far ahead and counts as closed.

Where the file cannot be made (no state_dir, no right to write), each process has a breaker of its own.
"""
import fcntl
import mmap
import os
import struct
import threading
import time

from oslo_log import log as logging

LOG = logging.getLogger(__name__)

STATE = struct.Struct('<QId4x')  # magic, failures in a row, open until
MAGIC = 0x314b52424452414c  # "LARDBRK1"


class Breaker:
    def __init__(self, directory, failures, seconds, clock=time.monotonic):
        self._most = failures
        self._seconds = seconds
        self._clock = clock
        self._guard = threading.Lock()
        self._fd, self._memory = _open(directory)

    def allows(self):
        """Whether the daemon may be called now. When the time is over, only for the one who asks first."""
        closed, waiting, _ = self._look()
        return closed or (not waiting and self._take_probe())

    def succeeded(self):
        if self._read()[0]:
            with self._guard:
                self._write(0, 0.0)

    def failed(self):
        """Counts without waiting for others: a lost count among many costs nothing."""
        with self._guard:
            failures = min(self._read()[0] + 1, 1 << 30)
            self._write(failures, self._clock() + self._seconds)
        if failures == self._most:
            LOG.warning('Larder: %d calls to the daemon failed in a row; boots go on without it, and it is tried again '
                        'in %g s', failures, self._seconds)

    def _look(self):
        """Whether it is closed, whether it is open and its time is not over, and now.

        The clock is read after the state: what another wrote in between would seem to lie too far ahead.
        """
        failures, until = self._read()
        now = self._clock()
        return failures < self._most, now < until <= now + self._seconds, now

    def _take_probe(self):
        """True for one caller on this host: he moves the end of the open time on, under a lock nobody waits for."""
        if not self._guard.acquire(blocking=False):
            return False
        try:
            if not self._lock():
                return False
            try:
                closed, waiting, now = self._look()
                if not closed and not waiting:
                    self._write(self._most, now + self._seconds)
                return closed or not waiting
            finally:
                self._unlock()
        finally:
            self._guard.release()

    # A record lock belongs to the process, not to the open file, which forked workers share.
    def _lock(self):
        if self._fd is None:
            return True
        try:
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _unlock(self):
        if self._fd is not None:
            fcntl.lockf(self._fd, fcntl.LOCK_UN)

    def _read(self):
        magic, failures, until = STATE.unpack_from(self._memory)
        return (failures, until) if magic == MAGIC else (0, 0.0)

    def _write(self, failures, until):
        STATE.pack_into(self._memory, 0, MAGIC, failures, until)


def _open(directory):
    """The file's descriptor and its bytes, or None and bytes of this process alone."""
    fd = None
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        fd = os.open(os.path.join(directory, 'breaker'), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.ftruncate(fd, STATE.size)
        return fd, mmap.mmap(fd, STATE.size)
    except (OSError, ValueError, TypeError) as error:
        if fd is not None:
            os.close(fd)
        LOG.warning('Larder: no file for the circuit breaker in state_dir %s (%s); each process has its own breaker',
                    directory, error)
        return None, bytearray(STATE.size)
