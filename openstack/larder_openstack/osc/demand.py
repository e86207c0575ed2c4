# SPDX-License-Identifier: Apache-2.0
"""openstack larder demand list"""
from osc_lib.command import command

from larder_openstack.osc import columns
from larder_openstack.osc.columns import Plain, Seconds

LIST = (
    ('ID', 'id', Plain),
    ('At', 'at', Plain),
    ('Kind', 'kind', Plain),
    ('Outcome', 'outcome', Plain),
    ('Reason', 'reason', Plain),
    ('Took', 'seconds', Seconds),
    ('Pool', 'pool_id', Plain),
    ('Project', 'project_id', Plain),
    ('Server', 'instance_id', Plain),
    ('Request', 'request_id', Plain),
)


class ListDemand(command.Lister):
    """List the creates that Nova made, newest first: served from a pool (hit) or not (miss), and why not"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('--pool', metavar='<pool>', help='Only demand for this pool (ID)')
        parser.add_argument('--project', metavar='<project-id>', help='Only demand of this project (ID)')
        columns.add_paging(parser)
        return parser

    def take_action(self, parsed_args):
        demand = self.app.client_manager.larder.list('demand', parsed_args.limit, parsed_args.marker,
                                                     pool_id=parsed_args.pool, project_id=parsed_args.project)
        return columns.listed(demand, LIST)
