# SPDX-License-Identifier: Apache-2.0
"""Neutron's service plugin `larder`: hides the pools' ports from tenants, and knows which projects hold the pools.

The owner of a network sees every port on it and may delete it, whoever owns the port (_port_filter_hook in
neutron/db/db_base_plugin_v2.py ORs the network's owner into the condition). So a hook of ours narrows every query of
ports that is not an admin's. It is a query hook, not a filter hook: what it adds is ANDed to the whole, whatever the
filter hooks of others OR together, and in whatever order they were registered.

Loaded in every process of Neutron: the API's workers, the RPC server, the periodic workers.
"""
import json
import os
import re
import threading
import time

from keystoneauth1 import loading
from keystoneauth1 import session as ks_session
from neutron.db import models_v2
from neutron_lib.db import model_query
from neutron_lib.services import base
from oslo_config import cfg
from oslo_log import log as logging
import sqlalchemy as sa

from larder_openstack import opts
from larder_openstack import token

LOG = logging.getLogger(__name__)

PLUGIN_TYPE = 'larder'
PROJECT_ID = re.compile(r'^[0-9a-f]{32}$')
KEYSTONE_TIMEOUT = 10
RETRY_SECONDS = 10

_pool_projects = frozenset()


def pool_projects():
    """Ids of the projects that hold the pools."""
    return _pool_projects


def hide_pool_ports(context, model, query):
    sees_all = context.is_admin and not getattr(context, 'larder_hides', False)  # see yielding.hide_from_nova
    if sees_all or not _pool_projects:
        return query
    project = models_v2.Port.project_id
    return query.filter(sa.or_(project.is_(None), project.notin_(sorted(_pool_projects))))


class LarderPlugin(base.ServicePluginBase):
    supported_extension_aliases = []

    def __init__(self):
        super().__init__()
        section = opts.register(cfg.CONF)
        self._resolve(section)
        # Kept by weak reference there: a function of this module lives as long as the process.
        model_query.register_hook(models_v2.Port, 'larder', query_hook=hide_pool_ports, filter_hook=None)

    @classmethod
    def get_plugin_type(cls):
        return PLUGIN_TYPE

    def get_plugin_description(self):
        return 'Larder: ports made ready beforehand'

    def _resolve(self, section):
        """Ids are taken as they are. Names are looked up, and while Keystone does not answer, were looked up before."""
        names = {value for value in section.pool_projects if not PROJECT_ID.match(value.replace('-', '').lower())}
        ids = {value.replace('-', '').lower() for value in section.pool_projects} - {
            value.replace('-', '').lower() for value in names}
        _set_pool_projects(ids)
        if not names:
            return
        memory = _Memory(section)
        try:
            found = _look_up(names)
            memory.store(found)
        except Exception as error:
            found = {name: value for name, value in memory.load().items() if name in names}
            LOG.error('Larder: Keystone cannot say which projects %s are, so their ports are hidden only as far as known '
                      'from before (%s). Name them by id in [larder] pool_projects. %s', sorted(names), found, error)
            threading.Thread(target=_keep_trying, args=(names, ids, memory), daemon=True).start()
        _set_pool_projects(ids | set(found.values()))


def _set_pool_projects(ids):
    global _pool_projects
    _pool_projects = frozenset(ids)


def _keep_trying(names, ids, memory):
    while True:
        time.sleep(RETRY_SECONDS)
        try:
            found = _look_up(names)
        except Exception as error:
            LOG.error('Larder: Keystone still cannot say which projects %s are: %s', sorted(names), error)
            continue
        memory.store(found)
        _set_pool_projects(ids | set(found.values()))
        return


def _look_up(names):
    """name -> id of each. Raises when one is not found."""
    section = cfg.CONF[opts.GROUP]
    auth = loading.load_auth_from_conf_options(cfg.CONF, opts.GROUP)
    session = ks_session.Session(auth=auth, verify=token.verify(section), timeout=KEYSTONE_TIMEOUT)
    found = {}
    for name in names:
        answer = session.get('/projects', params={'name': name},
                             endpoint_filter={'service_type': 'identity', 'min_version': (3,), 'max_version': (3, 99)})
        projects = answer.json().get('projects', [])
        if len(projects) != 1:
            raise LookupError('%d projects are called %s' % (len(projects), name))
        found[name] = projects[0]['id']
    return found


class _Memory:
    """What names stood for the last time, in state_dir."""

    def __init__(self, section):
        try:
            self._path = os.path.join(section.state_dir, 'pool_projects.json')
        except Exception:
            self._path = None

    def load(self):
        try:
            with open(self._path) as file:
                return json.load(file)
        except (OSError, ValueError, TypeError):
            return {}

    def store(self, found):
        try:
            os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
            scratch = '%s.%d' % (self._path, os.getpid())
            with open(scratch, 'w') as file:
                json.dump(found, file)
            os.replace(scratch, self._path)
        except (OSError, TypeError) as error:
            LOG.warning('Larder: %s cannot be written: %s', self._path, error)
