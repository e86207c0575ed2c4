# SPDX-License-Identifier: Apache-2.0
"""openstack larder claim list"""
from osc_lib.command import command

from larder_openstack.osc import columns
from larder_openstack.osc.columns import Plain


def _sum(name):
    return lambda claim: sum(line.get(name) or 0 for line in claim.get('lines', ()))


LIST = (
    ('ID', 'id', Plain),
    ('Request', 'request_id', Plain),
    ('Project', 'project_id', Plain),
    ('Servers', 'servers', Plain),
    ('State', 'state', Plain),
    ('Wanted', _sum('wanted'), Plain),
    ('Set Aside', _sum('set_aside'), Plain),
    ('Taken', _sum('taken'), Plain),
    ('Created At', 'created_at', Plain),
    ('Expires At', 'expires_at', Plain),
)


class ListClaim(command.Lister):
    """List the claims: which boot may have how many items"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('--project', metavar='<project-id>', help='Only claims of this project (ID)')
        parser.add_argument('--state', choices=('open', 'settled', 'expired'), help='Only claims in this state')
        columns.add_paging(parser)
        return parser

    def take_action(self, parsed_args):
        claims = self.app.client_manager.larder.list('claims', parsed_args.limit, parsed_args.marker,
                                                     project_id=parsed_args.project, state=parsed_args.state)
        return columns.listed(claims, LIST)
