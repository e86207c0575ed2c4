# SPDX-License-Identifier: Apache-2.0
"""Gives a port of a pool to the boot that asked for one, and makes the answer that a create would have given.

All in the API process, and what matters in one transaction: the row is locked and compared with what a create would
make now; the project, the device and the timestamps are set; the answer is built; then comes the commit. What fails
before the commit leaves everything as it was, and the ordinary create follows.

Nothing but these columns is changed here. ML2, its mechanism drivers and the agents know the port since it was made
for the pool (address, MAC, groups, network are the same), and Nova's own PUT, which follows for every port it made, is
an update_port with the new device_owner and host: it carries the whole port, with its new project, to mechanism
drivers (OVN rewrites its external ids), to agents (the OVO push and port_update) and to DHCP (port_update_end).

So what an ordinary create emits is left out on purpose:
- registry PORT/AFTER_CREATE, and the mechanism drivers' create: they heard it when the pool's port was made; a second
  time would add DHCP provisioning blocks and OVN rows that exist;
- registry PORT/BEFORE_RESPONSE: it feeds the DHCP agents' notifier for plugins without native events, and Nova's
  notifier, which does nothing on create_port; the PUT publishes it;
- the revision number goes on from where it was: agents and OVN drop what has a lower number than they have seen.
What is sent is the bus notification port.create.start/.end (notify below): meters and bills that begin with it would
otherwise count the port for the pool's project for ever.
"""
import collections

import netaddr
from neutron import manager
from neutron import policy
from neutron import quota
from neutron.api.v2 import base as api_base
from neutron.common import ipv6_utils
from neutron.db import models_v2
from neutron.db import rbac_db_models
from neutron.db.models import subnet_service_type
from neutron.db.port_security import models as port_security_models
from neutron.db.quota import api as quota_api
from neutron.quota import resource_registry
from neutron_lib import rpc
from neutron_lib.db import api as db_api
from neutron_lib.plugins import directory
from oslo_log import log as logging
from oslo_utils import timeutils

LOG = logging.getLogger(__name__)

POOL_OWNER = 'larder:pool'

# What a create as Nova asks for it leaves at its default. A port for which one of these differs is not handed over;
# an attribute whose extension is not loaded is not in the port.
BLANK = {
    'name': '',
    'description': '',
    'admin_state_up': True,
    'status': 'DOWN',
    'ip_allocation': 'immediate',
    'allowed_address_pairs': [],
    'extra_dhcp_opts': [],
    'qos_policy_id': None,
    'binding:host_id': '',
    'binding:vnic_type': 'normal',
    'binding:profile': {},
    'binding:vif_type': 'unbound',
    'binding:vif_details': {},
    'dns_name': '',
    'tags': [],
    'hints': None,
    'hardware_offload_type': None,
    'numa_affinity_policy': None,
    'device_profile': None,
    'trunk_details': None,
}


# What get_port too leaves for when it is asked for; it would cost queries and shows nowhere.
NEEDLESS = [getattr(models_v2.Port, name) for name in ('port_forwardings', 'distributed_port_binding')
            if hasattr(models_v2.Port, name)]

Subnet = collections.namedtuple('Subnet', 'id version automatic pools')


class Refused(Exception):
    """The port is not handed over. 'reason' is a word of the API: stale, quota or failed."""

    def __init__(self, reason, detail):
        super().__init__(detail)
        self.reason = reason


def take_over(context, body, port_id, item_id, pool_projects):
    """Hands the port to the request's project and instance; returns the port as the answer shows it.

    Raises Refused when nothing was done.
    """
    wanted = _prepare(context, body)
    reservation = _reserve(context, wanted['project_id'])
    try:
        port = _transact(context.elevated(), context, wanted, port_id, item_id, pool_projects)
    except Exception as error:
        if not _is_taken(context, port_id, wanted):
            _cancel(context, reservation)
            raise error if isinstance(error, Refused) else Refused('failed', '%s: %s' % (type(error).__name__, error))
        # The commit went through, but its confirmation was lost.
        port = directory.get_plugin().get_port(context.elevated(), port_id)
    _commit(context, reservation)
    return _visible(context, port)


def notify(context, body, port):
    """Tells the bus of the tenant's new port, as Neutron's API does for a create. To be done in the background."""
    notifier = rpc.get_notifier('network')
    notifier.info(context, 'port.create.start', body)
    notifier.info(context, 'port.create.end', {'port': port})


def _prepare(context, body):
    """The body as a create would see it: defaults filled in, values converted, allowed by policy."""
    try:
        copy = {'port': dict(body['port'])}
        info = manager.NeutronManager.get_controller_for_resource('ports').resource_info
        wanted = api_base.Controller.prepare_request_body(context, copy, True, 'port', info)['port']
        policy.enforce(context, 'create_port', _with_network(context.elevated(), wanted), pluralized='ports')
    except Exception as error:  # the ordinary create gives the tenant the ordinary error
        raise Refused('failed', 'not allowed or not valid: %s' % error)
    return wanted


def _with_network(admin, wanted):
    """The port with what the usual rules ask of its network, whose it is and whether it is shared with the project: they
    would load all that hangs on it to know, which takes half of the whole hand-over's time."""
    network, rbac = models_v2.Network, rbac_db_models.NetworkRBAC
    with db_api.CONTEXT_READER.using(admin):
        owner = admin.session.query(network.project_id).filter_by(id=wanted['network_id']).scalar()
        shared = admin.session.query(rbac.id).filter(
            rbac.object_id == wanted['network_id'], rbac.action == rbac_db_models.ACCESS_SHARED,
            rbac.target_project.in_(['*', wanted['project_id']])).first()
    return dict(wanted, shared=shared is not None, **{'network:project_id': owner, 'network:tenant_id': owner})


def _transact(admin, context, wanted, port_id, item_id, pool_projects):
    plugin = directory.get_plugin()
    with db_api.CONTEXT_WRITER.using(admin):
        _lock(admin, port_id)
        port = plugin._get_port(admin, port_id, lazy_fields=NEEDLESS)
        shown = plugin._make_port_dict(port)
        _check_pool(shown, wanted, item_id, pool_projects)
        _check_blank(shown)
        _check_port_security(shown, _port_security(admin, wanted['network_id']))
        _check_groups(plugin, context, shown, wanted)
        _check_addresses(shown, _subnets(admin, wanted['network_id']))
        before = port.project_id
        port.project_id = wanted['project_id']
        port.device_id = wanted['device_id']
        port.device_owner = ''
        port.standard_attr.created_at = port.standard_attr.updated_at = timeutils.utcnow()
        admin.session.flush()
        mark_usage(admin, before, port.project_id)
        return plugin._make_port_dict(port)


def _lock(admin, port_id):
    """The first read of the transaction: what is read after it is as of the lock or later."""
    query = admin.session.query(models_v2.Port.id).filter_by(id=port_id).with_for_update()
    if query.one_or_none() is None:
        raise Refused('stale', 'the port is gone')


def _demand(holds, what):
    if not holds:
        raise Refused('stale', what)


def _check_pool(port, wanted, item_id, pool_projects):
    _demand(port['project_id'] in pool_projects, 'the port is in no pool')
    _demand(port['device_owner'] == POOL_OWNER and port['device_id'] == item_id, 'the port is of another item')
    _demand(port['network_id'] == wanted['network_id'], 'the port is on another network')


def _check_blank(port):
    for name, value in BLANK.items():
        if name in port:
            _demand(port[name] == value or not port[name] and not value, '%s is %r' % (name, port[name]))


def _check_port_security(port, of_network):
    if 'port_security_enabled' in port and of_network is not None:
        _demand(port['port_security_enabled'] == of_network, 'port security differs from the network\'s')


def _check_groups(plugin, context, port, wanted):
    """The groups a create would give: those asked for, as far as the tenant may use them, or his default group."""
    asked = wanted.get('security_groups')
    if not port.get('port_security_enabled', True):
        expected = set()
        _demand(not isinstance(asked, list) or not asked, 'groups are asked for where there is no port security')
    elif isinstance(asked, list):
        expected = {group.id for group in plugin._get_security_groups_on_port(context, {'port': wanted}) or ()}
    else:
        expected = {plugin._get_default_sg_id(context, wanted['project_id'])}
    _demand(set(port.get('security_groups', ())) == expected, 'the security groups differ')


def _check_addresses(port, subnets):
    """One address of each IP version that has subnets to allocate from, and one of each auto-address subnet, as IPAM
    would choose now (neutron/db/ipam_pluggable_backend.py, _allocate_ips_for_port)."""
    has = collections.defaultdict(list)
    for fixed in port['fixed_ips']:
        has[fixed['subnet_id']].append(fixed['ip_address'])
    _demand(set(has) <= {subnet.id for subnet in subnets}, 'an address of a subnet that a create would not use now')
    for version in (4, 6):
        choices = [subnet for subnet in subnets if subnet.version == version and not subnet.automatic]
        chosen = [subnet for subnet in choices if has[subnet.id]]
        _demand(len(chosen) == bool(choices), 'not one address of each IP version')
        for subnet in chosen:
            _demand(len(has[subnet.id]) == 1 and _in_pools(has[subnet.id][0], subnet), 'an address is in no pool')
    for subnet in subnets:
        _demand(not subnet.automatic or len(has[subnet.id]) == 1, 'an auto-address subnet without an address')


def _in_pools(address, subnet):
    value = netaddr.IPAddress(address)
    return any(netaddr.IPAddress(first) <= value <= netaddr.IPAddress(last) for first, last in subnet.pools)


# ---- what a create would find, read by column: Neutron's objects would bring in all that hangs on a network

def _port_security(admin, network_id):
    """The network's, None when the extension is not used."""
    query = admin.session.query(port_security_models.NetworkSecurityBinding.port_security_enabled)
    return query.filter_by(network_id=network_id).scalar()


def _subnets(admin, network_id):
    """Those that a port without a host and an owner may have addresses of."""
    subnet, service_type = models_v2.Subnet, subnet_service_type.SubnetServiceType
    rows = admin.session.query(
        subnet.id, subnet.ip_version, subnet.ipv6_address_mode, subnet.ipv6_ra_mode, subnet.segment_id,
        service_type.service_type).outerjoin(service_type, service_type.subnet_id == subnet.id).filter(
            subnet.network_id == network_id).all()
    _demand(not any(row.segment_id for row in rows), 'the network is routed: a create would give no address yet')
    rows = [row for row in rows if row.service_type is None]
    pools = collections.defaultdict(list)
    pool = models_v2.IPAllocationPool
    for row in admin.session.query(pool.subnet_id, pool.first_ip, pool.last_ip).filter(
            pool.subnet_id.in_([row.id for row in rows])):
        pools[row.subnet_id].append((row.first_ip, row.last_ip))
    return [Subnet(row.id, row.ip_version, ipv6_utils.is_auto_address_subnet(row._mapping), pools[row.id])
            for row in rows]


def _reserve(context, project_id):
    """As the API's quota hook does before a create; a transaction of its own, so that others see it at once."""
    try:
        return quota.QUOTAS.make_reservation(context, project_id, {'port': 1}, directory.get_plugin())
    except Exception as error:
        raise Refused('quota', str(error))


def _commit(context, reservation):
    """The port counts by now. A reservation that cannot be removed expires."""
    try:
        quota.QUOTAS.commit_reservation(context, reservation.reservation_id)
    except Exception as error:
        LOG.warning('Larder: a quota reservation stays until it expires: %s', error)


def _cancel(context, reservation):
    try:
        quota.QUOTAS.cancel_reservation(context, reservation.reservation_id)
    except Exception as error:
        LOG.warning('Larder: a quota reservation stays until it expires: %s', error)


def mark_usage(admin, *projects):
    """For the driver that counts by tracked usage: a change of project is none of the events it listens to."""
    resource = resource_registry.get_resource('port')
    if getattr(resource, 'dirty', None) is None:  # the default driver counts rows, nothing is to be marked
        return
    for project_id in projects:
        quota_api.set_resources_quota_usage_dirty(admin, 'port', project_id)


def _is_taken(context, port_id, wanted):
    """Whether the port is the boot's after all, asked of the database anew."""
    admin = context.elevated()
    try:
        with db_api.CONTEXT_READER.using(admin):
            row = admin.session.query(models_v2.Port.project_id, models_v2.Port.device_id).filter_by(
                id=port_id).one_or_none()
        return row is not None and tuple(row) == (wanted['project_id'], wanted['device_id'])
    except Exception:
        return False


def _visible(context, port):
    """What the API's policy hook leaves in the answer to this context (PolicyHook in neutron/pecan_wsgi)."""
    info = manager.NeutronManager.get_controller_for_resource('ports').resource_info
    shown = {name: value for name, value in port.items()
             if info.get(name, info.get('tenant_id') if name == 'project_id' else {'is_visible': False})['is_visible']
             and policy.check(context, 'get_port:' + name, port, might_not_exist=True, pluralized='ports')}
    if 'project_id' in shown:
        shown['tenant_id'] = shown['project_id']
    return shown
