# SPDX-License-Identifier: Apache-2.0
"""Gives a volume of a pool to the boot that asked for one, and makes the answer that a create would have given.

All that can fail is done first: the volume is read as admin and compared with what a create would make now, its
backend's service is seen to be up, the answer is built, the dates are set. Then comes the accept, by a request of ours
through the rest of the pipeline with the tenant's own context: Cinder moves the ownership and both quotas, and lets a
volume be accepted once only. After it there is an answer in any case.

What the accept costs is Cinder's: a call to cinder-volume (its driver may tie a volume to a project) and two quota
reservations. Neither can be left out without doing by hand what belongs to Cinder.

The image itself is not asked for again: its bytes never change, and nova-api has seen, as the tenant and for this boot,
that it is active and may be used; without that there is no claim. The daemon retires volumes of images that are gone.
"""
import io
import json
import time

from cinder import context as cinder_context
from cinder import exception
from cinder import objects
from cinder.api.openstack import wsgi as cinder_wsgi
from cinder.api.v3.views import volumes as volume_view
from cinder.db import api as db
from cinder.policies import volumes as policies
from cinder.volume import volume_types
from cinder.volume import volume_utils
from oslo_config import cfg
from oslo_log import log as logging
from oslo_utils import timeutils
import sqlalchemy as sa

from larder_openstack import wsgi

try:
    from cinder.db.api import main_context_manager
    from cinder.db import models
except ImportError:  # before 2026.1
    from cinder.db.sqlalchemy.api import main_context_manager
    from cinder.db.sqlalchemy import models

LOG = logging.getLogger(__name__)
CONF = cfg.CONF

SERVICE_CACHE_SECONDS = 1.0
ACCEPTED = 202


class Refused(Exception):
    """The volume is not handed over. 'reason' is a word of the API: stale, quota or failed."""

    def __init__(self, reason, detail):
        super().__init__(detail)
        self.reason = reason


def hand_over(application, environ, context, ask, adoption, pool_projects):
    """Hands the volume to the request's project; returns the answer's body and headers.

    Raises Refused when nothing was done.
    """
    admin = cinder_context.get_admin_context()
    volume_id = adoption['resource_id']
    try:
        volume = objects.Volume.get_by_id(admin, volume_id)
        _check_volume(volume, ask, pool_projects)
        _check_create(context, admin, volume, ask)
        _check_service(admin, volume)
        now = timeutils.utcnow()
        body, headers = _answer(environ, context, volume, now)
        # They decide what volume.exists bills, and the accept's own notifications carry them. While the volume is still
        # the pool's they matter to nobody.
        db.volume_update(admin, volume_id, {'created_at': now, 'launched_at': now})
    except Refused:
        raise
    except Exception as error:
        raise Refused('failed', '%s: %s' % (type(error).__name__, error))
    _accept(application, environ, context, admin, adoption)
    return body, headers


def refused_to_members():
    """The policy of those that a hand-over asks as the tenant which an ordinary member of a project does not pass."""
    from cinder.policies import volume_transfer
    project = 'f' * 32
    member = cinder_context.RequestContext(user_id=project, project_id=project, roles=['member', 'reader'], is_admin=False)
    target = {'project_id': project, 'user_id': project}
    for name in (policies.CREATE_POLICY, policies.CREATE_FROM_IMAGE_POLICY, volume_transfer.ACCEPT_POLICY):
        if not member.authorize(name, target, fatal=False):
            return name
    return None


def _demand(holds, what):
    if not holds:
        raise Refused('stale', what)


def _check_volume(volume, ask, pool_projects):
    """What a volume of a pool is, and nothing else."""
    image = volume.glance_metadata if volume.bootable else {}
    _demand(not pool_projects or volume.project_id in pool_projects, 'the volume is in no pool')
    _demand(volume.status == 'awaiting-transfer', 'the volume is %s' % volume.status)
    _demand(volume.size == ask['size'], 'the volume has %s GiB' % volume.size)
    _demand(image.get('image_id') == ask['image_id'], 'the volume is of another image')
    _demand(volume.display_name == '' and volume.display_description == '', 'the volume has a name')
    _demand(not volume.metadata and not volume.snapshot_id and not volume.source_volid, 'the volume has a history')
    _demand(not volume.group_id and not volume.consistencygroup_id, 'the volume is in a group')
    _demand(not volume.encryption_key_id and not volume.multiattach, 'the volume is encrypted or for several servers')
    _demand(not volume.volume_attachment, 'the volume is attached')


def _check_create(context, admin, volume, ask):
    """What a create would resolve now: see ExtractVolumeRequestTask in cinder/volume/flows/api/create_volume.py."""
    if not context.authorize(policies.CREATE_FROM_IMAGE_POLICY, fatal=False) or not context.authorize(
            policies.CREATE_POLICY, fatal=False):
        raise Refused('failed', 'the tenant may not create volumes')
    volume_type = _resolve_type(context, volume, ask)
    _demand(volume_type['id'] == volume.volume_type_id, 'the volume type would be another')
    _demand(not volume_types.is_encrypted(admin, volume_type['id']), 'the volume type is encrypted')
    changed_at = _type_changed_at(admin, volume_type['id'])
    # Times are whole seconds here: what was changed in the same one, the daemon knows better.
    _demand(changed_at is None or changed_at <= timeutils.normalize_time(volume.created_at),
            'the volume type has changed since the volume was made')
    volume_types.provision_filter_on_size(context, volume_type, ask['size'])
    zones = volume_utils.extract_availability_zones_from_volume_type(volume_type)
    if ask['availability_zone']:
        _demand(volume.availability_zone == ask['availability_zone'], 'the volume is in another zone')
    elif zones is not None:
        _demand(volume.availability_zone in zones, 'the volume is in none of its type\'s zones')
    else:
        usual = CONF.default_availability_zone or CONF.storage_availability_zone
        _demand(volume.availability_zone == usual, 'the volume is in another zone')


def _resolve_type(context, volume, ask):
    """As asked; else as the image says; else the project's default; else the configured one. As the tenant."""
    named = ask['volume_type'] or volume.glance_metadata.get('cinder_img_volume_type')
    if named:
        return objects.VolumeType.get_by_name_or_id(context, named)
    return volume_types.get_default_volume_type(context)


def _type_changed_at(admin, type_id):
    """When the type, one of its specs or its QoS was changed last; None: never. Rows that are deleted say when."""
    volume_type, spec, quality = models.VolumeType, models.VolumeTypeExtraSpecs, models.QualityOfServiceSpecs
    with main_context_manager.reader.using(admin):
        query = admin.session.query
        updated_at, quality_id = query(volume_type.updated_at, volume_type.qos_specs_id).filter_by(id=type_id).one()
        times = [updated_at, *_newest(query, spec, spec.volume_type_id == type_id)]
        if quality_id:
            times += _newest(query, quality, sa.or_(quality.id == quality_id, quality.specs_id == quality_id))
    return max(filter(None, times), default=None)


def _newest(query, model, condition):
    return query(*map(sa.func.max, (model.created_at, model.updated_at, model.deleted_at))).filter(condition).one()


# ---- the backend's service: the accept calls it, and would wait rpc_response_timeout (60 s) for one that is dead

_services = {}


def _check_service(admin, volume):
    name = volume.cluster_name or volume_utils.extract_host(volume.host)
    now = time.monotonic()
    known = _services.get(name)
    if known is None or now - known[0] > SERVICE_CACHE_SECONDS:
        known = _services[name] = (now, _service_is_up(admin, volume, name))
    if not known[1]:
        raise Refused('failed', 'cinder-volume of %s does not seem to be up' % name)


def _service_is_up(admin, volume, name):
    """A sharper question than Cinder's own is_up, which believes in a service for a minute after its last sign of life."""
    filters = {'binary': 'cinder-volume', 'cluster_name' if volume.cluster_name else 'host': name}
    patience = min(CONF.service_down_time, 2.5 * getattr(CONF, 'report_interval', 10))
    return any(not service.disabled and not service.frozen and service.updated_at is not None
               and timeutils.delta_seconds(timeutils.normalize_time(service.updated_at), timeutils.utcnow()) < patience
               for service in objects.ServiceList.get_all(admin, filters))


# ---- the answer: the same view that a create uses, of the volume as it will be

def _answer(environ, context, volume, now):
    volume.status = 'available'
    volume.user_id, volume.project_id = context.user_id, context.project_id
    volume.created_at = volume.launched_at = now
    volume.updated_at = None  # as after any create; a GET shows when it became available
    request = cinder_wsgi.Request(_clean(environ))
    request.set_api_version_request(request.url)
    body = volume_view.ViewBuilder().detail(request, volume)
    version = request.api_version_request.get_string()
    return body, [('x-compute-request-id', context.request_id), ('OpenStack-API-Version', 'volume ' + version),
                  ('Vary', 'OpenStack-API-Version')]


def _clean(environ):
    """The request without what webob and the router have noted in it."""
    return {name: value for name, value in environ.items()
            if not name.startswith(('webob.', 'wsgiorg.')) and name != 'cinder.best_content_type'}


# ---- the accept

def _accept(application, environ, context, admin, adoption):
    call = wsgi.Call(application, _accept_environ(environ, adoption))
    try:
        status = call.made().status
        detail = 'the accept was answered with %d: %s' % (status, json.dumps(call.body())[:200])
    except Exception as error:  # what becomes an answer only further out than we stand, as over quota does
        status, detail = getattr(error, 'code', 0), '%s: %s' % (type(error).__name__, error)
    if status == ACCEPTED or _is_ours(admin, context, adoption['resource_id']):
        return
    raise Refused('quota' if status == 413 else 'failed', detail)


def _is_ours(admin, context, volume_id):
    """Whether the volume is the tenant's, whatever the accept said about it."""
    try:
        return objects.Volume.get_by_id(admin, volume_id).project_id == context.project_id
    except Exception as error:
        LOG.error('Larder: whether volume %s was handed over cannot be read: %s', volume_id, error)
        return False


def _accept_environ(environ, adoption):
    data = json.dumps({'accept': {'auth_key': adoption['auth_key']}}).encode()
    collection = environ['PATH_INFO'].rstrip('/').rsplit('/', 1)[0]
    changed = _clean(environ)
    changed.pop('HTTP_OPENSTACK_API_VERSION', None)  # this path is there in every version
    changed.update({
        'PATH_INFO': '%s/os-volume-transfer/%s/accept' % (collection, adoption['transfer_id']),
        'QUERY_STRING': '', 'CONTENT_TYPE': 'application/json', 'CONTENT_LENGTH': str(len(data)),
        'wsgi.input': io.BytesIO(data),
    })
    return changed


def resolved(body):
    """The type's id and the zone that Cinder chose, from the body of a create's answer; None when it does not say."""
    volume = body['volume']
    type_id, name, zone = volume.get('volume_type_id'), volume.get('volume_type'), volume.get('availability_zone')
    if not type_id and name:
        try:
            type_id = objects.VolumeType.get_by_name_or_id(cinder_context.get_admin_context(), name)['id']
        except exception.CinderException as error:
            LOG.info('Larder: volume type %s: %s', name, error)
    return {'volume_type_id': type_id, 'availability_zone': zone} if type_id and zone else None
