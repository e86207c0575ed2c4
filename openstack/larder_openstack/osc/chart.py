# SPDX-License-Identifier: Apache-2.0
"""A bar chart in the terminal: what was seen, and behind it the band of what is forecast for the next interval.

All bars are totals of intervals of the same length as the forecast's, so that bars and band can be compared.
"""
import math

EIGHTHS = ' ▁▂▃▄▅▆▇█'
BANDS = ((0.5, '█', '#'), (0.75, '▓', '+'), (0.9, '▒', ':'), (0.99, '░', '.'))
BAND_WIDTH = 6


def draw(bars, quantiles, width, height, plain=False):
    """Lines of text, how many bars had room, and the column at which the band begins.

    Bars are numbers, oldest first, None where nobody watched; quantiles is a dict of level to demand.
    """
    label = len(_number(_top(bars, quantiles)))
    room = max(width - label - 3 - BAND_WIDTH, 1)
    bars = bars[-room:]
    thick = max(room // len(bars), 1) if bars else 1
    top = _top(bars, quantiles)
    step = top / height
    lines = []
    for row in range(height - 1, -1, -1):
        mark = _number(top) if row == height - 1 else '0' if row == 0 else ''
        cells = ''.join(_cell(bar, row, step, plain) * thick for bar in bars)
        lines.append('%*s %s%s %s' % (label, mark, '|' if plain else '┤' if mark else '│', cells,
                                     _band(quantiles, row, step, plain) * BAND_WIDTH))
    return [line.rstrip() for line in lines], len(bars), label + 3 + thick * len(bars)


def axis(first, now, column):
    """The line below: when the first bar began, and when the band does."""
    begin = ' ' * (column - len(now) // 2) + now
    return first + begin[len(first):] if column > 2 * len(first) + 2 else begin


def legend(quantiles, plain=False):
    return '   '.join('%s %g %%: %s' % (letter if plain else block, level * 100, _number(quantiles[level]))
                      for level, block, letter in BANDS if level in quantiles)


def _top(bars, quantiles):
    """The end of the scale: a round number not below anything that is drawn."""
    most = max([bar for bar in bars if bar is not None] + [quantiles.get(level, 0) for level, _, _ in BANDS] + [1])
    unit = 10 ** math.floor(math.log10(most))
    return next(unit * step for step in (1, 2, 4, 5, 8, 10) if unit * step >= most)


def _cell(bar, row, step, plain):
    if bar is None:
        return '?' if row == 0 else ' '
    part = bar / step - row
    if plain:
        return '#' if part >= 0.5 or (row == 0 and bar) else ' '
    return EIGHTHS[max(0, min(8, math.ceil(part * 8)))]


def _band(quantiles, row, step, plain):
    for level, block, letter in BANDS:
        if quantiles.get(level, 0) > row * step:
            return letter if plain else block
    return ' '


def _number(value):
    return '%.0f' % value if value >= 10 or value == int(value) else '%.1f' % value
