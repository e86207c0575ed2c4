# SPDX-License-Identifier: Apache-2.0
"""openstack larder pool list|show|set|drain"""
from osc_lib import exceptions
from osc_lib.command import command

from larder_openstack.osc import columns
from larder_openstack.osc.columns import Plain, Seconds, Words


def _what(pool):
    """What the pool's items are of, for a tired eye: the network, or the image."""
    return columns.value(pool, 'key.network_id') or columns.value(pool, 'key.image_id')


LIST = (
    ('ID', 'id', Plain),
    ('Kind', 'kind', Plain),
    ('Project', 'key.project_id', Plain),
    ('Network/Image', _what, Plain),
    ('Size', 'key.size', Plain),
    ('State', 'state', Plain),
    ('Tier', 'tier', Plain),
    ('Goal', 'goal', Plain),
    ('Ready', 'items.ready', Plain),
    ('Making', lambda pool: _making(pool), Plain),
    ('Claimed', 'items.claimed', Plain),
    ('Failed', 'items.failed', Plain),
    ('Lead time', 'lead_time', Seconds),
)

SHOW = (
    ('id', 'id', Plain),
    ('kind', 'kind', Plain),
    ('state', 'state', Plain),
    ('project_id', 'key.project_id', Plain),
    ('network_id', 'key.network_id', Plain),
    ('security_groups', 'key.security_groups', Words),
    ('image_id', 'key.image_id', Plain),
    ('aggregate_id', 'key.aggregate_id', Plain),
    ('size', 'key.size', Plain),
    ('volume_type_id', 'key.volume_type_id', Plain),
    ('availability_zone', 'key.availability_zone', Plain),
    ('tier', 'tier', Plain),
    ('tier_rule', lambda pool: _rule(pool), Plain),
    ('target', 'target', Plain),
    ('target_since', 'target_since', Plain),
    ('decision', 'decision.reason', Plain),
    ('interval', 'decision.interval', Seconds),
    ('service_level', 'decision.service_level', Plain),
    ('floor', 'floor', Plain),
    ('ceiling', 'ceiling', Plain),
    ('goal', 'goal', Plain),
    ('wanted', 'items.wanted', Plain),
    ('creating', 'items.creating', Plain),
    ('ready', 'items.ready', Plain),
    ('claimed', 'items.claimed', Plain),
    ('releasing', 'items.releasing', Plain),
    ('failed', 'items.failed', Plain),
    ('lead_time', 'lead_time', Seconds),
    ('lead_time_high', 'lead_time_high', Seconds),
    ('failures', 'failures', Plain),
    ('not_before', 'not_before', Plain),
    ('last_error', 'last_error', Plain),
    ('demanded_at', 'demanded_at', Plain),
    ('created_at', 'created_at', Plain),
    ('updated_at', 'updated_at', Plain),
)


def _rule(pool):
    """Which rule gave the tier: its id, and what it is for."""
    rule = pool.get('tier_rule')
    if not rule:
        return None
    scope = ' '.join('%s=%s' % (name[:-3], rule[name]) for name in ('pool_id', 'project_id', 'flavor_id') if rule.get(name))
    return '%s (%s)' % (rule['id'], scope)


def _making(pool):
    return (columns.value(pool, 'items.wanted') or 0) + (columns.value(pool, 'items.creating') or 0)


def _of(pool, kind):
    """A pool shows the members of its kind's key only."""
    other = {'port': ('image_id', 'size', 'volume_type_id', 'availability_zone', 'aggregate_id'),
             'volume': ('project_id', 'network_id', 'security_groups', 'aggregate_id'),
             'image': ('project_id', 'network_id', 'security_groups', 'size', 'volume_type_id', 'availability_zone',
                       'claimed', 'releasing')}.get(kind, ())
    return tuple(column for column in SHOW if column[0] not in other)


class ListPool(command.Lister):
    """List the pools"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('--kind', choices=('port', 'volume', 'image'), help='Only pools of this kind')
        parser.add_argument('--project', metavar='<project-id>', help='Only pools of this project (ID)')
        columns.add_paging(parser)
        return parser

    def take_action(self, parsed_args):
        pools = self.app.client_manager.larder.list('pools', parsed_args.limit, parsed_args.marker,
                                                    kind=parsed_args.kind, project_id=parsed_args.project)
        return columns.listed(pools, LIST)


class _OnePool(command.ShowOne):
    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('pool', metavar='<pool>', help='The pool (ID)')
        return parser

    def show(self, answer):
        pool = answer['pool']
        return columns.shown(pool, _of(pool, pool['kind']))

    def change(self, parsed_args, changes):
        return self.show(self.app.client_manager.larder.patch('/pools/' + parsed_args.pool, {'pool': changes}))


class ShowPool(_OnePool):
    """Show a pool"""

    def take_action(self, parsed_args):
        return self.show(self.app.client_manager.larder.get('/pools/' + parsed_args.pool))


class CreatePool(command.ShowOne):
    """Have an image cached on the hosts of an aggregate, whether boots of it are forecast or not"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('--image', required=True, metavar='<image-id>', help='The image (ID)')
        parser.add_argument('--aggregate', required=True, type=int, metavar='<aggregate-id>',
                            help="Nova's aggregate (ID)")
        parser.add_argument('--floor', type=int, default=1, metavar='<n>',
                            help='0: only when boots are forecast; default: 1, which means on all its hosts')
        return parser

    def take_action(self, parsed_args):
        pool = self.app.client_manager.larder.post('/pools', {'pool': {
            'image_id': parsed_args.image, 'aggregate_id': parsed_args.aggregate, 'floor': parsed_args.floor}})['pool']
        return columns.shown(pool, _of(pool, pool['kind']))


class SetPool(_OnePool):
    """Change how many items a pool holds, or whether it makes any"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('--floor', type=int, metavar='<n>', help='Hold at least so many ready items')
        parser.add_argument('--ceiling', type=int, metavar='<n>', help='Hold at most so many items')
        state = parser.add_mutually_exclusive_group()
        state.add_argument('--pause', dest='state', action='store_const', const='paused',
                           help='Make no more items; those that are ready are still handed out')
        state.add_argument('--resume', dest='state', action='store_const', const='active', help='Make items again')
        return parser

    def take_action(self, parsed_args):
        changes = {name: getattr(parsed_args, name) for name in ('floor', 'ceiling', 'state')
                   if getattr(parsed_args, name) is not None}
        if not changes:
            raise exceptions.CommandError('Nothing to change: give --floor, --ceiling, --pause or --resume')
        return self.change(parsed_args, changes)


class DrainPool(_OnePool):
    """Empty a pool: nothing more is made or handed out, and what is ready is deleted"""

    def take_action(self, parsed_args):
        return self.change(parsed_args, {'state': 'draining'})
