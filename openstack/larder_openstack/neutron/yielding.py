# SPDX-License-Identifier: Apache-2.0
"""Pools yield: what Neutron refuses because of a pool's ports is done after all, without them.

Neutron has checked who asks and what by the time it says that something is in use, or that no address is left. When
that is because of ports that wait in a pool, and of nothing else (obstacles.py), they are removed (removal.py) and the
request is made once more. It is made yet again only when the pool had ports on their way that came in between. Whatever
goes wrong here, the client has Neutron's own answer; and no answer names a port of a pool.
"""
import json
import re
import time

from neutron_lib.plugins import directory
from oslo_log import log as logging

from larder_openstack import reporter
from larder_openstack import wsgi

LOG = logging.getLogger(__name__)

PATH = re.compile(r'^/v2\.0/(networks|subnets|ports|routers|floatingips|security-groups|rbac-policies)'
                  r'(?:/([0-9a-f-]{36})(?:/([a-z_]+))?)?$')
METHODS = ('POST', 'PUT', 'DELETE')
REFUSALS = (400, 409)
ROUNDS = 3
UUID = re.compile(r'[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}')


class Yielding:
    """The filter. 'daemon' may be None: then nobody is told, and finds out."""

    def __init__(self, application, daemon, seconds):
        self._application = application
        self._daemon = daemon
        self._seconds = seconds
        self._bus = reporter.Reporter('larder-notifications')

    def __call__(self, environ, start_response):
        hide_from_nova(environ)
        request = _Request.read(environ)
        if request is None:
            return self._application(environ, start_response)
        answer = request.sent_to(self._application)
        end = time.monotonic() + self._seconds
        for _ in range(ROUNDS):
            if answer.status not in REFUSALS or not self._makes_way(request, answer, end):
                break
            answer = request.sent_to(self._application)
        if answer.status in REFUSALS:
            _conceal(request, answer)
        return answer.passed_on(start_response)

    def _makes_way(self, request, answer, end):
        """Whether ports are gone that were in the way."""
        try:
            return self._remove(request, error_type(answer), end)
        except Exception:
            LOG.exception('Larder: a request stays refused, though pools may be in its way')
            return False

    def _remove(self, request, error, end):
        from larder_openstack.neutron import obstacles, removal  # they need Neutron to be started
        admin, projects = request.context.elevated(), _pool_projects()
        finding = obstacles.find(admin, request, error, projects) if error and time.monotonic() < end else None
        if finding is None:
            return False
        self._tell(finding)
        ids = [port_id for port_id, _ in finding.ports]
        gone = removal.remove(admin, ids, projects, end)
        LOG.info('Larder: %d of %d ports of the pools made way for %s %s, which was refused with %s', len(gone),
                 len(finding.ports), request.method, request.path, error)
        self._bus.put(removal.notify, gone)
        return bool(gone) or not obstacles.pooled(admin, ids, projects)  # or another request has removed them

    def _tell(self, finding):
        """Before they go: so that none is handed out any more, and none is made anew in between."""
        if self._daemon is None:
            return
        networks = {}
        for port_id, network_id in finding.ports:
            networks.setdefault(network_id, []).append(port_id)
        for network_id, port_ids in networks.items():
            self._daemon.give_way(network_id if finding.wide else None, port_ids, finding.reason)


def _pool_projects():
    from larder_openstack.neutron import plugin
    return plugin.pool_projects() if directory.get_plugin(plugin.PLUGIN_TYPE) else frozenset()


class _Request:
    """A request that can be made again."""

    def __init__(self, environ, data, match):
        self._environ = dict(environ)  # as it is now: what comes behind writes into it
        self._data = data
        self.context = environ['neutron.context']
        self.method = environ['REQUEST_METHOD']
        self.path = match.group(0)
        self.collection, self.id, self.action = match.groups()

    @classmethod
    def read(cls, environ):
        """None for a request that pools are never in the way of, and for the pools' own."""
        context = environ.get('neutron.context')
        match = PATH.match(wsgi.path(environ)) if environ.get('REQUEST_METHOD') in METHODS else None
        if context is None or match is None:
            return None
        projects = _pool_projects()
        if not projects or context.project_id in projects:
            return None
        data = wsgi.kept_body(environ)
        return None if data is None else cls(environ, data, match)

    @property
    def body(self):
        return wsgi.json_object(self._data) or {}

    def sent_to(self, application):
        return wsgi.Call(application, wsgi.with_body(self._environ, self._data)).made()


def error_type(answer):
    """The name that Neutron gives an error, or None."""
    error = answer.body().get('NeutronError')
    return error.get('type') if isinstance(error, dict) else None


def hide_from_nova(environ):
    """Before a boot with a fixed address Nova asks for the ports that have it, and refuses when there are any. Tenants do
    not see pools, but an admin who boots does: for this question he shall not either."""
    context = environ.get('neutron.context')
    if (environ.get('REQUEST_METHOD') == 'GET' and context is not None and wsgi.path(environ) == '/v2.0/ports'
            and 'fixed_ips=' in environ.get('QUERY_STRING', '') and wsgi.from_service(environ, context)):
        context.larder_hides = True


def _conceal(request, answer):
    """Takes ports of pools out of a message that lists what is in use."""
    error = answer.body().get('NeutronError')
    message = error.get('message') if isinstance(error, dict) else None
    ids = UUID.findall(message) if isinstance(message, str) else ()
    if not ids:
        return
    try:
        from larder_openstack.neutron import obstacles
        hidden = obstacles.pooled(request.context.elevated(), ids, _pool_projects())
    except Exception:
        LOG.exception('Larder: whether a message names ports of pools is not known')
        return
    if hidden:
        answer.replace({'NeutronError': dict(error, message=without(message, hidden))})


def without(message, ids):
    for one in ids:
        message = re.sub(r',\s*%s|%s,?\s*' % (one, one), '', message)
    return message
