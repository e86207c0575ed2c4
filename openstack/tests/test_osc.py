# SPDX-License-Identifier: Apache-2.0
"""The commands, run as the openstack client runs them, against something that answers as the daemon does."""
import argparse
import contextlib
import importlib.metadata
import io
import json
import os
import types
import unittest
import urllib.parse

from keystoneauth1 import noauth, session
from osc_lib import exceptions

from larder_openstack.osc import columns, plugin
from larder_openstack.osc import claim, decision, demand, event, image, item, pool, report, tier, utilisation
from tests import fake_daemon

PORTS = {'id': 'p1', 'kind': 'port', 'state': 'active', 'target': 0, 'floor': 5, 'ceiling': 100, 'goal': 5,
         'items': {'wanted': 1, 'creating': 2, 'ready': 3, 'claimed': 4, 'releasing': 0, 'failed': 5}, 'lead_time': 0.85,
         'lead_time_high': 2.5,
         'failures': 0, 'not_before': None, 'last_error': None, 'created_at': 'c', 'updated_at': 'u', 'demanded_at': None,
         'tier': 'guaranteed', 'tier_rule': {'id': 'r1', 'pool_id': None, 'project_id': 'demo', 'flavor_id': 'm1'},
         'decision': {'reason': 'because', 'interval': 300.0, 'service_level': 0.98},
         'key': {'project_id': 'demo', 'network_id': 'net', 'security_groups': ['g1', 'g2']}}
VOLUMES = dict(PORTS, id='p2', kind='volume', lead_time=None, tier=None, tier_rule=None, decision=None,
               key={'image_id': 'img', 'size': 2, 'volume_type_id': 't', 'availability_zone': 'nova'})
IMAGES = dict(PORTS, id='p3', kind='image', key={'image_id': 'img', 'aggregate_id': 7})


class CommandCase(unittest.TestCase):
    def setUp(self):
        self.server = fake_daemon.FakeDaemon()
        self.addCleanup(self.server.close)
        instance = types.SimpleNamespace(
            session=session.Session(auth=noauth.NoAuth()), region_name=None, interface=None, _api_version={'larder': '1'},
            get_endpoint_for_service_type=lambda *args, **kwargs: self.server.endpoint)
        self.app = types.SimpleNamespace(client_manager=types.SimpleNamespace(larder=plugin.make_client(instance)),
                                         options=types.SimpleNamespace(), stdout=io.StringIO())

    def run_command(self, command, *arguments):
        made = command(self.app, None)
        with contextlib.redirect_stderr(io.StringIO()):
            parsed = made.get_parser('test').parse_args(arguments)
        made.run(parsed)
        text = self.app.stdout.getvalue()
        self.app.stdout.truncate(0), self.app.stdout.seek(0)
        return text

    def answer(self, body, status=200):
        self.server.answer = lambda method, path, sent: (status, body)


class CommandTest(CommandCase):
    def test_pool_list(self):
        self.answer({'pools': [PORTS, VOLUMES], 'links': []})
        listed = self.run_command(pool.ListPool)
        self.assertEqual(['ID', 'Kind', 'Project', 'Network/Image', 'Size', 'State', 'Tier', 'Goal', 'Ready', 'Making', 'Claimed',
                          'Failed', 'Lead time'], [word.strip() for word in listed.splitlines()[1].split('|')[1:-1]])
        self.assertEqual(['p1', 'port', 'demo', 'net', '-', 'active', 'guaranteed', '5', '3', '3', '4', '5', '850ms'],
                         [word.strip() for word in listed.splitlines()[3].split('|')[1:-1]])
        self.assertEqual(['p2', 'volume', '-', 'img', '2', 'active', '-', '5', '3', '3', '4', '5', '-'],
                         [word.strip() for word in listed.splitlines()[4].split('|')[1:-1]])

    def test_machines_get_values(self):
        self.answer({'pools': [PORTS, VOLUMES], 'links': []})
        rows = json.loads(self.run_command(pool.ListPool, '-f', 'json'))
        self.assertEqual((0.85, None, 3, 2), (rows[0]['Lead time'], rows[1]['Lead time'], rows[0]['Ready'], rows[1]['Size']))
        self.assertEqual('p1 0.85\np2 None\n', self.run_command(
            pool.ListPool, '-f', 'value', '-c', 'ID', '-c', 'Lead time'))

    def test_filters_reach_the_daemon(self):
        self.answer({'pools': [], 'items': [], 'claims': [], 'images': [], 'demand': [], 'links': []})
        for command, arguments, expected in (
                (pool.ListPool, ['--kind', 'port', '--project', 'x'], {'kind': 'port', 'project_id': 'x'}),
                (item.ListItem, ['--pool', 'x', '--state', 'ready'], {'pool_id': 'x', 'state': 'ready'}),
                (image.ListImage, ['--image', 'x', '--state', 'warm'], {'image_id': 'x', 'state': 'warm'}),
                (claim.ListClaim, ['--project', 'x', '--state', 'open'], {'project_id': 'x', 'state': 'open'}),
                (demand.ListDemand, ['--pool', 'x', '--limit', '7', '--marker', '3'],
                 {'pool_id': 'x', 'limit': '7', 'marker': '3'})):
            self.run_command(command, *arguments)
            query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.server.requests[-1][1]).query))
            self.assertEqual(dict({'limit': '1000'}, **expected), query)
        self.assertEqual('larder 1.0', self.server.requests[-1][3]['OpenStack-API-Version'])

    def test_all_pages(self):
        def pages(method, path, body):
            query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(path).query))
            first = int(query.get('marker') or 0) + 1
            last = min(first + min(int(query['limit']), 3) - 1, 8)
            return 200, {'items': [{'id': str(number)} for number in range(first, last + 1)],
                         'links': [{'rel': 'next', 'href': 'x'}] if last < 8 else []}
        self.server.answer = pages
        self.assertEqual(''.join('%d\n' % number for number in range(1, 9)),
                         self.run_command(item.ListItem, '-f', 'value', '-c', 'ID'))
        self.assertEqual('1\n2\n3\n4\n', self.run_command(item.ListItem, '-f', 'value', '-c', 'ID', '--limit', '4'))

    def test_pool_show_has_the_members_of_its_kind(self):
        self.answer({'pool': PORTS})
        shown = json.loads(self.run_command(pool.ShowPool, 'p1', '-f', 'json'))
        self.assertEqual(['g1', 'g2'], shown['security_groups'])
        self.assertEqual(('guaranteed', 'r1 (project=demo flavor=m1)', 'because'),
                         tuple(shown[name] for name in ('tier', 'tier_rule', 'decision')))
        self.assertNotIn('image_id', shown)
        self.answer({'pool': VOLUMES})
        shown = json.loads(self.run_command(pool.ShowPool, 'p2', '-f', 'json'))
        self.assertEqual('t', shown['volume_type_id'])
        self.assertNotIn('network_id', shown)
        self.answer({'pool': IMAGES})
        shown = json.loads(self.run_command(pool.ShowPool, 'p3', '-f', 'json'))
        self.assertEqual((7, 'img'), (shown['aggregate_id'], shown['image_id']))
        self.assertNotIn('size', shown)
        self.assertNotIn('claimed', shown)

    def test_pool_create(self):
        self.answer({'pool': IMAGES}, 201)
        for arguments, floor in (([], 1), (['--floor', '0'], 0)):
            self.run_command(pool.CreatePool, '--image', 'img', '--aggregate', '7', *arguments)
            self.assertEqual(('POST', '/v1/pools', {'pool': {'image_id': 'img', 'aggregate_id': 7, 'floor': floor}}),
                             self.server.requests[-1][:3])
        for arguments in ([], ['--image', 'img'], ['--image', 'img', '--aggregate', 'x']):
            with self.assertRaises(SystemExit):
                self.run_command(pool.CreatePool, *arguments)

    def test_image_list(self):
        self.answer({'images': [{'id': 5, 'image_id': 'img', 'host': 'h1', 'state': 'warm', 'reason': None, 'failures': 0,
                                 'warmed_at': 'now', 'used_at': None, 'changed_at': 'c'}], 'links': []})
        self.assertEqual('5 img h1 warm\n', self.run_command(
            image.ListImage, '-f', 'value', '-c', 'ID', '-c', 'Image', '-c', 'Host', '-c', 'State'))

    def test_tiers(self):
        rule = {'id': 'r1', 'tier': 'guaranteed', 'service_level': 0.995, 'pool_id': None, 'project_id': 'demo',
                'flavor_id': None, 'created_at': 'c'}
        self.answer({'tiers': [rule], 'links': []})
        self.assertEqual('r1 guaranteed 0.995 None demo None c\n', self.run_command(tier.ListTier, '-f', 'value'))
        self.answer({'tier': rule})
        shown = json.loads(self.run_command(tier.SetTier, 'guaranteed', '--project', 'demo', '--service-level', '0.995',
                                            '-f', 'json'))
        self.assertEqual(0.995, shown['service_level'])
        self.assertEqual(('PUT', '/v1/tiers', {'tier': {'tier': 'guaranteed', 'pool_id': None, 'project_id': 'demo',
                                                        'flavor_id': None, 'service_level': 0.995}}),
                         self.server.requests[-1][:3])
        self.answer(None, 204)
        self.run_command(tier.UnsetTier, 'r1', 'r2')
        self.assertEqual([('DELETE', '/v1/tiers/r1'), ('DELETE', '/v1/tiers/r2')],
                         [request[:2] for request in self.server.requests[-2:]])
        with self.assertRaises(SystemExit):
            self.run_command(tier.SetTier, 'gold', '--project', 'demo')

    def test_events(self):
        made = {'id': 'e1', 'name': 'month end', 'begin_at': 'b', 'end_at': 'e', 'recurrence': None, 'project_id': 'demo',
                'flavor_id': None, 'series_id': None, 'created_at': 'c'}
        self.answer({'event': made})
        shown = json.loads(self.run_command(
            event.CreateEvent, 'month end', '--begin', 'b', '--end', 'e', '--project', 'demo', '--recurrence',
            'FREQ=MONTHLY', '-f', 'json'))
        self.assertEqual(made, shown)
        self.assertEqual(('POST', '/v1/events', {'event': {
            'name': 'month end', 'begin_at': 'b', 'end_at': 'e', 'recurrence': 'FREQ=MONTHLY', 'project_id': 'demo',
            'flavor_id': None, 'series_id': None}}), self.server.requests[-1][:3])
        self.assertEqual(made, json.loads(self.run_command(event.ShowEvent, 'e1', '-f', 'json')))
        self.answer({'events': [made], 'links': []})
        self.assertEqual('e1 month end b e None demo None None\n', self.run_command(event.ListEvent, '-f', 'value'))
        self.answer(None, 204)
        self.run_command(event.DeleteEvent, 'e1', 'e2')
        self.assertEqual([('DELETE', '/v1/events/e1'), ('DELETE', '/v1/events/e2')],
                         [request[:2] for request in self.server.requests[-2:]])
        with self.assertRaises(SystemExit):
            self.run_command(event.CreateEvent, 'no times')
        self.answer({'calendars': [{'source': '/etc/holidays.ics', 'read_at': 'r', 'changed_at': 'c', 'checked_at': 'k',
                                    'occurrences_ahead': 12, 'error': None}], 'links': []})
        self.assertEqual('/etc/holidays.ics 12 None\n', self.run_command(
            event.ListCalendar, '-f', 'value', '-c', 'Source', '-c', 'Occurrences Ahead', '-c', 'Error'))

    def test_report(self):
        gain = {'hits': 49, 'misses': 1, 'hit_rate': 0.98, 'seconds_saved': 75.2, 'idle_hours': 12.25}
        self.answer({'report': {'mode': 'observe', 'from': 'f', 'until': 'u', 'all': dict(gain, outside=3),
                                'pools': [dict(gain, pool_id='p1', kind='port', create_seconds=1.5)]}})
        lines = [[word.strip() for word in line.split('|')[1:-1]]
                 for line in self.run_command(report.ShowReport, '--days', '7').splitlines()]
        self.assertEqual(['p1', 'port', '49', '1', '98.0 %', '1m15s', '12.2 h', '1.5s'], lines[3])
        self.assertEqual(['all, had it been there', '-', '49', '1', '98.0 %', '1m15s', '12.2 h', '-'], lines[4])
        self.assertIn('days=7', self.server.requests[-1][1])
        with self.assertRaises(SystemExit):
            self.run_command(report.ShowReport, '--days', '32')

    def test_utilisation(self):
        self.answer({'utilisation': [{'id': 3, 'at': 'a', 'metric': 'cpu', 'scope': 'host', 'scope_id': 'h1', 'resolution': 3600,
                                      'mean': 1.25, 'peak': 2.5, 'samples': 12}], 'links': []})
        listed = self.run_command(utilisation.ListUtilisation, '--metric', 'cpu', '--scope', 'host', '--resolution', '3600')
        self.assertEqual([['At', 'Metric', 'Of', 'ID', 'Seconds', 'Mean', 'Peak', 'Samples'],
                          ['a', 'cpu', 'host', 'h1', '3600', '1.25', '2.5', '12']],
                         [[word.strip() for word in listed.splitlines()[line].split('|')[1:-1]] for line in (1, 3)])
        method, path = self.server.requests[-1][:2]
        url = urllib.parse.urlsplit(path)
        self.assertEqual(('GET', '/v1/utilisation'), (method, url.path))
        self.assertEqual({'metric': 'cpu', 'scope': 'host', 'resolution': '3600', 'limit': '1000'},
                         dict(urllib.parse.parse_qsl(url.query)))
        for arguments in (['--metric', 'io'], ['--scope', 'zone'], ['--resolution', '60']):
            with self.assertRaises(SystemExit):
                self.run_command(utilisation.ListUtilisation, *arguments)

    def test_decisions(self):
        self.answer({'decisions': [{'id': 1, 'at': 'a', 'pool_id': 'p1', 'target': 8, 'previous': 5, 'interval': 300,
                                    'tier': 'probabilistic', 'service_level': 0.98, 'mean': 2.0, 'reason': 'why'}]})
        listed = self.run_command(decision.ListDecision, '--pool', 'p1')
        self.assertEqual(['1', 'a', 'p1', '8', '5', 'probabilistic', '0.98', '5m00s', '2.0', 'why'],
                         [word.strip() for word in listed.splitlines()[3].split('|')[1:-1]])
        self.assertIn('pool_id=p1', self.server.requests[-1][1])

    def test_pool_set_and_drain(self):
        self.answer({'pool': PORTS})
        for command, arguments, expected in (
                (pool.SetPool, ['--floor', '5', '--ceiling', '9'], {'floor': 5, 'ceiling': 9}),
                (pool.SetPool, ['--floor', '0'], {'floor': 0}),
                (pool.SetPool, ['--pause'], {'state': 'paused'}), (pool.SetPool, ['--resume'], {'state': 'active'}),
                (pool.DrainPool, [], {'state': 'draining'})):
            self.run_command(command, 'p1', *arguments)
            self.assertEqual(('PATCH', '/v1/pools/p1', {'pool': expected}), self.server.requests[-1][:3])
        with self.assertRaisesRegex(exceptions.CommandError, 'Nothing to change'):
            self.run_command(pool.SetPool, 'p1')
        for arguments in (['--floor', 'x'], ['--pause', '--resume']):
            with self.assertRaises(SystemExit):
                self.run_command(pool.SetPool, 'p1', *arguments)

    def test_claims_and_items(self):
        self.answer({'claims': [{'id': 'c', 'lines': [{'wanted': 2, 'set_aside': 1, 'taken': 1}, {'wanted': 3}]}]})
        self.assertEqual('c 5 1 1\n', self.run_command(
            claim.ListClaim, '-f', 'value', '-c', 'ID', '-c', 'Wanted', '-c', 'Set Aside', '-c', 'Taken'))
        self.answer({'item': {'id': 'i', 'history': [{'state': 'ready', 'reason': None, 'at': 'now'}, {'state': 'gone'}]}})
        self.assertIn('state=ready at=now', self.run_command(item.ShowItem, 'i'))
        self.assertEqual(2, len(json.loads(self.run_command(item.ShowItem, 'i', '-f', 'json'))['history']))

    def test_errors_speak(self):
        self.answer({'errors': [{'code': 'larder.not-found', 'title': 'Not Found', 'detail': 'There is no pool p9.',
                                 'request_id': 'req-1'}]}, 404)
        with self.assertRaisesRegex(exceptions.CommandError, r'There is no pool p9\. \(HTTP 404, larder.not-found, .*req-1'):
            self.run_command(pool.ShowPool, 'p9')
        self.answer(b'<html>bad gateway</html>', 502)
        with self.assertRaisesRegex(exceptions.CommandError, 'HTTP 502: <html>'):
            self.run_command(pool.ListPool)
        self.app.client_manager.larder = plugin.Client(session.Session(auth=noauth.NoAuth()), 'http://127.0.0.1:1', '1.0')
        with self.assertRaisesRegex(exceptions.CommandError, 'cannot be reached'):
            self.run_command(pool.ListPool)

    def test_a_catalog_without_larder(self):
        instance = types.SimpleNamespace(session=None, region_name=None, interface=None,
                                         get_endpoint_for_service_type=lambda *args, **kwargs: None)
        with self.assertRaisesRegex(exceptions.CommandError, 'catalog'):
            plugin.make_client(instance)


class PluginTest(unittest.TestCase):
    def test_the_option(self):
        parser = plugin.build_option_parser(argparse.ArgumentParser())
        self.assertEqual('1.0', parser.parse_args([]).os_larder_api_version)

    def test_durations(self):
        for value, text in ((None, '-'), (0, '0ms'), (0.0034, '3ms'), (7.44, '7.4s'), (190, '3m10s')):
            self.assertEqual(text, columns.Seconds(value).human_readable())

    def test_entry_points_lead_to_something(self):
        """Each line of pyproject.toml that names an object names one that is there."""
        path = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'pyproject.toml')
        with open(path) as file:
            lines = [line.split(' = ', 1)[1].strip().strip('"') for line in file if ' = "larder_openstack.' in line]
        self.assertGreater(len(lines), 9)
        for value in lines:
            if '.neutron.' not in value:  # needs Neutron's options, which a process that has others cannot hold
                importlib.metadata.EntryPoint('x', value, 'x').load()
