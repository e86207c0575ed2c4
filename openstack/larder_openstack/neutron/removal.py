# SPDX-License-Identifier: Apache-2.0
"""Removes idle ports of the pools, as an admin and many at a time.

ML2's delete_port takes some seventy statements; a tenant would wait for fifty of them. So what it does for a port is done
here for a batch (neutron/plugins/ml2/plugin.py, delete_port): each port is announced to whoever may object, to IPAM, and
to the mechanism drivers before and after the commit, but what all of them share is read once and the rows go in one
statement, with what hangs on them by the foreign keys. Agents and others who only listen are told in the background:
no agent has a port that was never bound, so nobody misses it meanwhile. A core plugin that is not ML2, or a batch that
cannot go like this, is removed by delete_port, one port after the other.

A port that is just being handed over is locked by the take-over: it is waited for, and is no port of the pool then; the
other way about the take-over waits for our lock, and finds no port. So do two requests that the same ports are in the
way of.
"""
import time

from neutron.db import models_v2
from neutron.ipam import driver as ipam
from neutron.plugins.ml2 import driver_context
from neutron_lib import constants
from neutron_lib import context as n_context
from neutron_lib import exceptions
from neutron_lib import rpc
from neutron_lib.callbacks import events
from neutron_lib.callbacks import exceptions as callback_exceptions
from neutron_lib.callbacks import registry
from neutron_lib.callbacks import resources
from neutron_lib.db import api as db_api
from neutron_lib.db import standard_attr
from neutron_lib.plugins import directory
from neutron_lib.plugins import utils as plugin_utils
from oslo_log import log as logging
import sqlalchemy as sa

from larder_openstack.neutron import takeover

LOG = logging.getLogger(__name__)

BATCH = 25
# What a port is marked with while delete_port removes it: the take-over does not want it any more, and the daemon, which
# removes what is not as it was left, ends what we could not.
GOING = takeover.POOL_OWNER + '-going'


def remove(admin, port_ids, projects, deadline):
    """Removes those that are still idle in a pool; no batch begins after the deadline. Returns id -> port of the removed,
    None for a port of which everybody has been told."""
    plugin = directory.get_plugin()
    gone = {}
    for first in range(0, len(port_ids), BATCH):
        if time.monotonic() >= deadline:
            LOG.warning('Larder: %d ports of the pools are left in the way of a tenant: [larder] yield_seconds is too '
                        'short for them', len(port_ids) - first)
            break
        gone.update(_remove_some(plugin, admin, port_ids[first:first + BATCH], projects, deadline))
    return gone


def notify(gone):
    """Tells who listens, and the bus, as Neutron's API does for a delete. To be done in the background."""
    plugin, admin, notifier = directory.get_plugin(), n_context.get_admin_context(), rpc.get_notifier('network')
    for port_id, port in gone.items():
        if port is not None:
            registry.publish(resources.PORT, events.AFTER_DELETE, plugin, payload=events.DBEventPayload(
                admin, metadata={'router_ids': []}, resource_id=port_id, states=(port,)))
            plugin.notifier.port_delete(admin, port_id)
        notifier.info(admin, 'port.delete.end', {'port_id': port_id})


def idle(projects):
    """The condition for a port that waits in a pool."""
    return sa.and_(models_v2.Port.project_id.in_(projects), models_v2.Port.device_owner == takeover.POOL_OWNER)


def _remove_some(plugin, admin, port_ids, projects, deadline):
    if hasattr(plugin, 'mechanism_manager'):
        try:
            return _Batch(plugin, projects).remove(admin, port_ids)
        except Exception as error:
            LOG.warning('Larder: ports of the pools are removed one by one, since together they cannot be: %s', error)
    return {port_id: None for port_id in port_ids if _remove_one(plugin, admin, port_id, projects, deadline)}


class _Batch:
    def __init__(self, plugin, projects):
        self._plugin = plugin
        self._projects = projects
        self._networks = {}

    def remove(self, admin, port_ids):
        ports = [port for port in self._load(admin, port_ids) if self._may_go(admin, port)]
        done = self._delete(admin, tuple(ports))  # a tuple: the decorator would copy a list, and all that is in it
        for mech_context in done:
            self._tell_drivers(mech_context)
        return {mech_context.current['id']: mech_context.current for mech_context in done}

    def _load(self, admin, port_ids):
        with db_api.CONTEXT_READER.using(admin):
            rows = self._plugin._get_ports_query(admin, filters={'id': port_ids}).all()
            return [(row, self._plugin._make_port_dict(row)) for row in rows]

    def _may_go(self, admin, port):
        shown = port[1]
        try:
            registry.publish(resources.PORT, events.BEFORE_DELETE, self._plugin, payload=events.DBEventPayload(
                admin, metadata={'port_check': True, 'port': shown}, resource_id=shown['id']))
        except (callback_exceptions.CallbackFailure, exceptions.NeutronException) as error:
            LOG.info('Larder: port %s stays: %s', shown['id'], error)
            return False
        return True

    @db_api.retry_if_session_inactive()
    def _delete(self, context, ports):
        self._networks.clear()
        with db_api.CONTEXT_WRITER.using(context):
            held = self._lock(context, [shown['id'] for _, shown in ports])
            going = [(row, shown) for row, shown in ports if shown['id'] in held]
            mech_contexts = [self._precommit(context, row, shown) for row, shown in going]
            self._delete_rows(context, [row.standard_attr_id for row, _ in going])
            self._release(context, [shown for _, shown in going])
        return mech_contexts

    def _lock(self, context, port_ids):
        query = context.session.query(models_v2.Port.id).filter(models_v2.Port.id.in_(port_ids), idle(self._projects))
        return {row.id for row in query.with_for_update()}

    def _network(self, context, network_id):
        if network_id not in self._networks:
            network = self._plugin.get_network(context, network_id)
            self._networks[network_id] = driver_context.NetworkContext(self._plugin, context, network)
        return self._networks[network_id]

    def _precommit(self, context, row, shown):
        network = self._network(context, shown['network_id'])
        binding = plugin_utils.get_port_binding_by_status_and_host(row.port_bindings, constants.ACTIVE,
                                                                   port_id=shown['id'])
        registry.publish(resources.PORT, events.PRECOMMIT_DELETE, self._plugin, payload=events.DBEventPayload(
            context, resource_id=shown['id'], states=(shown,),
            metadata={'network': network.current, 'port_db': row, 'bindings': binding, 'bind': None, 'levels': []}))
        mech_context = driver_context.PortContext(self._plugin, context, shown, network, binding, [])
        self._plugin.mechanism_manager.delete_port_precommit(mech_context)
        return mech_context

    def _delete_rows(self, context, attribute_ids):
        table = standard_attr.StandardAttribute.__table__
        context.session.execute(sa.delete(table).where(table.c.id.in_(attribute_ids)))
        takeover.mark_usage(context, *self._projects)

    def _release(self, context, ports):
        driver, subnets = ipam.Pool.get_instance(None, context), {}
        for fixed in [fixed for shown in ports for fixed in shown['fixed_ips']]:
            subnet = subnets.get(fixed['subnet_id'])
            if subnet is None:
                subnet = subnets[fixed['subnet_id']] = driver.get_subnet(fixed['subnet_id'])
            subnet.deallocate(fixed['ip_address'])

    def _tell_drivers(self, mech_context):
        try:
            self._plugin.mechanism_manager.delete_port_postcommit(mech_context)
        except Exception as error:  # as ML2: the port is gone
            LOG.error('Larder: a driver could not remove port %s: %s', mech_context.current['id'], error)


def _remove_one(plugin, admin, port_id, projects, deadline):
    if time.monotonic() >= deadline or not _mark(admin, port_id, projects):
        return False
    try:
        plugin.delete_port(admin, port_id)
    except Exception as error:
        LOG.warning('Larder: port %s cannot be removed: %s', port_id, error)
        return False
    return True


def _mark(admin, port_id, projects):
    """Takes the port out of the pool, unless it has left it already."""
    port = models_v2.Port.__table__
    with db_api.CONTEXT_WRITER.using(admin):
        done = admin.session.execute(sa.update(port).where(
            port.c.id == port_id, port.c.project_id.in_(projects), port.c.device_owner == takeover.POOL_OWNER).values(
                device_owner=GOING))
    return done.rowcount == 1
