# SPDX-License-Identifier: Apache-2.0
"""The threat model's table (doc/security.md), tried on the real services: who could do what, and whether it gets him
anything. Each row is tried; one whose evidence cannot be had counts as got through. Counter-proofs at the beginning show that
there is something to be had: that the ordinary way is open, and that the traps would have noticed."""
import argparse
import contextlib
import os
import re
import sys

import report
from attacks.scene import Scene, is_item, port_of, volume_of
from attacks.table import ROWS
from attacks.wires import WAYS, spring
from report import say
from support import cloud, larder

DOC = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'doc', 'security.md')


def documented():
    with open(DOC, encoding='utf-8') as file:
        return set(re.findall(r'`([a-z0-9]+(?:-[a-z0-9]+)+)`', ' '.join(
            line for line in file if line.startswith('|'))))


def counter_proofs(scene):
    """There is something to be had, and the traps would notice."""
    for make in (port_of, volume_of):
        made = make(scene, scene.demo, scene.headers(scene.demo, 'nova-token'))
        assert is_item(made), 'the claim serves not even its own boot'
    for where in WAYS:
        assert spring(scene, where, 'good'), 'the trap at %s hears nothing' % where
    scene.claim()


def run(scene, names):
    through = {}
    for name in names:
        function, arguments = ROWS[name]
        try:
            evidence = function(scene, *arguments)
        except Exception as error:   # what could not be tried is not known to be stopped
            evidence = 'could not be tried: %s: %s' % (type(error).__name__, error)
        say('%-45s %s' % (name, 'GOT THROUGH: %s' % evidence if evidence else 'stopped'))
        if evidence:
            through[name] = str(evidence)
    return through


def main():
    parser = argparse.ArgumentParser(prog='tests/bench/run attacks')
    parser.add_argument('names', nargs='*', metavar='ROW', help='rows of the table (all)')
    parser.add_argument('--json', metavar='FILE')
    options = parser.parse_args()
    names = options.names or list(ROWS)
    missing = set(ROWS) ^ documented()
    if missing:
        sys.exit('doc/security.md and the table differ in: %s' % ', '.join(sorted(missing)))
    with larder.restored(), contextlib.ExitStack() as stack:
        larder.empty()
        scene = Scene(stack)
        cloud.database('mysql').cursor().execute('CREATE DATABASE IF NOT EXISTS larder_attacks')
        cloud.database('mysql').cursor().execute("GRANT ALL ON larder_attacks.* TO larder@'127.0.0.1'")
        stack.callback(lambda: cloud.database('mysql').cursor().execute('DROP DATABASE larder_attacks'))
        counter_proofs(scene)
        through = run(scene, names)
        larder.empty()
    found = {'attacks_tried': len(names), 'attacks_through': len(through)}
    report.write(options.json, found, {'through': through} if through else {})
    sys.exit(report.verdict(found) > 0)


if __name__ == '__main__':
    main()
