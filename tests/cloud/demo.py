# SPDX-License-Identifier: Apache-2.0
"""What quickstart shows. `demo.py boots`: the same servers booted without Larder (project plain) and with it (project demo);
`fleet`: tenants whose demand the forecasts follow, as the operator sees it live; `pools`: the pools in the end.
tests/bench/run measures with more care."""
import os
import signal
import statistics
import subprocess
import sys
import time

import fleet
from support import boots, cloud, larder

BOOTS = 3           # of each kind
NETWORK = 'private'
KINDS = (           # title, image, from volume
    ('boot from a new volume (512 MB image)', 'medium', True),
    ('boot from image', 'tiny', False),
)
BEGAN = time.monotonic()


def say(text):
    print('%7.1fs  %s' % (time.monotonic() - BEGAN, text), flush=True)


def environment():
    """The operator's."""
    env = {name: value for name, value in os.environ.items() if not name.startswith('OS_')}
    env.update(OS_AUTH_URL=cloud.url('KEYSTONE', '/v3'), OS_USERNAME='admin', OS_PASSWORD=cloud.PASSWORD,
               OS_PROJECT_NAME='admin', OS_USER_DOMAIN_ID='default', OS_PROJECT_DOMAIN_ID='default',
               OS_IDENTITY_API_VERSION='3')
    return env


def client(*words):
    return [os.path.join(os.path.dirname(sys.executable), 'openstack'), *words]


def openstack(*words, show=True):
    """Runs the operator's client and shows the command, and what it says."""
    print('\n$ openstack ' + ' '.join(words), flush=True)
    subprocess.run(client(*words), env=environment(), check=True, stdout=None if show else subprocess.DEVNULL)


def boot(tenant, image, from_volume):
    """Seconds from POST /servers to ACTIVE. The machine is quiet before: on two cores the making of the next volume would
    be measured along with the boot."""
    larder.quiet()
    root = boots.new_volume(image, 1) if from_volume else None
    made = boots.boot(cloud.user(tenant), boots.body('quickstart', [NETWORK], image, root))
    boots.delete(made)
    return made[0].seconds


def boot_all(word, tenant):
    """Medians by kind, after a boot of each that warms the services up and is not counted."""
    medians = {}
    for title, image, from_volume in KINDS:
        boot(tenant, image, from_volume)
        seconds = [boot(tenant, image, from_volume) for _ in range(BOOTS)]
        say('%s, %s: %s s' % (title, word, '  '.join('%.1f' % s for s in seconds)))
        medians[title] = statistics.median(seconds)
    return medians


def stock():
    """Pools come into being by demand; the operator gives them their floor."""
    demo = cloud.user('demo')
    say('the first boots of project demo find no pool, and make it known')
    pools = [larder.port_pool(demo, NETWORK), larder.volume_pool(demo, 'medium', 1, 'nfs', NETWORK)]
    for pool in pools:
        openstack('larder', 'pool', 'set', pool['id'], '--floor', str(BOOTS), show=False)
    say('stock the pools')
    larder.quiet([(pool['id'], BOOTS) for pool in pools])


def show(without, with_):
    print('\n%-40s %12s %12s %8s' % ('median of %d, POST to ACTIVE' % BOOTS, 'without', 'with Larder', 'ratio'))
    for title in without:
        print('%-40s %10.1f s %10.1f s %8.2f' % (title, without[title], with_[title], with_[title] / without[title]))


def show_fleet():
    """The fleet boots while the live view follows it: painted anew on a terminal, now and then otherwise."""
    say('a fleet of %d tenants boots for %d s; nobody sets a floor' % (len(fleet.TENANTS), fleet.LENGTH))
    delay = 3 if sys.stdout.isatty() else 30
    words = ('larder', 'top', '--delay', str(delay), '--window', str(fleet.LENGTH))
    print('\n$ openstack ' + ' '.join(words), flush=True)
    view = subprocess.Popen(client(*words), env=environment(), stdin=subprocess.DEVNULL)
    try:
        players = fleet.run()
    finally:
        end(view)
    fleet.show(players)


def end(view):
    """As the user would, so that it leaves the terminal as it was; in the background nobody hears that."""
    view.send_signal(signal.SIGINT)
    try:
        view.wait(10)
    except subprocess.TimeoutExpired:
        view.terminate()
        view.wait(10)


def show_boots():
    boots.sweep('quickstart')
    without = boot_all('without Larder', 'plain')
    stock()
    with_ = boot_all('with Larder', 'demo')
    larder.quiet()
    show(without, with_)


def show_pools():
    openstack('larder', 'pool', 'list')


if __name__ == '__main__':
    {'boots': show_boots, 'fleet': show_fleet, 'pools': show_pools}[sys.argv[1]]()
