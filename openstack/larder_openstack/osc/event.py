# SPDX-License-Identifier: Apache-2.0
"""openstack larder event create|list|show|delete, openstack larder calendar list"""
from osc_lib.command import command

from larder_openstack.osc import columns
from larder_openstack.osc.columns import Plain

LIST = (
    ('ID', 'id', Plain),
    ('Name', 'name', Plain),
    ('Begin At', 'begin_at', Plain),
    ('End At', 'end_at', Plain),
    ('Recurrence', 'recurrence', Plain),
    ('Project', 'project_id', Plain),
    ('Flavor', 'flavor_id', Plain),
    ('Series', 'series_id', Plain),
)

SHOW = tuple((name, name, Plain) for name in (
    'id', 'name', 'begin_at', 'end_at', 'recurrence', 'project_id', 'flavor_id', 'series_id', 'created_at'))

CALENDARS = (
    ('Source', 'source', Plain),
    ('Read At', 'read_at', Plain),
    ('Changed At', 'changed_at', Plain),
    ('Occurrences Ahead', 'occurrences_ahead', Plain),
    ('Checked At', 'checked_at', Plain),
    ('Error', 'error', Plain),
)


class CreateEvent(command.ShowOne):
    """Tell the forecast of an event; what it multiplies demand by is learned from when it took place, by its name"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('name', metavar='<name>', help='Events of one name are one to the forecast')
        parser.add_argument('--begin', required=True, metavar='<time>', help='As 2026-01-31T08:00:00Z, in UTC')
        parser.add_argument('--end', required=True, metavar='<time>', help='The same; at most a year later')
        parser.add_argument('--recurrence', metavar='<rule>',
                            help="How it repeats, as iCalendar has it, at the same local time: 'FREQ=WEEKLY;BYDAY=MO' (default: once)")
        parser.add_argument('--project', metavar='<project-id>', help='Only for demand of this project (ID)')
        parser.add_argument('--flavor', metavar='<flavor-id>', help='Only for demand of this flavor (ID)')
        parser.add_argument('--series', type=int, metavar='<series>', help='Only for this series (a number)')
        return parser

    def take_action(self, parsed_args):
        event = {'name': parsed_args.name, 'begin_at': parsed_args.begin, 'end_at': parsed_args.end,
                 'recurrence': parsed_args.recurrence, 'project_id': parsed_args.project,
                 'flavor_id': parsed_args.flavor, 'series_id': parsed_args.series}
        return columns.shown(self.app.client_manager.larder.post('/events', {'event': event})['event'], SHOW)


class ListEvent(command.Lister):
    """List the events that the forecast was told of"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        columns.add_paging(parser)
        return parser

    def take_action(self, parsed_args):
        return columns.listed(self.app.client_manager.larder.list('events', parsed_args.limit, parsed_args.marker), LIST)


class ShowEvent(command.ShowOne):
    """Show an event"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('event', metavar='<event>', help='The event (ID)')
        return parser

    def take_action(self, parsed_args):
        return columns.shown(self.app.client_manager.larder.get('/events/' + parsed_args.event)['event'], SHOW)


class DeleteEvent(command.Command):
    """Take events back: those to come have no effect then"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('event', nargs='+', metavar='<event>', help='The event (ID)')
        return parser

    def take_action(self, parsed_args):
        for event in parsed_args.event:
            self.app.client_manager.larder.delete('/events/' + event)


class ListCalendar(command.Lister):
    """List the configured calendars: when each was read, how many occurrences are ahead, what went wrong"""

    def take_action(self, parsed_args):
        return columns.listed(self.app.client_manager.larder.get('/calendars')['calendars'], CALENDARS)
