# SPDX-License-Identifier: Apache-2.0
"""openstack larder report"""
from osc_lib.command import command

from larder_openstack.osc import columns
from larder_openstack.osc.columns import Plain, Seconds


class Share(Plain):
    """A part of all, in per cent."""

    def human_readable(self):
        return '-' if self._value is None else '%.1f %%' % (100 * self._value)


class Hours(Plain):
    def human_readable(self):
        return '-' if self._value is None else '%.1f h' % self._value


LIST = (
    ('Pool', 'pool_id', Plain),
    ('Kind', 'kind', Plain),
    ('Hits', 'hits', Plain),
    ('Misses', 'misses', Plain),
    ('Hit Rate', 'hit_rate', Share),
    ('Saved', 'seconds_saved', Seconds),
    ('Idle Items', 'idle_hours', Hours),
    ('A Create Takes', 'create_seconds', Seconds),
)


class ShowReport(command.Lister):
    """What pools gained in the last days; with mode = observe, what they would have gained

    The last line is all of them. Hours of idle items are what it costs: two ready items that nobody takes for an hour are two.
    """

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('--days', type=int, choices=range(1, 32), default=1, metavar='<n>',
                            help='The last so many days, up to 31 (default: 1)')
        parser.add_argument('--limit', type=int, default=100, metavar='<n>',
                            help='Only so many pools, those asked most (default: 100); the sum is of all')
        return parser

    def take_action(self, parsed_args):
        report = self.app.client_manager.larder.get('/report', days=parsed_args.days, limit=parsed_args.limit)['report']
        name = 'all, had it been there' if report['mode'] == 'observe' else 'all'
        return columns.listed(report['pools'] + [dict(report['all'], pool_id=name)], LIST)
