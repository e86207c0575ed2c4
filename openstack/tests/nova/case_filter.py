# SPDX-License-Identifier: Apache-2.0
"""LarderFilter with Nova's own objects; only the database and the daemon are stood in for."""
import threading
import time
import unittest
from unittest import mock

from nova import conf as nova_conf
from nova import context as nova_context
from nova import exception
from nova import objects
from nova.network import security_group_api
from nova.scheduler import host_manager
from oslo_serialization import jsonutils

from larder_openstack import daemon
from larder_openstack.nova import filter as larder_filter
from larder_openstack.nova import warm

objects.register_all()
nova_conf.CONF([], project='nova', default_config_files=[])

SERVER = '5f1d2b0e-7a0c-4d5e-8f00-000000000001'
NETWORK = '5f1d2b0e-7a0c-4d5e-8f00-0000000000a1'
OTHER = '5f1d2b0e-7a0c-4d5e-8f00-0000000000a2'
IMAGE = '5f1d2b0e-7a0c-4d5e-8f00-0000000000b1'
GROUP = '5f1d2b0e-7a0c-4d5e-8f00-0000000000c1'
PROJECT = '0123456789abcdef0123456789abcdef'


def make_spec(networks=(), groups=('default',), servers=1, hints=None, zone=None, context=None):
    context = context or nova_context.RequestContext('user', PROJECT)
    flavor = objects.Flavor(id=1, flavorid='m1', name='m1', vcpus=1, memory_mb=64, root_gb=1, ephemeral_gb=0, swap=0,
                            extra_specs={})
    spec = objects.RequestSpec.from_components(
        context, SERVER, {'id': IMAGE, 'properties': {}}, flavor, None, None, {'scheduler_hints': hints or {}}, None,
        zone, security_groups=security_group_api.populate_security_groups(list(groups)))
    spec.num_instances = servers
    spec.requested_networks = objects.NetworkRequestList(objects=[objects.NetworkRequest(**each) for each in networks])
    return spec


def make_build(*devices, zone=None):
    bdms = [objects.BlockDeviceMapping(**dict(
        {'source_type': 'image', 'destination_type': 'volume', 'image_id': IMAGE, 'volume_size': 2, 'volume_type': None},
        **each)) for each in devices]
    return mock.Mock(
        block_device_mappings=written(objects.BlockDeviceMappingList(objects=bdms)),
        instance=written(objects.Instance(uuid=SERVER, availability_zone=zone)))


def written(made):
    """As it stands in the row."""
    return jsonutils.dumps(made.obj_to_primitive())


def volume(count=1, **members):
    return dict({'image_id': IMAGE, 'size': 2, 'volume_type': None, 'availability_zone': None, 'count': count}, **members)


class FilterTest(unittest.TestCase):
    def setUp(self):
        patched = mock.patch.object(daemon, 'Daemon')
        self.daemon = patched.start().return_value
        self.addCleanup(patched.stop)
        patched = mock.patch.object(objects.BuildRequest, '_get_by_instance_uuid_from_db',
                                    return_value=make_build())
        self.get_build = patched.start()
        self.addCleanup(patched.stop)
        self.daemon.claim.return_value = {'warm_hosts': ['two']}
        self.daemon.warm_hosts.return_value = ['one']
        self.filter = larder_filter.LarderFilter()
        self.addCleanup(nova_conf.CONF.clear_override, 'cross_az_attach', 'cinder')

    def run_filter(self, spec, hosts=('one', 'two')):
        self.assertEqual(list(hosts), list(self.filter.filter_all(list(hosts), spec)))

    def claimed(self, spec):
        self.daemon.claim.reset_mock()
        self.run_filter(spec)
        return self.daemon.claim.call_args[0][0] if self.daemon.claim.called else None

    def test_a_boot(self):
        spec = make_spec([{'network_id': NETWORK}], servers=3, zone='az1')
        self.assertEqual({
            'request_id': spec._context.global_id, 'project_id': PROJECT, 'image_id': IMAGE, 'flavor_id': 'm1',
            'availability_zone': 'az1', 'servers': 3, 'volumes': [],
            'ports': [{'network_id': NETWORK, 'security_groups': [], 'count': 1}]}, self.claimed(spec))

    def warm(self, spec):
        return warm.MEMORY.get(warm.key_of(spec._context))

    def use_weigher(self):
        nova_conf.CONF.set_override('weight_classes', ['larder_openstack.nova.weigher.LarderWeigher'], 'filter_scheduler')
        self.addCleanup(nova_conf.CONF.clear_override, 'weight_classes', 'filter_scheduler')

    def test_the_claim_tells_which_hosts_are_warm(self):
        spec = make_spec([{'network_id': NETWORK}])
        self.claimed(spec)
        self.assertEqual({'two'}, self.warm(spec))
        self.daemon.warm_hosts.assert_not_called()

    def test_a_boot_that_claims_nothing_asks_for_warm_hosts_once(self):
        self.use_weigher()
        spec = make_spec()
        for _ in range(3):
            self.run_filter(spec)
        self.daemon.claim.assert_not_called()
        self.daemon.warm_hosts.assert_called_once_with(IMAGE)
        self.assertEqual({'one'}, self.warm(spec))

    def test_nobody_is_asked_for_what_no_weigher_uses(self):
        spec = make_spec()
        self.run_filter(spec)
        self.daemon.warm_hosts.assert_not_called()
        self.assertEqual(frozenset(), self.warm(spec))

    def test_a_boot_from_a_volume_has_no_warm_hosts(self):
        self.use_weigher()
        spec = make_spec([{'network_id': NETWORK}])
        spec.is_bfv = True
        self.assertIsNotNone(self.claimed(spec))
        self.assertEqual(frozenset(), self.warm(spec))
        spec = make_spec()
        spec.is_bfv = True
        self.run_filter(spec)
        self.daemon.warm_hosts.assert_not_called()

    def test_odd_answers_about_hosts_do_no_harm(self):
        for odd in (None, 'two', {'two': 1}, 7):
            self.daemon.claim.return_value = {'warm_hosts': odd}
            spec = make_spec([{'network_id': NETWORK}])
            self.claimed(spec)
            self.assertEqual(frozenset(), self.warm(spec))
        self.daemon.claim.return_value = {'warm_hosts': [None, 3, 'two', ['x']]}
        spec = make_spec([{'network_id': NETWORK}])
        self.claimed(spec)
        self.assertEqual({'two'}, self.warm(spec))
        self.use_weigher()
        self.daemon.warm_hosts.side_effect = daemon.Miss('timeout')
        self.run_filter(make_spec())

    def test_the_global_request_id_is_what_neutron_and_cinder_will_see(self):
        outer = 'req-0b5b1e4e-3f5a-4c9e-9c3e-1a2b3c4d5e6f'
        context = nova_context.RequestContext('user', PROJECT, global_request_id=outer)
        self.assertEqual(outer, self.claimed(make_spec([{'network_id': NETWORK}], context=context))['request_id'])

    def test_two_boots_of_one_outer_request_are_two(self):
        outer = 'req-0b5b1e4e-3f5a-4c9e-9c3e-1a2b3c4d5e6f'
        for _ in range(2):
            context = nova_context.RequestContext('user', PROJECT, global_request_id=outer)
            self.assertIsNotNone(self.claimed(make_spec([{'network_id': NETWORK}], context=context)))

    def test_one_call_a_request(self):
        spec = make_spec([{'network_id': NETWORK}], servers=3)
        for _ in range(4):  # each server, and once more for alternates
            self.run_filter(spec)
        self.assertEqual(1, self.daemon.claim.call_count)
        self.assertEqual(1, self.get_build.call_count)

    def test_one_call_a_request_among_threads(self):
        spec = make_spec([{'network_id': NETWORK}])
        threads = [threading.Thread(target=self.run_filter, args=(spec,)) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(1, self.daemon.claim.call_count)

    def test_requests_remembered_are_bounded(self):
        for _ in range(larder_filter.REMEMBERED + 50):
            self.run_filter(make_spec())
        self.assertEqual(larder_filter.REMEMBERED, len(self.filter._seen._keys))

    def test_networks(self):
        plain, two = {'network_id': NETWORK}, {'network_id': OTHER}
        port = '5f1d2b0e-7a0c-4d5e-8f00-0000000000d1'
        table = [
            ([], {}),
            ([plain], {NETWORK: 1}),
            ([plain, two, plain], {NETWORK: 2, OTHER: 1}),
            ([{'network_id': NETWORK, 'address': '10.0.0.5'}, two], {OTHER: 1}),
            ([{'network_id': NETWORK, 'port_id': port}], {}),
            ([{'port_id': port}], {}),
            ([{'network_id': NETWORK, 'tag': 'nic'}], {}),
            ([{'network_id': NETWORK, 'pci_request_id': port}], {}),
            ([{'network_id': 'auto'}], {}),
            ([{'network_id': 'none'}], {}),
            ([{}], {}),
        ]
        for networks, expected in table:
            with self.subTest(networks=networks):
                claim = self.claimed(make_spec(networks))
                self.assertEqual(expected, {port['network_id']: port['count'] for port in claim['ports']} if claim else {})

    def test_security_groups(self):
        for groups, expected in ((('default',), []), ((), []), ((GROUP,), [GROUP]), ((GROUP, GROUP), [GROUP])):
            claim = self.claimed(make_spec([{'network_id': NETWORK}], groups))
            self.assertEqual(expected, claim['ports'][0]['security_groups'])
        self.assertIsNone(self.claimed(make_spec([{'network_id': NETWORK}], ('default', GROUP))))

    def test_volumes(self):
        for devices, expected in (
                ([{}], [volume()]),
                ([{}, {}], [volume(2)]),
                ([{}, {'volume_size': 5, 'volume_type': 'fast'}], [volume(), volume(size=5, volume_type='fast')]),
                ([{'destination_type': 'local'}], []),
                ([{'source_type': 'blank', 'image_id': None}], []),
                ([{'source_type': 'snapshot'}], []),
                ([{'source_type': 'volume'}], [])):
            with self.subTest(devices=devices):
                self.get_build.return_value = make_build(*devices)
                claim = self.claimed(make_spec())
                self.assertEqual(expected, claim['volumes'] if claim else [])

    def test_the_zone_of_volumes_as_nova_sends_it(self):
        self.get_build.return_value = make_build({}, zone='az1')
        self.assertIsNone(self.claimed(make_spec(zone='az1'))['volumes'][0]['availability_zone'])
        nova_conf.CONF.set_override('cross_az_attach', False, 'cinder')
        self.assertEqual('az1', self.claimed(make_spec(zone='az1'))['volumes'][0]['availability_zone'])
        self.get_build.return_value = make_build({})
        self.assertIsNone(self.claimed(make_spec()))

    def test_what_is_no_boot(self):
        self.assertIsNone(self.claimed(make_spec([{'network_id': NETWORK}], hints={'_nova_check_type': ['rebuild']})))
        self.get_build.assert_not_called()
        self.get_build.side_effect = exception.BuildRequestNotFound(uuid=SERVER)  # resize, migrate, evacuate, unshelve
        self.assertIsNone(self.claimed(make_spec([{'network_id': NETWORK}])))

    def test_hints_of_tenants_change_nothing(self):
        self.assertIsNotNone(self.claimed(make_spec([{'network_id': NETWORK}], hints={'group': ['x'], 'a': ['b']})))

    def test_excluded_and_disabled(self):
        nova_conf.CONF.set_override('excluded_projects', [PROJECT], 'larder')
        self.addCleanup(nova_conf.CONF.clear_override, 'excluded_projects', 'larder')
        self.assertIsNone(self.claimed(make_spec([{'network_id': NETWORK}])))
        nova_conf.CONF.clear_override('excluded_projects', 'larder')
        nova_conf.CONF.set_override('enabled', False, 'larder')
        self.addCleanup(nova_conf.CONF.clear_override, 'enabled', 'larder')
        self.assertIsNone(self.claimed(make_spec([{'network_id': NETWORK}])))

    def test_nothing_that_goes_wrong_stops_a_boot(self):
        for error in (daemon.Miss('timeout'), RuntimeError('boom')):
            self.daemon.claim.side_effect = error
            self.run_filter(make_spec([{'network_id': NETWORK}]))
        self.daemon.claim.side_effect = None
        self.get_build.side_effect = RuntimeError('no database')
        self.run_filter(make_spec([{'network_id': NETWORK}]))

    def test_a_thousand_hosts(self):
        hosts = [host_manager.HostState('h%d' % i, 'h%d' % i, SERVER) for i in range(1000)]
        spec, took = make_spec([{'network_id': NETWORK}]), []
        for _ in range(50):
            spec._context = nova_context.RequestContext('user', PROJECT)
            begin = time.perf_counter()
            self.assertEqual(1000, len(list(self.filter.filter_all(hosts, spec))))
            took.append(time.perf_counter() - begin)
        self.assertLess(sorted(took)[25], 0.002)
