# SPDX-License-Identifier: Apache-2.0
"""LarderFilter: tells the daemon of a boot while Nova schedules it, and so gives the boot its claim.

The answer says which hosts have the boot's image already, which LarderWeigher goes by (see warm.py).

It filters no host out. It belongs last in [filter_scheduler] enabled_filters: whoever gets there has passed nova-api,
which checked as the tenant that the image, the networks and the volume type may be used. That is what makes a claim a
right.

Nova filters once for each server of a request and once more for alternates; the daemon is asked once for all of them.
Nothing here may fail or delay a boot: any error passes all hosts, and a call ends after [larder] timeout.
"""
import collections
import threading

from nova import conf as nova_conf
from nova import context as nova_context
from nova import exception
from nova import objects
from nova.scheduler import filters
from nova.scheduler import utils
from oslo_log import log as logging
from oslo_serialization import jsonutils

from larder_openstack import daemon
from larder_openstack import opts
from larder_openstack.nova import warm

LOG = logging.getLogger(__name__)
CONF = nova_conf.CONF

REMEMBERED = 512
SERVERS_MOST = 1000
COUNT_MOST = 64


class LarderFilter(filters.BaseHostFilter):
    RUN_ON_REBUILD = False

    def __init__(self):
        super().__init__()
        self._section = opts.register(CONF)
        self._seen = _Recent(REMEMBERED)
        self._daemon = None
        self._guard = threading.Lock()
        if self._section.enabled:
            self._get_daemon().warm()

    def filter_all(self, filter_obj_list, spec_obj):
        """All hosts, always. Overridden because of that: host_passes would be called for each of them."""
        try:
            self._claim(spec_obj)
        except daemon.Miss as miss:
            LOG.debug('Larder: no claim: %s', miss)
        except Exception as error:
            LOG.warning('Larder: no claim for this boot: %s: %s', type(error).__name__, error)
        return filter_obj_list

    def _claim(self, spec):
        if not self._section.enabled or spec.project_id in self._section.excluded_projects:
            return
        if utils.request_is_rebuild(spec):  # a host of its own is being checked; what else is no boot, see below
            return
        context = spec._context
        if not context or not self._seen.first(warm.key_of(context)):
            return
        build = _build_request(spec.instance_uuid)
        if build is None:
            return
        ports, volumes = _ports(spec), _volumes(build)
        if ports or volumes:
            hosts = self._get_daemon().claim(_body(context, spec, ports, volumes)).get('warm_hosts')
        elif _wants_warm_hosts(spec):
            hosts = self._get_daemon().warm_hosts(_image(spec))
        else:
            return
        if isinstance(hosts, list) and not _from_volume(spec):
            warm.MEMORY.put(warm.key_of(context), (host for host in hosts if isinstance(host, str)))

    def _get_daemon(self):
        with self._guard:
            if self._daemon is None:
                self._daemon = daemon.Daemon(CONF, 'nova', _problem)
            return self._daemon


def _problem():
    """What of nova.conf keeps claims from being used; None: nothing."""
    if CONF.filter_scheduler.enabled_filters[-1] != 'LarderFilter':
        return 'LarderFilter is not the last of [filter_scheduler] enabled_filters: put it there, or boots that other filters ' \
               'refuse make claims'
    return None


class _Recent:
    """The last few requests. Several threads schedule at once with the same filter object."""

    def __init__(self, most):
        self._most = most
        self._keys = collections.OrderedDict()
        self._guard = threading.Lock()

    def first(self, key):
        """True only for the first who asks with this key."""
        with self._guard:
            known = key in self._keys
            self._keys[key] = True
            self._keys.move_to_end(key)
            if len(self._keys) > self._most:
                self._keys.popitem(last=False)
            return not known


def _build_request(instance_uuid):
    """The row of the boot's BuildRequest, or None when this is no boot.

    nova-api writes it with the request spec, and the conductor deletes it once the server has a host and is in its cell.
    So it is there exactly while a new server is scheduled: not for rebuild, resize, migration, evacuation and unshelve,
    which all are of servers in a cell. It holds the block devices, which the request spec does not. The row and not the
    object: to make the instance in it takes as long as all the rest of the filter.
    """
    try:
        return objects.BuildRequest._get_by_instance_uuid_from_db(nova_context.get_admin_context(), instance_uuid)
    except exception.BuildRequestNotFound:
        return None


def _body(context, spec, ports, volumes):
    servers = spec.num_instances if spec.obj_attr_is_set('num_instances') else 1
    return {
        'request_id': context.global_id,  # what Neutron and Cinder will see as the global request id
        'project_id': spec.project_id,
        'image_id': _image(spec),
        'flavor_id': spec.flavor.flavorid,
        'availability_zone': spec.availability_zone if spec.obj_attr_is_set('availability_zone') else None,
        'servers': max(1, min(servers or 1, SERVERS_MOST)),
        'ports': ports,
        'volumes': volumes,
    }


def _image(spec):
    image = spec.image if spec.obj_attr_is_set('image') else None
    return image.id if image is not None and image.obj_attr_is_set('id') and image.id else None


def _from_volume(spec):
    """Its image is copied by Cinder then, not by the host."""
    return spec.obj_attr_is_set('is_bfv') and bool(spec.is_bfv)


def _wants_warm_hosts(spec):
    """A boot that claims nothing: it is worth a call only when LarderWeigher will make use of the answer."""
    return _weigher_in_use() and not _from_volume(spec) and bool(_image(spec))


def _weigher_in_use():
    """LarderWeigher is not among Nova's own, so an operator has named it."""
    return any(name.endswith('.LarderWeigher') for name in CONF.filter_scheduler.weight_classes)


def _ports(spec):
    """The ports that nova-compute will have made: of networks asked for by id and nothing more."""
    groups = _groups(spec)
    if groups is None:
        return []
    requested = spec.requested_networks if spec.obj_attr_is_set('requested_networks') else None
    networks = collections.Counter(request.network_id for request in (requested or ()) if _is_plain(request))
    return [{'network_id': network, 'security_groups': groups, 'count': min(count, COUNT_MOST)}
            for network, count in networks.items()]


def _is_plain(request):
    more = ('port_id', 'address', 'tag', 'pci_request_id', 'arq_uuid', 'device_profile')
    return (bool(request.network_id) and not request.auto_allocate and not request.no_allocate
            and not any(request.obj_attr_is_set(name) and getattr(request, name) for name in more))


def _groups(spec):
    """Ids, as nova-api has them: [] for the project's default group alone, None when they are not known here.

    nova-api turns each name into an id, but 'default' it leaves (compute/api.py, _check_requested_secgroups); an object
    has the one in uuid, the other in name. With 'default' among others nova-compute looks up its id; we cannot.
    """
    listed = spec.security_groups if spec.obj_attr_is_set('security_groups') else ()
    words = {group.uuid if group.obj_attr_is_set('uuid') and group.uuid else group.name for group in listed or ()}
    if words <= {'default'}:
        return []
    return None if 'default' in words else sorted(words)


def _volumes(build):
    """The volumes that nova-compute will have Cinder make from an image; several of one kind counted together."""
    zone = None
    kinds = collections.Counter(
        (bdm.image_id, bdm.volume_size, bdm.volume_type if bdm.obj_attr_is_set('volume_type') else None)
        for bdm in _devices(build)
        if bdm.source_type == 'image' and bdm.destination_type == 'volume' and bdm.image_id and bdm.volume_size)
    if kinds and not CONF.cinder.cross_az_attach:
        zone = jsonutils.loads(build.instance)['nova_object.data'].get('availability_zone')
        if not zone:  # the chosen host's, which nobody knows yet
            return []
    return [{'image_id': image, 'size': size, 'volume_type': volume_type, 'availability_zone': zone,
             'count': min(count, COUNT_MOST)}
            for (image, size, volume_type), count in kinds.items()]


def _devices(build):
    if not build.block_device_mappings:
        return ()
    return objects.BlockDeviceMappingList.obj_from_primitive(jsonutils.loads(build.block_device_mappings))
