# SPDX-License-Identifier: Apache-2.0
"""How fast the listener is beside a consumer that does nothing, and what it loses when all around it is killed."""
import argparse
import json
import os
import subprocess
import sys

import report

PROGRAM = os.path.join(os.environ.get('LARDER_BUILD_DIR', '.'), 'tests', 'bench', 'bus_bench')


def measure(*arguments):
    report.say('bus_bench %s' % ' '.join(arguments))
    return json.loads(subprocess.run([PROGRAM, *arguments], stdout=subprocess.PIPE, check=True).stdout)


def main():
    parser = argparse.ArgumentParser(prog='run bus')
    parser.add_argument('--json', metavar='FILE', help='write the measures there')
    parser.add_argument('--messages', default='200000', help='sent while servers are killed (default: 200000)')
    options = parser.parse_args()
    if not os.path.exists(PROGRAM):
        sys.exit('there is no %s: make tests/bench/bus_bench builds it, LARDER_BUILD_DIR says where' % PROGRAM)
    figures = {**measure('share'), **measure('lost', options.messages)}
    measures = {name: figures.pop(name) for name in ('bus_share', 'bus_lost')}
    report.write(options.json, measures, figures)
    print(figures)
    return 1 if report.verdict(measures) else 0


if __name__ == '__main__':
    sys.exit(main())
