# SPDX-License-Identifier: Apache-2.0
"""openstack larder tier list|set|unset"""
from osc_lib.command import command

from larder_openstack.osc import columns
from larder_openstack.osc.columns import Plain

TIERS = ('guaranteed', 'probabilistic', 'on-demand')

LIST = (
    ('ID', 'id', Plain),
    ('Tier', 'tier', Plain),
    ('Service Level', 'service_level', Plain),
    ('Pool', 'pool_id', Plain),
    ('Project', 'project_id', Plain),
    ('Flavor', 'flavor_id', Plain),
    ('Created At', 'created_at', Plain),
)

SHOW = tuple((title.lower().replace(' ', '_'), path, kind) for title, path, kind in LIST)


class ListTier(command.Lister):
    """List the rules that give tiers; the most specific wins: a pool's, a project's and flavor's, a flavor's, a project's"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        columns.add_paging(parser)
        return parser

    def take_action(self, parsed_args):
        rules = self.app.client_manager.larder.list('tiers', parsed_args.limit, parsed_args.marker)
        return columns.listed(rules, LIST)


class SetTier(command.ShowOne):
    """Say how sure boots are to find what they need ready; changes the rule of the same scope, if there is one"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('tier', choices=TIERS, metavar='<tier>', help='One of ' + ', '.join(TIERS))
        parser.add_argument('--pool', metavar='<pool>', help='For this pool (ID)')
        parser.add_argument('--project', metavar='<project-id>', help='For boots of this project (ID)')
        parser.add_argument('--flavor', metavar='<flavor-id>', help='For boots of this flavor (ID)')
        parser.add_argument('--service-level', type=float, metavar='<probability>',
                            help='For guaranteed: how probably, from 0.5 to 0.9999 (default: as configured)')
        return parser

    def take_action(self, parsed_args):
        rule = {'tier': parsed_args.tier, 'pool_id': parsed_args.pool, 'project_id': parsed_args.project,
                'flavor_id': parsed_args.flavor, 'service_level': parsed_args.service_level}
        answer = self.app.client_manager.larder.put('/tiers', {'tier': rule})
        return columns.shown(answer['tier'], SHOW)


class UnsetTier(command.Command):
    """Take rules back"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('rule', nargs='+', metavar='<rule>', help='The rule (ID)')
        return parser

    def take_action(self, parsed_args):
        for rule in parsed_args.rule:
            self.app.client_manager.larder.delete('/tiers/' + rule)
