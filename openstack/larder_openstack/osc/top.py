# SPDX-License-Identifier: Apache-2.0
"""openstack larder top: a live view in the manner of top. On a terminal the screen is painted anew every few seconds, q
ends it; into a pipe or file each look is printed below the last."""
import contextlib
import itertools
import select
import shutil
import sys
import termios
import time
import tty

from osc_lib import exceptions
from osc_lib.command import command

from larder_openstack.osc import columns, watched

HOME, CLEAR_LINE, CLEAR_BELOW, REVERSE, PLAIN = '\033[H', '\033[K', '\033[J', '\033[7m', '\033[0m'
HIDE_CURSOR, SHOW_CURSOR, OTHER_SCREEN, OWN_SCREEN = '\033[?25l', '\033[?25h', '\033[?1049h', '\033[?1049l'

HEADINGS = ('KIND', 'PROJECT', 'NETWORK/IMAGE', 'TIER', 'STATE', 'DEMAND/m', 'FORECAST', 'TARGET', 'GOAL', 'READY', 'MAKING',
            'HITS', 'MISSES', 'HIT%', 'SAVED')
WIDTHS = (6, 12, 18, 13, 8, 8, 8, 6, 5, 5, 6, 5, 6, 5, 8)
FORECASTS, FORECAST_AGE = 30, 15    # of so many pools, so old at the most in seconds
LEFT = 5    # so many columns are words, the others numbers


class Names:
    """What ids are called, each asked for once; an id that nobody knows is shown by its beginning."""

    def __init__(self, find):
        self._find = find       # (kind, id) -> name; may fail
        self._known = {}

    def of(self, kind, id_):
        if not id_:
            return '-'
        if (kind, id_) not in self._known:
            try:
                name = self._find(kind, id_)
            except Exception:   # any client, any error: a name is never worth an end of the view
                name = None
            self._known[kind, id_] = name or id_[:8]
        return self._known[kind, id_]


def percent(share):
    return '-' if share is None else '%.0f%%' % (100 * share)


def duration(seconds):
    return columns.Seconds(seconds).human_readable() if seconds else '-'


def cells(line, names, forecast):
    key = line.pool['key']
    things = ('network', key['network_id']) if key.get('network_id') else ('image', key.get('image_id'))
    total = line.hits + line.misses
    return (line.kind, names.of('project', key.get('project_id')), names.of(*things), line.tier, line.state,
            '%.1f' % line.per_minute, '-' if forecast is None else '%.1f' % forecast, line.target, line.goal, line.ready,
            line.making, line.hits, line.misses, percent(line.hits / total if total else None), duration(line.saved))


def row_text(values):
    parts = []
    for at, (value, width) in enumerate(zip(values, WIDTHS)):
        text = str(value)
        text = text if len(text) <= width or at >= LEFT else text[:width - 1] + '~'
        parts.append(text.ljust(width) if at < LEFT else text.rjust(width))
    return ' '.join(parts).rstrip()


def summary(total, demand, members, now):
    up = sum(member['state'] == 'up' for member in members)
    yield 'larder top - %s, %d of %d processes up, the last %d s' % (
        time.strftime('%H:%M:%S', time.localtime(now)), up, len(members), demand.window)
    yield 'Creates: %.1f per minute, %d hits, %d misses, %s served, %s saved' % (
        total.per_minute, total.hits, total.misses, percent(total.share), duration(total.saved))
    yield 'Items: %d ready of %d wanted, %d in the making' % (total.ready, total.goal, total.making)
    yield 'Misses: %s' % (', '.join('%s %d' % pair for pair in total.reasons.most_common(5)) or 'none')


class View:
    """What one look shows, as lines of text."""

    def __init__(self, client, names, window):
        self.client = client
        self.names = names
        self.demand = watched.Demand(window)
        self.forecasts = {}     # pool's id: (when it was asked for, mean)

    def look(self, now):
        newest = itertools.islice(self.client.list('demand'), watched.PAGES * 1000)
        self.demand.update(newest, now)
        made = watched.lines(list(self.client.list('pools')), self.demand)
        members = list(self.client.list('members'))
        yield from summary(watched.Total(made, self.demand), self.demand, members, now)
        yield ''
        yield row_text(HEADINGS)
        for number, line in enumerate(made):
            yield row_text(cells(line, self.names, self.forecast(line, now) if number < FORECASTS else None))

    def forecast(self, line, now):
        """The mean demand that is expected within the pool's protection interval, the shortest that is forecast; it does
        not change at each look, and is asked for now and then only."""
        asked, mean = self.forecasts.get(line.id, (-FORECAST_AGE, None))
        if now - asked >= FORECAST_AGE:
            found = []
            with contextlib.suppress(exceptions.CommandError):      # nothing was seen yet that could be forecast
                found = self.client.get('/forecasts', pool_id=line.id).get('forecasts', [])
            mean = min(found, key=lambda each: each['length'])['mean'] if found else None
            self.forecasts[line.id] = now, mean
        return mean


class Screen:
    """A terminal, painted from the top without flicker."""

    def __init__(self, out):
        self.out = out

    @contextlib.contextmanager
    def opened(self):
        before = termios.tcgetattr(sys.stdin) if sys.stdin.isatty() else None
        self.out.write(OTHER_SCREEN + HIDE_CURSOR)
        try:
            if before:
                tty.setcbreak(sys.stdin)
            yield self
        finally:
            if before:
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
            self.out.write(SHOW_CURSOR + OWN_SCREEN)
            self.out.flush()

    def paint(self, lines):
        width, height = shutil.get_terminal_size()
        shown = [line[:width] for line in lines][:height - 1]
        heading = row_text(HEADINGS)[:width]
        shown = [REVERSE + line.ljust(width) + PLAIN if line == heading else line + CLEAR_LINE for line in shown]
        self.out.write(HOME + '\r\n'.join(shown) + CLEAR_LINE + CLEAR_BELOW)
        self.out.flush()

    def rest(self, seconds):
        """False when the user wants to end."""
        if not sys.stdin.isatty():
            time.sleep(seconds)
            return True
        readable, _, _ = select.select([sys.stdin], [], [], seconds)
        return not readable or sys.stdin.read(1) not in 'qQ'


class Batch:
    """Each look below the last."""

    def __init__(self, out):
        self.out = out

    @contextlib.contextmanager
    def opened(self):
        yield self

    def paint(self, lines):
        self.out.write('\n'.join(lines) + '\n\n')
        self.out.flush()

    def rest(self, seconds):
        time.sleep(seconds)
        return True


def watch(view, surface, iterations, delay):
    """Looks `iterations` times (None: until it is ended)."""
    with surface.opened():
        for number in itertools.count(1):
            surface.paint(list(view.look(time.time())))
            if number == iterations or not surface.rest(delay):
                return


class Top(command.Command):
    """Watch the pools: demand, forecast, target, what is ready, hits and misses, seconds saved"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('-n', '--iterations', type=int, metavar='<n>', help='End after so many looks')
        parser.add_argument('-d', '--delay', type=float, default=3.0, metavar='<seconds>',
                            help='Time between two looks (default: 3)')
        parser.add_argument('-b', '--batch', action='store_true',
                            help='Print each look below the last, as is done anyway when the output is no terminal')
        parser.add_argument('--window', type=int, default=600, metavar='<seconds>',
                            help='Count demand, hits and seconds saved of the last so many seconds (default: 600)')
        return parser

    def take_action(self, parsed_args):
        manager = self.app.client_manager
        view = View(manager.larder, Names(lambda kind, id_: self._name(manager, kind, id_)), max(1, parsed_args.window))
        batch = parsed_args.batch or not sys.stdout.isatty()
        surface = Batch(self.app.stdout) if batch else Screen(sys.stdout)
        with contextlib.suppress(KeyboardInterrupt):
            watch(view, surface, parsed_args.iterations, max(0.1, parsed_args.delay))

    @staticmethod
    def _name(manager, kind, id_):
        connection = manager.sdk_connection
        find = {'network': lambda: connection.network.get_network(id_), 'image': lambda: connection.image.get_image(id_),
                'project': lambda: connection.identity.get_project(id_)}[kind]
        return find().name
