# SPDX-License-Identifier: Apache-2.0
"""Which ports of the pools made Neutron refuse a request.

A table of refusals, by the resource and the type of the error, says where to look. Only ports that wait in a pool are
found, and none when others stand in the way too: then the refusal has another cause, and to remove pools would help
nobody. Everything is looked up as an admin; that the request itself is allowed, Neutron has found before it came to
refuse it.
"""
import collections

import netaddr
from neutron.common import _constants
from neutron.db import models_v2
from neutron.db import rbac_db_models
from neutron.db.models import securitygroup
from neutron_lib import constants
from neutron_lib.db import api as db_api
import sqlalchemy as sa

from larder_openstack import wsgi
from larder_openstack.neutron import removal

Port, Allocation = models_v2.Port, models_v2.IPAllocation

MOST = 5000     # ports of one finding
WISHES_MOST = 1000
SPARE = 8       # addresses are made free for this many creates more, which others may be about to make

# What a request wants to have on a network: fixed is a list of (subnet id or None, address or None).
Wish = collections.namedtuple('Wish', 'network_id fixed mac')
# Ports (id, network id) and the word for why; wide: the pools of all these networks are to keep back.
Finding = collections.namedtuple('Finding', 'reason ports wide')


def find(admin, request, error, projects):
    """The Finding for a request that was refused with this error type, or None."""
    for collections_, errors, reason, wide, look in CAUSES:
        if request.collection in collections_ and error in errors:
            with db_api.CONTEXT_READER.using(admin):
                ports = look(_Search(admin, projects), request)
            return Finding(reason, [tuple(port) for port in ports], wide) if ports else None
    return None


def pooled(admin, ids, projects):
    """Those of the ids that are ports of a pool."""
    with db_api.CONTEXT_READER.using(admin):
        query = admin.session.query(Port.id).filter(Port.id.in_(ids), Port.project_id.in_(projects))
        return {row.id for row in query}


class _Search:
    def __init__(self, admin, projects):
        self.session = admin.session
        self.projects = projects
        self._idle = removal.idle(projects)

    def idle(self, *conditions):
        """A query of ports in pools."""
        return self.session.query(Port.id, Port.network_id).filter(self._idle, *conditions)

    def alone(self, *conditions):
        """Ports in pools, if no others meet the conditions."""
        if self.session.query(Port.id).filter(sa.not_(self._idle), *conditions).first():
            return []
        return self.idle(*conditions).limit(MOST).all()


# ---- deletes

NOT_AUTOMATIC = Port.device_owner.notin_(_constants.AUTO_DELETE_PORT_OWNERS)


def _on_network(search, request):
    return search.alone(Port.network_id == request.id, NOT_AUTOMATIC)


def _on_subnet(search, request):
    held = search.session.query(Allocation.port_id).filter(Allocation.subnet_id == request.id)
    return search.alone(Port.id.in_(held), NOT_AUTOMATIC)


def _with_group(search, request):
    return search.alone(_bound_to(search, request.id))


def _bound_to(search, group_id):
    binding = securitygroup.SecurityGroupPortBinding
    return Port.id.in_(search.session.query(binding.port_id).filter(binding.security_group_id == group_id))


# ---- sharing

def _unshared(search, request):
    """A network that is to be shared with everybody no more."""
    return _of_strangers(search, request.id, sa.not_(Port.device_owner.startswith(constants.DEVICE_OWNER_NETWORK_PREFIX)))


def _rule_deleted(search, request):
    """A rule that shares with everybody: one that names a project stands for that project's own ports, not for pools."""
    for model, look in ((rbac_db_models.NetworkRBAC, _of_strangers), (rbac_db_models.SecurityGroupRBAC, _group_of_strangers)):
        rule = search.session.query(model.object_id, model.target_project).filter(
            model.id == request.id, model.action == rbac_db_models.ACCESS_SHARED).first()
        if rule is not None:
            return look(search, rule.object_id) if rule.target_project == '*' else []
    return []


def _of_strangers(search, network_id, *conditions):
    owner = search.session.query(models_v2.Network.project_id).filter_by(id=network_id).scalar()
    rule = rbac_db_models.NetworkRBAC
    allowed = [owner, ''] + _named(search, rule, network_id)
    return search.alone(Port.network_id == network_id, Port.project_id.notin_(allowed), *conditions)


def _group_of_strangers(search, group_id):
    allowed = _named(search, rbac_db_models.SecurityGroupRBAC, group_id)
    return search.alone(_bound_to(search, group_id), Port.project_id.notin_(allowed))


def _named(search, model, object_id):
    """The projects that a rule of their own lets in."""
    rows = search.session.query(model.target_project).filter(
        model.object_id == object_id, model.action == rbac_db_models.ACCESS_SHARED, model.target_project != '*')
    return [row.target_project for row in rows]


# ---- addresses

def _holding_address(search, request):
    found = {}
    for wish in wishes(search.session, request):
        addresses = [(subnet, _canonical(address)) for subnet, address in wish.fixed if address]
        for subnet, address in addresses:
            held = search.session.query(Allocation.port_id).filter(
                Allocation.network_id == wish.network_id, Allocation.ip_address == address)
            if subnet:
                held = held.filter(Allocation.subnet_id == subnet)
            found.update(dict.fromkeys(map(tuple, search.idle(Port.id.in_(held)))))
    return list(found)


def _holding_mac(search, request):
    found = {}
    for wish in wishes(search.session, request):
        if wish.mac:
            ports = search.idle(Port.network_id == wish.network_id, Port.mac_address == wish.mac.lower())
            found.update(dict.fromkeys(map(tuple, ports)))
    return list(found)


def _out_of_addresses(search, request):
    """As many ports as the request wants addresses, and some to spare, of the subnets that have none left."""
    wanted = collections.defaultdict(int)
    for wish in wishes(search.session, request):
        for subnet in {subnet for subnet, address in wish.fixed if not address} or {None}:
            wanted[wish.network_id, subnet] += 1
    found = {}
    for (network, subnet), count in wanted.items():
        full = [row for row in _subnets(search, network, subnet) if _is_full(search, row)]
        held = search.session.query(Allocation.port_id).filter(Allocation.subnet_id.in_(full))
        found.update(dict.fromkeys(map(tuple, search.idle(Port.id.in_(held)).limit(count + SPARE))))
    return list(found)


def _subnets(search, network_id, subnet_id):
    query = search.session.query(models_v2.Subnet.id).filter_by(network_id=network_id)
    return [row.id for row in (query.filter_by(id=subnet_id) if subnet_id else query)]


def _is_full(search, subnet_id):
    pool = models_v2.IPAllocationPool
    rows = search.session.query(pool.first_ip, pool.last_ip).filter_by(subnet_id=subnet_id)
    ranges = [(int(netaddr.IPAddress(row.first_ip)), int(netaddr.IPAddress(row.last_ip))) for row in rows]
    size = sum(last - first + 1 for first, last in ranges)
    taken = search.session.query(Allocation.ip_address).filter_by(subnet_id=subnet_id)
    if taken.count() < size:
        return False
    values = [int(netaddr.IPAddress(row.ip_address)) for row in taken]
    return sum(any(first <= value <= last for first, last in ranges) for value in values) >= size


# ---- what a request wants, from bodies that anybody may have written

def wishes(session, request):
    """The Wishes of a request; what is not as it should be is left out."""
    read = {'ports': _of_ports, 'floatingips': _of_floating_ips, 'routers': _of_routers}[request.collection]
    found = (wish for wish in read(session, request) if wsgi.is_uuid(wish.network_id))
    return [wish for wish, _ in zip(found, range(WISHES_MOST))]


def _of_ports(session, request):
    for port in _members(request.body, 'port', 'ports'):
        network = port.get('network_id')
        if request.id:
            network = session.query(Port.network_id).filter_by(id=request.id).scalar()
        yield Wish(network, _fixed(port.get('fixed_ips')), _text(port.get('mac_address')))


def _of_floating_ips(session, request):
    for floating in _members(request.body, 'floatingip', 'floatingips'):
        fixed = {'subnet_id': floating.get('subnet_id'), 'ip_address': floating.get('floating_ip_address')}
        yield Wish(floating.get('floating_network_id'), _fixed([fixed]), None)


def _of_routers(session, request):
    if request.action == 'add_router_interface':
        subnet = session.query(models_v2.Subnet.network_id, models_v2.Subnet.gateway_ip).filter_by(
            id=_text(request.body.get('subnet_id'))).first()
        if subnet is not None:
            yield Wish(subnet.network_id, [(request.body['subnet_id'], subnet.gateway_ip)], None)
        return
    for router in _members(request.body, 'router', 'routers'):
        more = router.get('external_gateways')
        for gateway in [router.get('external_gateway_info')] + (more if isinstance(more, list) else []):
            if isinstance(gateway, dict):
                yield Wish(gateway.get('network_id'), _fixed(gateway.get('external_fixed_ips')), None)


def _members(body, one, many):
    listed = body.get(many)
    return [row for row in (listed if isinstance(listed, list) else [body.get(one)]) if isinstance(row, dict)]


def _fixed(value):
    rows = value if isinstance(value, list) else []
    return [(_text(row.get('subnet_id')), _text(row.get('ip_address'))) for row in rows if isinstance(row, dict)]


def _text(value):
    return value if isinstance(value, str) else None


def _canonical(address):
    """As Neutron keeps it."""
    try:
        return str(netaddr.IPAddress(address))
    except (netaddr.AddrFormatError, ValueError):
        return address


# ---- the table

_ADDRESSED = ('ports', 'floatingips', 'routers')
# resources, error types, reason for the daemon, wide, where to look
CAUSES = (
    (('networks',), ('NetworkInUse',), 'network', True, _on_network),
    (('subnets',), ('SubnetInUse',), 'subnet', True, _on_subnet),
    (('security-groups',), ('SecurityGroupInUse',), 'security-group', False, _with_group),
    (('networks',), ('InvalidSharedSetting',), 'sharing', True, _unshared),
    (('rbac-policies',), ('RbacPolicyInUse',), 'sharing', True, _rule_deleted),
    (_ADDRESSED, ('IpAddressInUse', 'IpAddressAlreadyAllocated'), 'address', False, _holding_address),
    (('ports',), ('MacAddressInUse',), 'address', False, _holding_mac),
    (_ADDRESSED, ('IpAddressGenerationFailure', 'IpAddressGenerationFailureAllSubnets', 'ExternalIpAddressExhausted'),
     'no-address-left', True, _out_of_addresses),
)
