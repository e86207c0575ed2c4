# SPDX-License-Identifier: Apache-2.0
"""openstack larder utilisation list"""
from osc_lib.command import command

from larder_openstack.osc import columns
from larder_openstack.osc.columns import Plain

LIST = (
    ('At', 'at', Plain),
    ('Metric', 'metric', Plain),
    ('Of', 'scope', Plain),
    ('ID', 'scope_id', Plain),
    ('Seconds', 'resolution', Plain),
    ('Mean', 'mean', Plain),
    ('Peak', 'peak', Plain),
    ('Samples', 'samples', Plain),
)


class ListUtilisation(command.Lister):
    """List what flavors, projects and hosts used: cpu (cores), memory (MiB), network and disk (bytes a second)"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('--metric', choices=('cpu', 'memory', 'network', 'disk'), help='Only this metric')
        parser.add_argument('--scope', choices=('flavor', 'project', 'host'), help='Only by this')
        parser.add_argument('--resolution', choices=('300', '3600', '86400'),
                            help='Seconds that a row stands for (default: 300)')
        columns.add_paging(parser)
        return parser

    def take_action(self, parsed_args):
        rows = self.app.client_manager.larder.list('utilisation', parsed_args.limit, parsed_args.marker,
                                                   metric=parsed_args.metric, scope=parsed_args.scope,
                                                   resolution=parsed_args.resolution)
        return columns.listed(rows, LIST)
