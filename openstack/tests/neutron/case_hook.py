# SPDX-License-Identifier: Apache-2.0
"""The paste filter of Neutron with the daemon and the take-over stood in for; what they do is tested on a real cloud."""
import io
import json
import types
import unittest
from unittest import mock

from larder_openstack import daemon
from larder_openstack.neutron import hook, plugin, takeover

PROJECT = '0123456789abcdef0123456789abcdef'
REQUEST = 'req-0b5b1e4e-3f5a-4c9e-9c3e-1a2b3c4d5e6f'
SERVER = '5f1d2b0e-7a0c-4d5e-8f00-000000000001'
NETWORK = '5f1d2b0e-7a0c-4d5e-8f00-0000000000a1'
GROUP = '5f1d2b0e-7a0c-4d5e-8f00-0000000000c1'
PORT = {'device_id': SERVER, 'network_id': NETWORK, 'admin_state_up': True, 'tenant_id': PROJECT}
ADOPTION = {'id': 'adoption', 'resource_id': 'port', 'item_id': 'item'}


class Application:
    """The rest of the pipeline: creates a port, whatever it is asked."""

    def __init__(self, status='201 Created'):
        self.status = status
        self.bodies = []

    def __call__(self, environ, start_response):
        self.bodies.append(environ['wsgi.input'].read(int(environ.get('CONTENT_LENGTH') or 0)))
        start_response(self.status, [])
        return [json.dumps({'port': {'id': 'ordinary', 'security_groups': [GROUP]}}).encode()]


def make_environ(body, **changes):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    context = types.SimpleNamespace(project_id=PROJECT, service_roles=['service'], global_request_id=REQUEST)
    return dict({'REQUEST_METHOD': 'POST', 'SCRIPT_NAME': '/v2.0', 'PATH_INFO': '/ports', 'neutron.context': context,
                 'HTTP_X_SERVICE_IDENTITY_STATUS': 'Confirmed', 'CONTENT_LENGTH': str(len(data)),
                 'wsgi.input': io.BytesIO(data)}, **changes)


class AskTest(unittest.TestCase):
    def read(self, **changes):
        port = {name: value for name, value in dict(PORT, **changes).items() if value != 'absent'}
        return hook.read_ask({'port': port}, PROJECT)

    def test_what_nova_asks_for(self):
        self.assertEqual({'network_id': NETWORK, 'security_groups': []}, self.read())
        self.assertEqual({'network_id': NETWORK, 'security_groups': []}, self.read(project_id=PROJECT))
        self.assertEqual({'network_id': NETWORK, 'security_groups': [GROUP, SERVER]},
                         self.read(security_groups=[SERVER, GROUP, SERVER]) | {'security_groups': [GROUP, SERVER]})

    def test_what_a_pool_cannot_meet(self):
        for name, value in (
                ('fixed_ips', [{'ip_address': '10.0.0.5'}]), ('fixed_ips', []), ('binding:host_id', 'h'), ('name', 'x'),
                ('device_owner', 'compute:nova'), ('mac_address', 'fa:16:3e:00:00:01'), ('qos_policy_id', NETWORK),
                ('dns_name', 'x'), ('tags', ['a']), ('allowed_address_pairs', []), ('description', ''),
                ('security_groups', None), ('security_groups', []), ('security_groups', ['default']),
                ('security_groups', [GROUP] * 33), ('security_groups', 'x'), ('admin_state_up', False),
                ('admin_state_up', 1), ('admin_state_up', 'absent'), ('device_id', 'router'), ('device_id', 'absent'),
                ('network_id', 'x'), ('network_id', 'absent'), ('network_id', 3), ('tenant_id', 'absent'),
                ('tenant_id', 'f' * 32), ('project_id', 'f' * 32)):
            with self.subTest(name=name, value=value), self.assertRaisesRegex(hook.NotEligible, '^%s$' % name):
                self.read(**{name: value})

    def test_bulk(self):
        with self.assertRaisesRegex(hook.NotEligible, 'ports'):
            hook.read_ask({'port': PORT, 'ports': []}, PROJECT)


class HookTest(unittest.TestCase):
    def setUp(self):
        self.application = Application()
        self.daemon = mock.Mock()
        self.daemon.adopt.return_value = ADOPTION
        self.hook = hook.PortHook(self.application, self.daemon, ['f' * 32])
        for target, name in ((hook.directory, 'get_plugin'), (takeover, 'take_over'), (takeover, 'notify')):
            patched = mock.patch.object(target, name)
            setattr(self, name, patched.start())
            self.addCleanup(patched.stop)
        self.take_over.return_value = {'id': 'pooled'}

    def send(self, body=None, **changes):
        statuses = []
        chunks = self.hook(make_environ({'port': PORT} if body is None else body, **changes),
                           lambda status, headers, *rest: statuses.append(status))
        return statuses[0], json.loads(b''.join(chunks))['port']['id']

    def assertOrdinary(self, **changes):
        self.assertEqual(('201 Created', 'ordinary'), self.send(**changes))

    def missed(self):
        """What was reported of the create."""
        self.daemon.miss.assert_called_once()
        return self.daemon.miss.call_args[0][0]()

    def test_a_port_of_the_pool(self):
        self.assertEqual(('201 Created', 'pooled'), self.send())
        self.daemon.adopt.assert_called_once_with({
            'kind': 'port', 'request_id': REQUEST, 'project_id': PROJECT, 'instance_id': SERVER,
            'port': {'network_id': NETWORK, 'security_groups': []}})
        self.daemon.finish.assert_called_once_with('adoption', 'done')
        self.daemon.miss.assert_not_called()
        self.assertEqual([], self.application.bodies)

    def test_requests_that_are_not_novas(self):
        def context(**changes):
            return types.SimpleNamespace(**dict(
                {'project_id': PROJECT, 'service_roles': ['service'], 'global_request_id': REQUEST}, **changes))
        for changes in (
                {'REQUEST_METHOD': 'PUT'}, {'PATH_INFO': '/networks'}, {'PATH_INFO': '/ports/x'}, {'SCRIPT_NAME': '/v3'},
                {'neutron.context': None}, {'HTTP_X_SERVICE_IDENTITY_STATUS': 'Invalid'},
                {'HTTP_X_SERVICE_IDENTITY_STATUS': None},
                {'neutron.context': context(service_roles=[])}, {'neutron.context': context(service_roles=['member'])},
                {'neutron.context': context(global_request_id=None)},
                {'neutron.context': context(global_request_id='req-forged')},
                {'neutron.context': context(project_id='f' * 32)}):
            with self.subTest(changes=changes):
                self.assertOrdinary(**changes)
        self.daemon.adopt.assert_not_called()
        self.daemon.miss.assert_not_called()
        self.assertEqual({json.dumps({'port': PORT}).encode()}, set(self.application.bodies))

    def test_bodies_of_any_kind_reach_neutron(self):
        for data in (b'', b'{', b'[]', b'{"port": 3}', b'{"port": {}}', b'{"ports": []}', b'\xff', b'x' * 70000):
            self.assertOrdinary(body=data)
            self.assertEqual(data, self.application.bodies[-1])
        self.daemon.adopt.assert_not_called()

    def test_paths_of_one_meaning(self):
        for path in ('/ports', '/ports/', '/ports.json'):
            self.assertEqual(('201 Created', 'pooled'), self.send(PATH_INFO=path))

    def test_what_cannot_be_met_is_reported(self):
        self.assertOrdinary(body={'port': dict(PORT, fixed_ips=[])})
        self.daemon.adopt.assert_not_called()
        demand = self.missed()
        self.assertEqual(('not-eligible:fixed_ips', None, SERVER, False),
                         (demand['reason'], demand['resolved'], demand['instance_id'], 'port' in demand))

    def test_every_reason_of_the_daemon_leads_to_an_ordinary_port(self):
        for reason in ('no-claim', 'no-item', 'timeout', 'breaker-open'):
            self.daemon.miss.reset_mock()
            self.daemon.adopt.side_effect = daemon.Miss(reason)
            self.assertOrdinary()
            demand = self.missed()
            self.assertEqual((reason, {'security_groups': [GROUP]}, {'network_id': NETWORK, 'security_groups': []}),
                             (demand['reason'], demand['resolved'], demand['port']))
            self.assertEqual('ordinary', demand['resource_id'])
        self.daemon.finish.assert_not_called()

    def test_a_take_over_that_is_refused(self):
        for reason, state in (('stale', 'failed'), ('quota', 'returned'), ('failed', 'returned')):
            self.daemon.reset_mock()
            self.take_over.side_effect = takeover.Refused(reason, 'why')
            self.assertOrdinary()
            self.daemon.finish.assert_called_once_with('adoption', state, reason + ': why')
            self.assertEqual(reason, self.missed()['reason'])

    def test_errors_of_our_own_lead_to_an_ordinary_port(self):
        self.daemon.adopt.side_effect = RuntimeError('boom')
        self.assertOrdinary()
        self.assertEqual('failed', self.missed()['reason'])

    def test_without_the_service_plugin_nothing_is_adopted(self):
        self.get_plugin.return_value = None
        self.assertOrdinary()
        self.daemon.adopt.assert_not_called()
        self.assertEqual('off', self.missed()['reason'])

    def test_a_create_that_fails_is_no_demand(self):
        self.application.status = '409 Conflict'
        self.daemon.adopt.side_effect = daemon.Miss('no-item')
        self.assertEqual('409 Conflict', self.send()[0])
        self.assertIsNone(self.missed())


class HidingTest(unittest.TestCase):
    """The query of ports, run on SQLite with Neutron's own models and hooks."""

    POOL, TENANT, OTHER = 'a' * 32, 'b' * 32, 'c' * 32

    @classmethod
    def setUpClass(cls):
        from neutron.db import db_base_plugin_v2, models_v2
        from neutron.db.migration.models import head  # noqa: F401  all tables: they refer to each other
        from neutron_lib.db import model_base, model_query
        import sqlalchemy
        from sqlalchemy import orm
        cls.models = models_v2
        engine = sqlalchemy.create_engine('sqlite://')
        model_base.BASEV2.metadata.create_all(engine)
        cls.session = orm.Session(engine)
        cls.addClassCleanup(cls.session.close)
        model_query.register_hook(models_v2.Port, 'port', query_hook=db_base_plugin_v2._port_query_hook,
                                  filter_hook=db_base_plugin_v2._port_filter_hook)
        model_query.register_hook(models_v2.Port, 'larder', query_hook=plugin.hide_pool_ports, filter_hook=None)
        plugin._set_pool_projects([cls.POOL])
        cls.addClassCleanup(plugin._set_pool_projects, [])
        for network, owner in (('own', cls.TENANT), ('shared', cls.OTHER)):
            cls.session.add(models_v2.Network(id=network, project_id=owner, mtu=1500))
            for number, project in enumerate((cls.POOL, cls.TENANT, cls.OTHER)):
                cls.session.add(models_v2.Port(
                    id='%s-%s' % (network, project[0]), project_id=project, network_id=network, name='',
                    mac_address='%s%d' % (network, number), admin_state_up=True, status='DOWN', device_id='',
                    device_owner=''))
        cls.session.commit()

    def seen(self, project, is_admin=False, service=False):
        from neutron_lib.db import model_query
        context = types.SimpleNamespace(session=self.session, project_id=project, is_admin=is_admin,
                                        is_service_role=service, has_global_access=is_admin)
        query = model_query.query_with_hooks(context, self.models.Port)
        ids = sorted(port.id for port in query)
        self.assertEqual(len(ids), query.count())
        self.assertEqual(ids, sorted(model_query.get_values(context, self.models.Port, 'id')))
        return ids

    def test_an_admin_sees_all(self):
        self.assertEqual(6, len(self.seen('d' * 32, is_admin=True)))

    def test_the_owner_of_a_network_sees_what_is_not_the_pools(self):
        self.assertEqual(['own-b', 'own-c', 'shared-b'], self.seen(self.TENANT))

    def test_a_tenant_on_a_shared_network_sees_his_own(self):
        self.assertEqual(['own-c', 'shared-b', 'shared-c'], self.seen(self.OTHER))

    def test_a_service_that_is_no_admin(self):
        self.assertEqual(['own-b', 'own-c', 'shared-b', 'shared-c'], self.seen('d' * 32, service=True))

    def test_before_the_order_of_hooks_matters(self):
        from neutron.db import db_base_plugin_v2
        from neutron_lib.db import model_query
        hooks = model_query._model_query_hooks[self.models.Port]
        hooks['port'] = hooks.pop('port')  # now the last
        self.assertEqual(['own-b', 'own-c', 'shared-b'], self.seen(self.TENANT))


class TakeOverChecks(unittest.TestCase):
    """The comparisons of the take-over that need no database."""

    def test_blank(self):
        port = {name: value for name, value in takeover.BLANK.items()}
        takeover._check_blank(port)
        takeover._check_blank({})
        for name, value in (('name', 'x'), ('status', 'ACTIVE'), ('admin_state_up', False), ('ip_allocation', 'deferred'),
                            ('binding:host_id', 'h'), ('binding:vif_type', 'ovs'), ('allowed_address_pairs', [{}]),
                            ('qos_policy_id', NETWORK), ('tags', ['a']), ('device_profile', 'x')):
            with self.subTest(name=name), self.assertRaises(takeover.Refused) as caught:
                takeover._check_blank(dict(port, **{name: value}))
            self.assertEqual('stale', caught.exception.reason)

    def check_addresses(self, fixed, v4=(), v6=(), automatic=()):
        pools = {'4a': ('10.0.0.2', '10.0.0.20'), '4b': ('10.1.0.2', '10.1.0.20'), '6': ('fd00::2', 'fd00::20')}
        subnets = [takeover.Subnet(name, version, False, [pools[name]])
                   for version, names in ((4, v4), (6, v6)) for name in names]
        subnets += [takeover.Subnet(name, 6, True, [('fd01::', 'fd01::ffff')]) for name in automatic]
        takeover._check_addresses(
            {'fixed_ips': [{'subnet_id': name, 'ip_address': address} for name, address in fixed]}, subnets)

    def test_addresses(self):
        good4, good6 = ('4a', '10.0.0.5'), ('6', 'fd00::5')
        self.check_addresses([])
        self.check_addresses([good4], ['4a'])
        self.check_addresses([good4], ['4a', '4b'])
        self.check_addresses([good4, good6], ['4a'], ['6'])
        self.check_addresses([good4, ('auto', 'fd01::1')], ['4a'], [], ['auto'])
        for fixed, subnets in (
                ([], (['4a'],)), ([good4], ()), ([good4], (['4a'], ['6'])), ([good4, good6], (['4a'],)),
                ([good4, ('4b', '10.1.0.5')], (['4a', '4b'],)), ([good4, ('4a', '10.0.0.6')], (['4a'],)),
                ([good4], (['4a'], [], ['auto'])), ([('4a', '10.0.0.99')], (['4a'],)), ([good4], (['4b'],))):
            with self.subTest(fixed=fixed, subnets=subnets), self.assertRaises(takeover.Refused):
                self.check_addresses(fixed, *subnets)

    def test_groups(self):
        ml2 = mock.Mock()
        ml2._get_default_sg_id.return_value = 'default'
        ml2._get_security_groups_on_port.return_value = [types.SimpleNamespace(id=GROUP)]

        def check(port, asked=None):
            takeover._check_groups(ml2, None, dict({'port_security_enabled': True}, **port),
                                   {'project_id': PROJECT, 'security_groups': asked})
        check({'security_groups': ['default']})
        check({'security_groups': [GROUP]}, [GROUP])
        check({'security_groups': [], 'port_security_enabled': False})
        for port, asked in (({'security_groups': []}, None), ({'security_groups': [GROUP]}, None),
                            ({'security_groups': ['default']}, [GROUP]), ({'security_groups': [GROUP, 'x']}, [GROUP]),
                            ({'security_groups': [], 'port_security_enabled': False}, [GROUP])):
            with self.subTest(port=port, asked=asked), self.assertRaises(takeover.Refused):
                check(port, asked)
