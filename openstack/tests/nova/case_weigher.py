# SPDX-License-Identifier: Apache-2.0
"""LarderWeigher as Nova's own weight handler loads and uses it."""
import threading
import time
import unittest

from nova import conf as nova_conf
from nova import context as nova_context
from nova import objects
from nova.scheduler import host_manager
from nova.scheduler import weights

from larder_openstack import opts
from larder_openstack.nova import warm

objects.register_all()
nova_conf.CONF([], project='nova', default_config_files=[])

CELL = '5f1d2b0e-7a0c-4d5e-8f00-000000000001'
PROJECT = '0123456789abcdef0123456789abcdef'
NAME = 'larder_openstack.nova.weigher.LarderWeigher'


def make_hosts(*names):
    return [host_manager.HostState(name, name, CELL) for name in names]


def make_spec():
    spec = objects.RequestSpec()
    spec._context = nova_context.RequestContext('user', PROJECT)
    return spec


class WeigherTest(unittest.TestCase):
    def setUp(self):
        opts.register(nova_conf.CONF)
        handler = weights.HostWeightHandler()
        (self.weigher,) = [each() for each in handler.get_matching_classes([NAME])]
        self.handler = handler

    def override(self, name, value):
        nova_conf.CONF.set_override(name, value, 'larder')
        self.addCleanup(nova_conf.CONF.clear_override, name, 'larder')

    def weigh(self, spec, hosts):
        """{name: weight}, and the order in which Nova would try them."""
        weighed = self.handler.get_weighed_objects([self.weigher], hosts, spec)
        return {each.obj.host: each.weight for each in weighed}

    def test_warm_hosts_come_first(self):
        spec = make_spec()
        warm.MEMORY.put(warm.key_of(spec._context), ['two', 'gone'])
        self.assertEqual({'one': 0.0, 'two': 1.0, 'three': 0.0}, self.weigh(spec, make_hosts('one', 'two', 'three')))

    def test_as_strongly_as_the_option_says(self):
        spec = make_spec()
        warm.MEMORY.put(warm.key_of(spec._context), ['two'])
        for multiplier in (5.0, 0.0, -2.5):
            self.override('image_weight_multiplier', multiplier)
            self.assertEqual(multiplier, self.weigh(spec, make_hosts('one', 'two'))['two'])

    def test_an_aggregate_may_say_otherwise(self):
        spec, hosts = make_spec(), make_hosts('one', 'two')
        warm.MEMORY.put(warm.key_of(spec._context), ['one', 'two'])
        hosts[1].aggregates = [objects.Aggregate(id=1, metadata={'image_weight_multiplier': '3'})]
        self.assertEqual({'one': 1.0, 'two': 3.0}, self.weigh(spec, hosts))

    def test_nothing_known_weighs_nothing(self):
        warm.MEMORY.put(warm.key_of(make_spec()._context), ['one'])  # another request
        self.assertEqual({'one': 0.0, 'two': 0.0}, self.weigh(make_spec(), make_hosts('one', 'two')))
        spec = make_spec()
        spec._context = None
        self.assertEqual({'one': 0.0, 'two': 0.0}, self.weigh(spec, make_hosts('one', 'two')))

    def test_all_warm_is_as_none_warm_but_for_the_sum(self):
        spec = make_spec()
        warm.MEMORY.put(warm.key_of(spec._context), ['one', 'two'])
        self.assertEqual({1.0}, set(self.weigh(spec, make_hosts('one', 'two')).values()))

    def test_disabled(self):
        spec = make_spec()
        warm.MEMORY.put(warm.key_of(spec._context), ['one'])
        self.override('enabled', False)
        self.assertEqual({0.0}, set(self.weigh(spec, make_hosts('one', 'two')).values()))

    def test_a_thousand_hosts(self):
        spec, hosts = make_spec(), make_hosts(*('h%d' % i for i in range(1000)))
        warm.MEMORY.put(warm.key_of(spec._context), ['h%d' % i for i in range(0, 1000, 2)])
        took = []
        for _ in range(20):
            begin = time.perf_counter()
            self.weigh(spec, hosts)
            took.append(time.perf_counter() - begin)
        self.assertLess(sorted(took)[10], 0.05)


class MemoryTest(unittest.TestCase):
    def test_bounded_and_the_oldest_go_first(self):
        memory = warm.Memory(3)
        for n in range(5):
            memory.put(n, ['h%d' % n])
        self.assertEqual(3, len(memory))
        self.assertEqual(frozenset(), memory.get(1))
        self.assertEqual({'h4'}, memory.get(4))

    def test_many_threads(self):
        memory = warm.Memory(50)

        def work(n):
            for i in range(200):
                memory.put((n, i), ['h'])
                memory.get((n, i - 1))
        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(50, len(memory))
