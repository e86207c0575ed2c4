# SPDX-License-Identifier: Apache-2.0
"""What stands in the way of a request, looked up with Neutron's own models on SQLite; and the filter that acts on it, with
Neutron behind it stood in for. The removal itself is tested on a real cloud."""
import io
import itertools
import json
import types
import unittest
from unittest import mock

from larder_openstack import daemon
from larder_openstack.neutron import hook, obstacles, plugin, removal, yielding

POOL, TENANT, OTHER = 'a' * 32, 'b' * 32, 'c' * 32


def uid(number):
    return '5f1d2b0e-7a0c-4d5e-8f00-%012x' % number


NETWORK, SHARED, SUBNET, SHARED_SUBNET, GROUP, RULE = (uid(n) for n in range(1, 7))
HELD, FREE = '10.0.0.5', '10.0.0.9'


class LookUpTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        from neutron.db.migration.models import head  # noqa: F401  all tables: they refer to each other
        from neutron_lib.db import model_base
        import sqlalchemy
        cls.engine = sqlalchemy.create_engine('sqlite://')
        model_base.BASEV2.metadata.create_all(cls.engine)

    def setUp(self):
        from sqlalchemy import orm
        self.connection = self.engine.connect()
        self.transaction = self.connection.begin()
        self.session = orm.Session(self.connection)
        self.addCleanup(self.connection.close)
        self.addCleanup(self.transaction.rollback)
        self.addCleanup(self.session.close)
        patched = mock.patch.object(obstacles.db_api, 'CONTEXT_READER')
        patched.start()
        self.addCleanup(patched.stop)
        self.numbers = itertools.count(100)
        self.network(NETWORK, TENANT, SUBNET)
        self.network(SHARED, OTHER, SHARED_SUBNET)
        self.pooled = [self.port(NETWORK, SUBNET, HELD), self.port(NETWORK, SUBNET, '10.0.0.6')]
        self.elsewhere = self.port(SHARED, SHARED_SUBNET, HELD)

    def network(self, network_id, owner, subnet_id):
        from neutron.db import models_v2
        self.session.add(models_v2.Network(id=network_id, project_id=owner, mtu=1500))
        self.session.add(models_v2.Subnet(id=subnet_id, project_id=owner, network_id=network_id, ip_version=4,
                                          cidr='10.0.0.0/24', gateway_ip='10.0.0.1'))
        self.session.flush()

    def port(self, network, subnet=None, address=None, project=POOL, owner='larder:pool', groups=()):
        from neutron.db import models_v2
        from neutron.db.models import securitygroup
        number = next(self.numbers)
        self.session.add(models_v2.Port(
            id=uid(number), project_id=project, network_id=network, name='', mac_address='fa:16:3e:00:00:%02x' % number,
            admin_state_up=True, status='DOWN', device_id='', device_owner=owner))
        self.session.flush()
        if address:
            self.session.add(models_v2.IPAllocation(port_id=uid(number), ip_address=address, subnet_id=subnet,
                                                    network_id=network))
        for group in groups:
            self.session.add(securitygroup.SecurityGroupPortBinding(port_id=uid(number), security_group_id=group))
        self.session.flush()
        return uid(number)

    def ranges(self, *pairs, subnet=SUBNET):
        from neutron.db import models_v2
        for first, last in pairs:
            self.session.add(models_v2.IPAllocationPool(id=uid(next(self.numbers)), subnet_id=subnet, first_ip=first,
                                                        last_ip=last))
        self.session.flush()

    def found(self, collection, error, id=None, body=None, action=None):
        request = types.SimpleNamespace(collection=collection, id=id, action=action, body=body or {})
        finding = obstacles.find(types.SimpleNamespace(session=self.session), request, error, frozenset([POOL]))
        return None if finding is None else sorted(port for port, _ in finding.ports)

    # ---- deletes

    def test_a_network(self):
        self.assertEqual(self.pooled, self.found('networks', 'NetworkInUse', NETWORK))
        self.port(NETWORK, owner='network:dhcp', project=TENANT)  # Neutron takes it away itself
        self.assertEqual(self.pooled, self.found('networks', 'NetworkInUse', NETWORK))
        self.port(NETWORK, project=TENANT, owner='compute:nova')
        self.assertIsNone(self.found('networks', 'NetworkInUse', NETWORK))

    def test_only_idle_ports_of_a_pool(self):
        for project, owner in ((POOL, ''), (POOL, 'larder:pool-going'), (TENANT, 'larder:pool'), (POOL, 'compute:nova')):
            network = uid(next(self.numbers))
            self.network(network, TENANT, uid(next(self.numbers)))
            self.port(network, project=project, owner=owner)
            with self.subTest(project=project, owner=owner):
                self.assertIsNone(self.found('networks', 'NetworkInUse', network))

    def test_a_subnet(self):
        self.port(NETWORK, project=TENANT)  # without an address it is not in the subnet's way
        self.assertEqual(self.pooled, self.found('subnets', 'SubnetInUse', SUBNET))
        self.port(NETWORK, SUBNET, FREE, project=TENANT)
        self.assertIsNone(self.found('subnets', 'SubnetInUse', SUBNET))

    def test_a_group(self):
        ports = [self.port(NETWORK, groups=[GROUP]), self.port(SHARED, groups=[GROUP])]
        self.assertEqual(ports, self.found('security-groups', 'SecurityGroupInUse', GROUP))
        self.port(NETWORK, project=TENANT, groups=[GROUP])
        self.assertIsNone(self.found('security-groups', 'SecurityGroupInUse', GROUP))

    def test_other_refusals(self):
        for collection, error in (('networks', 'SubnetInUse'), ('ports', 'NetworkInUse'), ('networks', 'OverQuota'),
                                  ('subnets', 'InvalidInput'), ('routers', 'RouterInUse'), ('networks', ['x'])):
            self.assertIsNone(self.found(collection, error, NETWORK))

    # ---- sharing

    def rule(self, target, object_id=NETWORK, kind='network', action='access_as_shared'):
        from neutron.db import rbac_db_models
        model = {'network': rbac_db_models.NetworkRBAC, 'security_group': rbac_db_models.SecurityGroupRBAC}[kind]
        id_ = uid(next(self.numbers))
        self.session.execute(model.__table__.insert().values(  # the class would ask the plugin which actions there are
            id=id_, project_id=TENANT, object_id=object_id, target_project=target, action=action))
        return id_

    def test_unsharing(self):
        self.rule('*')
        self.port(NETWORK, project=TENANT)
        self.port(NETWORK, project=OTHER, owner='network:router_interface')
        self.assertEqual(self.pooled, self.found('networks', 'InvalidSharedSetting', NETWORK))
        self.port(NETWORK, project=OTHER)
        self.assertIsNone(self.found('networks', 'InvalidSharedSetting', NETWORK))
        self.rule(OTHER)
        self.assertEqual(self.pooled, self.found('networks', 'InvalidSharedSetting', NETWORK))

    def test_a_rule_for_all(self):
        rule = self.rule('*')
        self.assertEqual(self.pooled, self.found('rbac-policies', 'RbacPolicyInUse', rule))
        self.port(NETWORK, project=OTHER)
        self.assertIsNone(self.found('rbac-policies', 'RbacPolicyInUse', rule))

    def test_a_rule_that_pools_do_not_need(self):
        for rule in (self.rule(OTHER), self.rule('*', action='access_as_external'), uid(99999)):
            self.assertIsNone(self.found('rbac-policies', 'RbacPolicyInUse', rule))

    def test_a_rule_of_a_group(self):
        from neutron.db.models import securitygroup
        self.session.add(securitygroup.SecurityGroup(id=GROUP, project_id=TENANT, name='x'))
        rule = self.rule('*', GROUP, 'security_group')
        ports = [self.port(NETWORK, groups=[GROUP])]
        self.assertEqual(ports, self.found('rbac-policies', 'RbacPolicyInUse', rule))
        self.port(NETWORK, project=TENANT, groups=[GROUP])
        self.assertIsNone(self.found('rbac-policies', 'RbacPolicyInUse', rule))

    # ---- addresses

    def test_an_address(self):
        def found(port, id=None, error='IpAddressAlreadyAllocated'):
            return self.found('ports', error, id, {'port': port})
        asked = {'network_id': NETWORK, 'fixed_ips': [{'ip_address': HELD}]}
        self.assertEqual(self.pooled[:1], found(asked))
        self.assertEqual(self.pooled[:1], found(asked, error='IpAddressInUse'))
        self.assertEqual([self.elsewhere], found(dict(asked, network_id=SHARED)))
        self.assertEqual(self.pooled[:1], found(dict(asked, fixed_ips=[{'subnet_id': SUBNET, 'ip_address': HELD}])))
        self.assertIsNone(found(dict(asked, fixed_ips=[{'subnet_id': SHARED_SUBNET, 'ip_address': HELD}])))
        self.assertIsNone(found(dict(asked, fixed_ips=[{'ip_address': FREE}])))
        mine = self.port(NETWORK, project=TENANT)
        self.assertEqual(self.pooled[:1], found({'fixed_ips': [{'ip_address': HELD}]}, mine))
        self.assertEqual(self.pooled[:1], found(dict(asked, network_id=SHARED), mine))  # a port stays on its network

    def test_addresses_of_many_ports(self):
        ports = [{'network_id': network, 'fixed_ips': [{'ip_address': HELD}]} for network in (NETWORK, SHARED, NETWORK)]
        self.assertEqual([self.pooled[0], self.elsewhere],
                         self.found('ports', 'IpAddressAlreadyAllocated', body={'ports': ports}))

    def test_addresses_of_routers(self):
        def found(body, **more):
            return self.found('routers', 'IpAddressAlreadyAllocated', body=body, **more)
        gateway = {'network_id': NETWORK, 'external_fixed_ips': [{'ip_address': HELD}]}
        self.assertEqual(self.pooled[:1], found({'router': {'external_gateway_info': gateway}}))
        self.assertEqual(self.pooled[:1], found({'router': {'external_gateways': [gateway]}}, id=uid(7)))
        self.assertIsNone(found({'subnet_id': SUBNET}, id=uid(7), action='add_router_interface'))
        port = self.port(NETWORK, SUBNET, '10.0.0.1')
        self.assertEqual([port], found({'subnet_id': SUBNET}, id=uid(7), action='add_router_interface'))
        self.assertIsNone(found({'subnet_id': {}}, id=uid(7), action='add_router_interface'))

    def test_a_floating_address(self):
        body = {'floatingip': {'floating_network_id': NETWORK, 'floating_ip_address': HELD}}
        self.assertEqual(self.pooled[:1], self.found('floatingips', 'IpAddressAlreadyAllocated', body=body))

    def test_a_mac(self):
        mac = 'FA:16:3E:00:00:%02X' % int(self.pooled[1][-2:], 16)
        body = {'port': {'network_id': NETWORK, 'mac_address': mac}}
        self.assertEqual(self.pooled[1:], self.found('ports', 'MacAddressInUse', body=body))
        body['port']['network_id'] = SHARED
        self.assertIsNone(self.found('ports', 'MacAddressInUse', body=body))

    def test_no_address_left(self):
        def found(fixed=None, collection='ports', error='IpAddressGenerationFailure'):
            body = {'port': {'network_id': NETWORK, 'fixed_ips': fixed}, 'floatingip': {'floating_network_id': NETWORK}}
            return self.found(collection, error, body=body)
        self.ranges((HELD, '10.0.0.6'), (FREE, FREE))
        self.assertIsNone(found())  # one is left: the refusal has another cause
        self.port(NETWORK, SUBNET, FREE, project=TENANT)
        self.assertEqual(self.pooled, found())
        self.assertEqual(self.pooled, found([{'subnet_id': SUBNET}]))
        self.assertIsNone(found([{'subnet_id': SHARED_SUBNET}]))
        self.assertEqual(self.pooled, found(collection='floatingips', error='ExternalIpAddressExhausted'))
        self.assertIsNone(found(error='IpAddressGenerationFailureNoMatchingSubnet'))

    def test_no_more_than_are_wanted(self):
        ports = [self.port(NETWORK, SUBNET, '10.0.0.%d' % n) for n in range(100, 140)]
        self.ranges(('10.0.0.100', '10.0.0.139'))
        for count in (1, 5):
            body = {'ports': [{'network_id': NETWORK}] * count}
            found = self.found('ports', 'IpAddressGenerationFailure', body=body)
            self.assertEqual(count + obstacles.SPARE, len(found))
            self.assertLessEqual(set(found), set(ports + self.pooled))

    def test_addresses_outside_the_ranges_do_not_fill_them(self):
        self.ranges(('10.0.0.100', '10.0.0.101'))
        self.assertIsNone(self.found('ports', 'IpAddressGenerationFailure', body={'port': {'network_id': NETWORK}}))

    def test_a_large_subnet_is_not_counted_out(self):
        self.ranges(('fd00::2', 'fd00::ffff:ffff:ffff:ffff'))
        self.assertIsNone(self.found('ports', 'IpAddressGenerationFailure', body={'port': {'network_id': NETWORK}}))

    def test_bodies_of_any_kind(self):
        odd = (None, 3, 'x', [], {}, [[]], [None], [{'ip_address': 3}], [{'ip_address': None}], [{'ip_address': 'x'}],
               [{'subnet_id': {}}], [{'subnet_id': ['x'], 'ip_address': ['x']}], [{'ip_address': '::' * 1000}])
        for value, error in itertools.product(odd, ('IpAddressAlreadyAllocated', 'MacAddressInUse',
                                                    'IpAddressGenerationFailure')):
            for body in ({'port': value}, {'ports': value}, {'port': {'network_id': value}},
                         {'port': {'network_id': NETWORK, 'fixed_ips': value, 'mac_address': value}}):
                self.found('ports', error, body=body)
            for body in ({'router': value}, {'router': {'external_gateway_info': value, 'external_gateways': value}},
                         {'subnet_id': value}):
                for action in (None, 'add_router_interface'):
                    self.found('routers', error, body=body, action=action)

    def test_pooled(self):
        admin = types.SimpleNamespace(session=self.session)
        mine = self.port(NETWORK, project=TENANT)
        self.assertEqual(set(self.pooled), obstacles.pooled(admin, [*self.pooled, mine, uid(1)], frozenset([POOL])))


class Application:
    """The rest of the pipeline: answers with one of these after the other."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.bodies = []

    def __call__(self, environ, start_response):
        self.bodies.append(environ['wsgi.input'].read())
        environ['PATH_INFO'] = 'spoilt'
        status, body = self.answers.pop(0)
        data = b'' if body is None else json.dumps(body).encode()
        start_response(status, [('X-Mark', 'kept'), ('Content-Length', str(len(data)))])
        return [data]


def refusal(error='NetworkInUse', message='in use'):
    return '409 Conflict', {'NeutronError': {'type': error, 'message': message, 'detail': ''}}


DONE = ('204 No Content', None)
FINDING = obstacles.Finding('network', [(uid(1), NETWORK), (uid(2), NETWORK)], True)


class YieldingTest(unittest.TestCase):
    def setUp(self):
        self.daemon = mock.Mock()
        for target, name in ((obstacles, 'find'), (obstacles, 'pooled'), (removal, 'remove'), (removal, 'notify')):
            patched = mock.patch.object(target, name)
            setattr(self, name, patched.start())
            self.addCleanup(patched.stop)
        loaded = mock.patch.object(yielding.directory, 'get_plugin')
        self.get_plugin = loaded.start()
        self.addCleanup(loaded.stop)
        plugin._set_pool_projects([POOL])
        self.addCleanup(plugin._set_pool_projects, [])
        self.find.return_value = FINDING
        self.remove.return_value = {uid(1): {}, uid(2): None}
        self.pooled.return_value = set()

    def send(self, *answers, seconds=3.0, data=b'', **changes):
        self.application = Application(*answers)
        context = mock.Mock(project_id=TENANT, service_roles=[], spec=('project_id', 'service_roles', 'elevated'))
        self.environ = dict({'REQUEST_METHOD': 'DELETE', 'SCRIPT_NAME': '/v2.0', 'PATH_INFO': '/networks/' + NETWORK,
                             'neutron.context': context, 'CONTENT_LENGTH': str(len(data)),
                             'wsgi.input': io.BytesIO(data)}, **changes)
        said = []
        filter_ = yielding.Yielding(self.application, self.daemon, seconds)
        data = b''.join(filter_(self.environ, lambda status, headers, *rest: said.append((status, dict(headers)))))
        (status, headers), = said
        self.assertEqual('kept', headers['X-Mark'])
        self.assertEqual(str(len(data)), headers['Content-Length'])
        return status, json.loads(data) if data else None

    def assertLeft(self, *answers, **changes):
        """The client has the first answer, and it is Neutron's only one."""
        self.assertEqual(answers[0], self.send(*answers, **changes))
        self.remove.assert_not_called()

    def test_the_request_is_made_again(self):
        self.assertEqual(DONE, self.send(refusal(), DONE, data=b'{"a": 1}'))
        self.assertEqual([b'{"a": 1}'] * 2, self.application.bodies)
        self.assertEqual([uid(1), uid(2)], self.remove.call_args[0][1])
        request = self.find.call_args[0][1]
        self.assertEqual(('networks', NETWORK, None, {'a': 1}),
                         (request.collection, request.id, request.action, request.body))

    def test_the_daemon_is_told_before(self):
        self.remove.side_effect = lambda *args: self.daemon.give_way.assert_called_once_with(
            NETWORK, [uid(1), uid(2)], 'network') or {uid(1): {}}
        self.assertEqual(DONE, self.send(refusal(), DONE))
        self.remove.assert_called_once()

    def test_the_daemon_is_told_of_each_network(self):
        self.find.return_value = obstacles.Finding('security-group', [(uid(1), NETWORK), (uid(2), SHARED)], False)
        self.send(refusal('SecurityGroupInUse'), DONE)
        self.assertEqual([mock.call(None, [uid(1)], 'security-group'), mock.call(None, [uid(2)], 'security-group')],
                         self.daemon.give_way.call_args_list)

    def test_without_a_daemon(self):
        self.daemon = None
        self.assertEqual(DONE, self.send(refusal(), DONE))

    def test_answers_that_are_no_refusals(self):
        for status in ('200 OK', '204 No Content', '401 Unauthorized', '403 Forbidden', '404 Not Found',
                       '500 Internal Server Error', '503 Service Unavailable'):
            self.assertLeft((status, refusal()[1]))
        self.find.assert_not_called()

    def test_refusals_that_say_no_cause(self):
        for body in (None, [], {}, {'NeutronError': 'x'}, {'NeutronError': {}}, {'NeutronError': {'type': None}}):
            self.assertLeft(('409 Conflict', body))
        self.find.assert_not_called()

    def test_another_cause(self):
        self.find.return_value = None
        self.assertLeft(refusal())
        self.daemon.give_way.assert_not_called()

    def test_requests_that_pools_are_never_in_the_way_of(self):
        context = mock.Mock(project_id=POOL)
        for changes in ({'PATH_INFO': '/qos/policies'}, {'PATH_INFO': '/networks/x'}, {'SCRIPT_NAME': '/v3'},
                        {'REQUEST_METHOD': 'PATCH'}, {'neutron.context': None}, {'neutron.context': context}):
            with self.subTest(changes=changes):
                self.assertLeft(refusal(), **changes)
        self.find.assert_not_called()

    def test_bodies_that_cannot_be_kept(self):
        for changes in ({'CONTENT_LENGTH': str(1 << 20)}, {'CONTENT_LENGTH': '-1'}, {'CONTENT_LENGTH': 'x'},
                        {'HTTP_TRANSFER_ENCODING': 'chunked'}):
            with self.subTest(changes=changes):
                self.assertLeft(refusal(), data=b'all of it', **changes)
                self.assertEqual([b'all of it'], self.application.bodies)

    def test_where_nothing_is_hidden_nothing_is_removed(self):
        self.get_plugin.return_value = None
        self.assertLeft(refusal())

    def test_it_ends(self):
        answers = [refusal(message='number %d' % n) for n in range(9)]
        self.assertEqual(answers[yielding.ROUNDS], self.send(*answers))
        self.assertEqual(yielding.ROUNDS, self.remove.call_count)

    def test_nothing_could_be_removed(self):
        self.remove.return_value = {}
        self.pooled.return_value = {uid(1)}
        self.assertEqual(refusal(), self.send(refusal()))

    def test_another_request_removed_them(self):
        self.remove.return_value = {}
        self.assertEqual(DONE, self.send(refusal(), DONE))

    def test_no_time(self):
        self.assertLeft(refusal(), seconds=0.0)

    def test_errors_of_our_own(self):
        for broken in (self.find, self.remove, self.daemon.give_way):
            broken.side_effect = RuntimeError('boom')
            self.assertEqual(refusal(), self.send(refusal()))
            broken.side_effect = None

    def test_messages_name_no_port_of_a_pool(self):
        self.find.return_value = None
        self.pooled.return_value = {uid(1), uid(3)}
        many = 'ids: %s,%s,%s.' % (uid(1), uid(2), uid(3))
        self.assertEqual(refusal(message='ids: %s.' % uid(2)), self.send(refusal(message=many)))
        self.pooled.side_effect = RuntimeError('boom')
        self.assertEqual(refusal(message=many), self.send(refusal(message=many)))

    def test_the_mark_for_novas_question(self):
        def marked(**changes):
            self.send(('200 OK', {}), **dict({
                'REQUEST_METHOD': 'GET', 'PATH_INFO': '/ports', 'QUERY_STRING': 'fixed_ips=ip_address%3D10.0.0.5',
                'HTTP_X_SERVICE_IDENTITY_STATUS': 'Confirmed',
                'neutron.context': types.SimpleNamespace(project_id=TENANT, service_roles=['service'])}, **changes))
            return getattr(self.environ['neutron.context'], 'larder_hides', False)
        self.assertTrue(marked())
        for changes in ({'QUERY_STRING': ''}, {'HTTP_X_SERVICE_IDENTITY_STATUS': 'Invalid'}, {'PATH_INFO': '/networks'}):
            self.assertFalse(marked(**changes))

    def test_what_is_marked_hides_from_admins(self):
        query = mock.Mock()
        admin = types.SimpleNamespace(is_admin=True)
        self.assertIs(query, plugin.hide_pool_ports(admin, None, query))
        admin.larder_hides = True
        self.assertIs(query.filter.return_value, plugin.hide_pool_ports(admin, None, query))


class ChainTest(unittest.TestCase):
    """Which filters there are, by the options."""

    def chain(self, **options):
        from oslo_config import cfg
        hook.opts.register(cfg.CONF)
        for name, value in options.items():
            cfg.CONF.set_override(name, value, 'larder')
            self.addCleanup(cfg.CONF.clear_override, name, 'larder')
        with mock.patch.object(daemon, 'Daemon') as made:
            self.made = made
            return hook.filter_factory({})('application')

    def test_both(self):
        made = self.chain()
        self.assertIsInstance(made, hook.PortHook)
        self.assertIsInstance(made._application, yielding.Yielding)

    def test_pools_yield_though_nothing_is_handed_over(self):
        made = self.chain(enabled=False)
        self.assertIsInstance(made, yielding.Yielding)
        self.assertIsNone(made._daemon)
        self.made.assert_not_called()

    def test_not_at_all(self):
        self.assertEqual('application', self.chain(enabled=False, yield_seconds=0))
        self.assertEqual('application', self.chain(enabled=True, yield_seconds=0)._application)
