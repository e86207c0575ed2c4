# SPDX-License-Identifier: Apache-2.0
"""openstack larder decision list"""
from osc_lib.command import command

from larder_openstack.osc import columns
from larder_openstack.osc.columns import Plain, Seconds

LIST = (
    ('ID', 'id', Plain),
    ('At', 'at', Plain),
    ('Pool', 'pool_id', Plain),
    ('Target', 'target', Plain),
    ('Before', 'previous', Plain),
    ('Tier', 'tier', Plain),
    ('Service Level', 'service_level', Plain),
    ('For', 'interval', Seconds),
    ('Expected', 'mean', Plain),
    ('Reason', 'reason', Plain),
)


class ListDecision(command.Lister):
    """List the changes of targets, newest first, and why each was made"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('--pool', metavar='<pool>', help='Only those for this pool (ID)')
        columns.add_paging(parser)
        return parser

    def take_action(self, parsed_args):
        decisions = self.app.client_manager.larder.list('decisions', parsed_args.limit, parsed_args.marker,
                                                        pool_id=parsed_args.pool)
        return columns.listed(decisions, LIST)
