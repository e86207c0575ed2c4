# SPDX-License-Identifier: Apache-2.0
"""Which hosts are warm for the boots being scheduled: put down by LarderFilter, read by LarderWeigher.

Nova filters and weighs a request in one process, one after the other; so what the filter's call brought in is at hand
when the weigher is asked, and nobody waits for it. What was put down for requests long gone is dropped.
"""
import collections
import threading

REMEMBERED = 512


class Memory:
    def __init__(self, most=REMEMBERED):
        self._most = most
        self._hosts = collections.OrderedDict()
        self._guard = threading.Lock()

    def put(self, key, hosts):
        with self._guard:
            self._hosts[key] = frozenset(hosts)
            self._hosts.move_to_end(key)
            if len(self._hosts) > self._most:
                self._hosts.popitem(last=False)

    def get(self, key):
        """The names of the hosts; none when nothing is known."""
        with self._guard:
            return self._hosts.get(key, frozenset())

    def __len__(self):
        return len(self._hosts)


MEMORY = Memory()  # of this process


def key_of(context):
    """What names one request of a client, also when an outer one (Heat's) made several."""
    return context.request_id, context.global_id
