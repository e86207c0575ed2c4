# SPDX-License-Identifier: Apache-2.0
"""Tables out of the API's objects: a column is a title and where its value stands (a path, or a function).

Table and CSV get text that is easy to read, JSON and YAML the values themselves: cliff asks a FormattableColumn for what
it needs.
"""
from cliff import columns as cliff_columns


class Seconds(cliff_columns.FormattableColumn):
    """A duration, short: 850ms, 7.4s, 3m10s."""

    def human_readable(self):
        value = self._value
        if value is None:
            return '-'
        if value < 1:
            return '%dms' % round(value * 1000)
        if value < 60:
            return '%.1fs' % value
        return '%dm%02ds' % divmod(round(value), 60)


class Words(cliff_columns.FormattableColumn):
    """A list in one line."""

    def human_readable(self):
        return ', '.join(map(str, self._value)) if self._value else '-'


class Lines(cliff_columns.FormattableColumn):
    """A list of objects, one a line."""

    def human_readable(self):
        return '\n'.join(' '.join('%s=%s' % pair for pair in each.items() if pair[1] is not None)
                         for each in self._value or ())


class Plain(cliff_columns.FormattableColumn):
    """Anything; nothing shows as a dash."""

    def human_readable(self):
        return '-' if self._value is None or self._value == '' else str(self._value)


def value(item, path):
    """The value at a path like items.ready; None where it ends early."""
    if callable(path):
        return path(item)
    for name in path.split('.'):
        item = item.get(name) if isinstance(item, dict) else None
    return item


def row(item, table):
    return tuple(kind(value(item, path)) for _, path, kind in table)


def titles(table):
    return tuple(title for title, _, _ in table)


def listed(items, table):
    return titles(table), (row(item, table) for item in items)


def shown(item, table):
    return titles(table), row(item, table)


def add_paging(parser):
    parser.add_argument('--limit', type=_count, metavar='<n>', help='At most so many (default: all)')
    parser.add_argument('--marker', metavar='<id>', help='Begin after this one')


def _count(text):
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
