# SPDX-License-Identifier: Apache-2.0
"""openstack larder series list|show"""
from osc_lib.command import command

from larder_openstack.osc import columns
from larder_openstack.osc.columns import Lines, Plain

KINDS = ('port', 'volume', 'image', 'capacity')

LIST = (
    ('ID', 'id', Plain),
    ('Kind', 'kind', Plain),
    ('Project', 'project_id', Plain),
    ('Image', 'image_id', Plain),
    ('Flavor', 'flavor_id', Plain),
    ('Zone', 'availability_zone', Plain),
    ('Began At', 'began_at', Plain),
    ('Last At', 'last_at', Plain),
)

SHOW = tuple((name, name, Plain) for name in (
    'id', 'kind', 'project_id', 'image_id', 'flavor_id', 'availability_zone', 'began_at', 'last_at', 'slot', 'slots_from',
    'slots_until')) + (('slots', 'slots', Lines),)


class ListSeries(command.Lister):
    """List the series: what demand is counted of"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('--kind', choices=KINDS, help='Only series of this kind')
        parser.add_argument('--project', metavar='<project-id>', help='Only series of this project (ID)')
        parser.add_argument('--pool', metavar='<pool>', help='Only the series of this pool (ID)')
        columns.add_paging(parser)
        return parser

    def take_action(self, parsed_args):
        series = self.app.client_manager.larder.list('series', parsed_args.limit, parsed_args.marker, kind=parsed_args.kind,
                                                     project_id=parsed_args.project, pool_id=parsed_args.pool)
        return columns.listed(series, LIST)


class ShowSeries(command.ShowOne):
    """Show a series and in which slots of the last day something was seen of it"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('series', type=int, metavar='<series>', help='The series (a number)')
        return parser

    def take_action(self, parsed_args):
        return columns.shown(self.app.client_manager.larder.get('/series/%d' % parsed_args.series)['series'], SHOW)
