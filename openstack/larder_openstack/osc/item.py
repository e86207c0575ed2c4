# SPDX-License-Identifier: Apache-2.0
"""openstack larder item list|show"""
from osc_lib.command import command

from larder_openstack.osc import columns
from larder_openstack.osc.columns import Lines, Plain

STATES = ('wanted', 'creating', 'ready', 'claimed', 'adopted', 'releasing', 'gone', 'failed')

LIST = (
    ('ID', 'id', Plain),
    ('Kind', 'kind', Plain),
    ('Pool', 'pool_id', Plain),
    ('State', 'state', Plain),
    ('Reason', 'reason', Plain),
    ('Resource', 'resource_id', Plain),
    ('Project', 'project_id', Plain),
    ('Server', 'instance_id', Plain),
    ('Changed At', 'changed_at', Plain),
)

SHOW = tuple((name, name, Plain) for name in (
    'id', 'pool_id', 'kind', 'state', 'reason', 'resource_id', 'claim_id', 'instance_id', 'project_id', 'attempts',
    'created_at', 'changed_at', 'ready_at')) + (('history', 'history', Lines),)


class ListItem(command.Lister):
    """List the items: resources made ready, and what became of them"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('--pool', metavar='<pool>', help='Only items of this pool (ID)')
        parser.add_argument('--state', choices=STATES, help='Only items in this state')
        columns.add_paging(parser)
        return parser

    def take_action(self, parsed_args):
        items = self.app.client_manager.larder.list('items', parsed_args.limit, parsed_args.marker,
                                                    pool_id=parsed_args.pool, state=parsed_args.state)
        return columns.listed(items, LIST)


class ShowItem(command.ShowOne):
    """Show an item and its history"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('item', metavar='<item>', help='The item (ID)')
        return parser

    def take_action(self, parsed_args):
        return columns.shown(self.app.client_manager.larder.get('/items/' + parsed_args.item)['item'], SHOW)
