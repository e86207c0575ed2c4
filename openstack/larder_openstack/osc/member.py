# SPDX-License-Identifier: Apache-2.0
"""openstack larder member list"""
from osc_lib.command import command

from larder_openstack.osc import columns
from larder_openstack.osc.columns import Plain, Words

LIST = (
    ('ID', 'id', Plain),
    ('Host', 'host', Plain),
    ('PID', 'pid', Plain),
    ('State', 'state', Plain),
    ('Roles', 'roles', Words),
    ('Late', 'late_roles', Words),
    ('Version', 'version', Plain),
    ('Started', 'started_at', Plain),
    ('Seen', 'seen_at', Plain),
)


class ListMember(command.Lister):
    """List Larder's processes: their roles, and whether they are up, late (a role hangs) or down"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        columns.add_paging(parser)
        return parser

    def take_action(self, parsed_args):
        members = self.app.client_manager.larder.list('members', parsed_args.limit, parsed_args.marker)
        return columns.listed(members, LIST)
