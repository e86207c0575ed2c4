# SPDX-License-Identifier: Apache-2.0
"""Neutron's paste filter: answers Nova's create of a port with one from a pool, when the boot has a claim to it.

Stands after keystonecontext in the API's pipeline. Only a request that Nova sends for a boot is looked at: a service
stands behind it (confirmed by the middleware), it belongs to a request to Nova, and its port is for a device. Only a
port that is asked for exactly as Nova's minimal create does can be met exactly; any other is created as always. Nothing
fails because of us: whatever goes wrong before the hand-over leads to the ordinary create, and after it, to an answer.
"""
from neutron_lib.plugins import directory
from oslo_config import cfg
from oslo_log import log as logging

from larder_openstack import daemon as larder_daemon
from larder_openstack import opts
from larder_openstack import reporter
from larder_openstack import wsgi
from larder_openstack.neutron import yielding

LOG = logging.getLogger(__name__)

NEEDED = {'device_id', 'network_id', 'admin_state_up'}
ALLOWED = NEEDED | {'tenant_id', 'project_id', 'security_groups'}
GROUPS_MOST = 32


def filter_factory(global_conf, **local_conf):
    section = opts.register(cfg.CONF)
    daemon = larder_daemon.Daemon(cfg.CONF, 'neutron', _problem) if section.enabled else None

    def chain(application):
        if section.yield_seconds:  # also without the hand-over: what stands in pools still must not stand in the way
            application = yielding.Yielding(application, daemon, section.yield_seconds)
        return PortHook(application, daemon, section.excluded_projects) if daemon else application
    return chain


def _problem():
    """What of Neutron's configuration keeps ports from being handed over; None: nothing."""
    if directory.get_plugin('larder') is None:
        return 'service_plugins of neutron.conf lacks larder: no port is handed over, and those of pools show ' \
               'to tenants'
    return None


class NotEligible(Exception):
    """The attribute that a pool's port could not meet."""


class PortHook:
    def __init__(self, application, daemon, excluded_projects=()):
        self._application = application
        self._daemon = daemon
        self._daemon.warm()  # a worker's first request may be a boot's
        self._excluded = frozenset(project.replace('-', '').lower() for project in excluded_projects)
        self._bus = reporter.Reporter('larder-notifications')

    def __call__(self, environ, start_response):
        self._daemon.warm()
        boot = self._boot(environ)
        if boot is None:
            return self._application(environ, start_response)
        try:
            port = self._serve(boot)
        except larder_daemon.Miss as miss:
            port, reason = None, miss.reason
        except Exception:
            LOG.exception('Larder: a port is created the ordinary way')
            port, reason = None, 'failed'
        if port is None:  # out of the handlers: what Neutron logs would have our exception behind it
            return self._create(boot, reason, start_response)
        return wsgi.answer(start_response, '201 Created', {'port': port})

    def _boot(self, environ):
        """What Nova asks for, or None when this is none of our requests."""
        context = environ.get('neutron.context')
        if (environ.get('REQUEST_METHOD') != 'POST' or context is None or wsgi.path(environ) != '/v2.0/ports'
                or not wsgi.from_service(environ, context) or not wsgi.boot_id(context)
                or context.project_id in self._excluded):
            return None
        body = wsgi.read_json(environ)
        if not isinstance((body or {}).get('port'), dict) or not body['port'].get('device_id'):
            return None
        return _Boot(environ, context, body)

    def _serve(self, boot):
        """The port, handed over. Raises Miss when the boot is to have an ordinary one."""
        try:
            boot.ask = read_ask(boot.body, boot.context.project_id)
        except NotEligible as error:
            raise larder_daemon.Miss('not-eligible:%s' % error)
        if directory.get_plugin('larder') is None:
            raise larder_daemon.Miss('off', 'service_plugins lacks larder: pool ports would show to tenants')
        adoption = self._daemon.adopt(boot.adoption())
        port = self._take_over(boot, adoption)
        self._daemon.finish(adoption['id'], 'done')
        return port

    def _take_over(self, boot, adoption):
        from larder_openstack.neutron import plugin, takeover  # they need Neutron to be started
        try:
            port = takeover.take_over(boot.context, boot.body, adoption['resource_id'], adoption['item_id'],
                                      plugin.pool_projects())
        except takeover.Refused as refused:
            LOG.info('Larder: port %s is not handed over (%s): %s', adoption['resource_id'], refused.reason, refused)
            # What differs from a create now will differ for the next one too.
            state = 'failed' if refused.reason == 'stale' else 'returned'
            self._daemon.finish(adoption['id'], state, ('%s: %s' % (refused.reason, refused))[:200])
            raise larder_daemon.Miss(refused.reason)
        self._bus.put(takeover.notify, boot.context, boot.body, port)
        return port

    def _create(self, boot, reason, start_response):
        """The ordinary way. What came of it is reported."""
        call = wsgi.Call(self._application, boot.environ)
        chunks = call.passed_to(start_response)
        self._daemon.miss(lambda: boot.demand(call, reason))
        return chunks


class _Boot:
    """One create of a port by Nova."""

    def __init__(self, environ, context, body):
        self.environ, self.context, self.body = environ, context, body
        self.ask = None
        port = body['port']
        self.instance_id = port['device_id'] if wsgi.is_uuid(port['device_id']) else None

    def adoption(self):
        return {'kind': 'port', 'request_id': wsgi.boot_id(self.context), 'project_id': self.context.project_id,
                'instance_id': self.instance_id, 'port': self.ask}

    def demand(self, call, reason):
        """What the daemon is told of a create that was not served; None when nothing was created."""
        port = call.body().get('port')
        if call.status != 201 or not isinstance(port, dict):
            return None
        demand = {'kind': 'port', 'request_id': wsgi.boot_id(self.context), 'project_id': self.context.project_id,
                  'instance_id': self.instance_id, 'resource_id': port.get('id'), 'reason': reason,
                  'seconds': round(call.seconds, 3), 'resolved': None}
        if self.ask is not None:
            demand['port'] = self.ask
            demand['resolved'] = {'security_groups': sorted(port.get('security_groups') or ())}
        return demand


def read_ask(body, project_id):
    """The ask in a create's body. Raises NotEligible with the attribute that makes it another create than Nova's."""
    for name in body:
        _need(name == 'port', name)
    port = body['port']
    for name in sorted(port):
        _need(name in ALLOWED, name)
    for name in sorted(NEEDED - set(port)):
        _need(False, name)
    _need(wsgi.is_uuid(port['device_id']), 'device_id')
    _need(wsgi.is_uuid(port['network_id']), 'network_id')
    _need(port['admin_state_up'] is True, 'admin_state_up')
    _need('tenant_id' in port or 'project_id' in port, 'tenant_id')
    for name in ('tenant_id', 'project_id'):
        _need(port.get(name, project_id) == project_id, name)
    groups = port.get('security_groups', [])
    _need(isinstance(groups, list) and len(groups) <= GROUPS_MOST and all(map(wsgi.is_uuid, groups)), 'security_groups')
    _need(groups or 'security_groups' not in port, 'security_groups')  # [] asks for a port without any group
    return {'network_id': port['network_id'], 'security_groups': sorted(set(groups))}


def _need(holds, name):
    if not holds:
        raise NotEligible(wsgi.word(name))
