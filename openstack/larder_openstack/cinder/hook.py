# SPDX-License-Identifier: Apache-2.0
"""Cinder's paste filter: answers Nova's create of a volume with one from a pool, when the boot has a claim to it.

Stands after keystonecontext in the pipelines of apiv3. Only a request that Nova sends for a boot is looked at: a
service stands behind it (confirmed by the middleware), and it belongs to a request to Nova. Only a volume that is asked
for as Nova does for a boot from an image can be met exactly; any other is created as always. Nothing fails because of
us: whatever goes wrong before the hand-over leads to the ordinary create, and after it, to an answer.
"""
from oslo_config import cfg
from oslo_log import log as logging

from larder_openstack import daemon as larder_daemon
from larder_openstack import opts
from larder_openstack import wsgi

LOG = logging.getLogger(__name__)

ASKED = ('imageRef', 'size', 'volume_type', 'availability_zone')
SIZE_MOST = 1 << 20
NAME_MOST = 255


def filter_factory(global_conf, **local_conf):
    section = opts.register(cfg.CONF)
    if not section.enabled:
        return lambda application: application
    return lambda application: VolumeHook(application, larder_daemon.Daemon(cfg.CONF, 'cinder', _problem),
                                          section.excluded_projects, section.pool_projects)


def _problem():
    """What of Cinder's policy keeps volumes from being handed over; None: nothing."""
    from larder_openstack.cinder import handover
    refused = handover.refused_to_members()
    if refused:
        return '%s is not allowed to members of a project by policy.yaml: no volume is handed over to them; allow it, ' \
               'or set enabled = false in [larder] of cinder.conf' % refused
    return None


class NotEligible(Exception):
    """The attribute that a pool's volume could not meet."""


class VolumeHook:
    def __init__(self, application, daemon, excluded_projects=(), pool_projects=()):
        self._application = application
        self._daemon = daemon
        self._daemon.warm()  # a worker's first request may be a boot's
        self._excluded = frozenset(project.replace('-', '').lower() for project in excluded_projects)
        self._pools = _ids(pool_projects)

    def __call__(self, environ, start_response):
        self._daemon.warm()
        boot = self._boot(environ)
        if boot is None:
            return self._application(environ, start_response)
        try:
            answer = self._serve(boot)
        except larder_daemon.Miss as miss:
            answer, reason = None, miss.reason
        except Exception:
            LOG.exception('Larder: a volume is created the ordinary way')
            answer, reason = None, 'failed'
        if answer is None:  # out of the handlers: what Cinder logs would have our exception behind it
            return self._create(boot, reason, start_response)
        return wsgi.answer(start_response, '202 Accepted', *answer)

    def _boot(self, environ):
        """What Nova asks for, or None when this is none of our requests."""
        context = environ.get('cinder.context')
        if (environ.get('REQUEST_METHOD') != 'POST' or context is None
                or wsgi.path(environ) not in ('/v3/volumes', '/v3/%s/volumes' % context.project_id)
                or not wsgi.from_service(environ, context) or not wsgi.boot_id(context)
                or context.project_id in self._excluded):
            return None
        body = wsgi.read_json(environ)
        if not isinstance((body or {}).get('volume'), dict):
            return None
        return _Boot(environ, context, body)

    def _serve(self, boot):
        """The answer, after the hand-over. Raises Miss when the boot is to have an ordinary volume."""
        try:
            boot.ask = read_ask(boot.body)
        except NotEligible as error:
            raise larder_daemon.Miss('not-eligible:%s' % error)
        adoption = self._daemon.adopt(boot.adoption())
        from larder_openstack.cinder import handover  # it needs Cinder's objects to be registered
        try:
            answer = handover.hand_over(self._application, boot.environ, boot.context, boot.ask, adoption, self._pools)
        except handover.Refused as refused:
            LOG.info('Larder: volume %s is not handed over (%s): %s', adoption['resource_id'], refused.reason, refused)
            self._daemon.finish(adoption['id'], 'failed' if refused.reason == 'stale' else 'returned',
                                ('%s: %s' % (refused.reason, refused))[:200])
            raise larder_daemon.Miss(refused.reason)
        self._daemon.finish(adoption['id'], 'done')
        return answer

    def _create(self, boot, reason, start_response):
        """The ordinary way. What came of it is reported."""
        call = wsgi.Call(self._application, boot.environ)
        chunks = call.passed_to(start_response)
        self._daemon.miss(lambda: boot.demand(call, reason))
        return chunks


class _Boot:
    """One create of a volume by Nova."""

    def __init__(self, environ, context, body):
        self.environ, self.context, self.body = environ, context, body
        self.ask = None

    def adoption(self):
        return {'kind': 'volume', 'request_id': wsgi.boot_id(self.context), 'project_id': self.context.project_id,
                'volume': self.ask}

    def demand(self, call, reason):
        """What the daemon is told of a create that was not served; None when nothing was created."""
        body = call.body()
        volume = body.get('volume')
        if call.status != 202 or not isinstance(volume, dict):
            return None
        ask = self.ask
        for name in ('encrypted', 'multiattach'):  # never pooled
            if ask is not None and volume.get(name):
                ask, reason = None, 'not-eligible:' + name
        demand = {'kind': 'volume', 'request_id': wsgi.boot_id(self.context), 'project_id': self.context.project_id,
                  'instance_id': None, 'resource_id': volume.get('id'), 'reason': reason,
                  'seconds': round(call.seconds, 3), 'resolved': None}
        if ask is not None:
            from larder_openstack.cinder import handover
            demand['volume'] = ask
            demand['resolved'] = handover.resolved(body)
        return demand


def read_ask(body):
    """The ask in a create's body. Raises NotEligible with the member that makes it another create than Nova's."""
    for name in body:
        _need(name == 'volume', name)
    volume = body['volume']
    _need(volume.get('name') == '', 'name')  # the volume of a pool has them empty, which is not the same as none
    _need(volume.get('description') == '', 'description')
    for name in sorted(volume):
        _need(name in ASKED or not volume[name], name)
    _need(wsgi.is_uuid(volume.get('imageRef')), 'imageRef')
    size = volume.get('size')
    _need(type(size) is int and 0 < size <= SIZE_MOST, 'size')
    return {'image_id': volume['imageRef'], 'size': size,
            'volume_type': _text(volume, 'volume_type'), 'availability_zone': _text(volume, 'availability_zone')}


def _text(volume, name):
    value = volume.get(name)
    _need(value is None or isinstance(value, str) and len(value) <= NAME_MOST, name)
    return value or None


def _need(holds, name):
    if not holds:
        raise NotEligible(wsgi.word(name))


def _ids(projects):
    """Those that are ids. Names are not looked up here: a volume to be accepted is offered by whoever owns it."""
    ids = {project.replace('-', '').lower() for project in projects}
    return frozenset(ids) if all(len(value) == 32 and set(value) <= set('0123456789abcdef') for value in ids) else ()
