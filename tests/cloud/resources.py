# SPDX-License-Identifier: Apache-2.0
"""What the cloud holds and is made through its APIs; each step looks before it makes.

    resources.py catalog   services, projects, users, roles; writes their ids to $ETC/ids
    resources.py telemetry what `catalog` makes, for Gnocchi and Ceilometer
    resources.py base      images, flavors, networks, volume types, the hosts' aggregate
    resources.py ready SINCE   waits until every service has reported itself up after SINCE (seconds of the epoch): a service
                           that has just been started anew looks up by its old report while it still sets up
    resources.py qemu      the zone of qemu.sh; waits until its hosts are up
    resources.py status    prints the services

Run by `up` and `status` with the interpreter of the virtual environment and the environment of lib.sh.
"""
import datetime
import os
import sys
import time

import openstack

ROOT = os.environ['ROOT']
ETC = os.environ['ETC']
PASSWORD = os.environ['PASS']
REGION = os.environ['REGION']
HOSTS = ['fake%d' % (n + 1) for n in range(int(os.environ['HOSTS']))]

CATALOG = (  # name, type, port, path
    ('placement', 'placement', 'PLACEMENT', ''),
    ('glance', 'image', 'GLANCE_API', ''),
    ('nova', 'compute', 'NOVA_API', '/v2.1'),
    ('neutron', 'network', 'NEUTRON_API', ''),
    ('cinderv3', 'volumev3', 'CINDER_API', '/v3/%(project_id)s'),
    ('larder', 'larder', 'LARDERD', ''),
)
PROJECTS = (
    'service',
    'demo',             # the tenant whose boots Larder serves
    'plain',            # the tenant that is left out: its boots show the cloud without Larder
    'rival',            # the tenant that must get nothing of demo's
    'fleet1', 'fleet2', 'fleet3',   # tenants that boot by a pattern, for all to see
    'larder',           # owns the pools, and nothing else
    'cinder-internal',  # owns the image-volume cache
)
ROLES = ('admin', 'member', 'reader', 'service', 'larder_hook')
USERS = (  # name, project, roles
    ('placement', 'service', ('admin', 'service')),
    ('glance', 'service', ('admin', 'service')),
    ('nova', 'service', ('admin', 'service')),
    ('neutron', 'service', ('admin', 'service')),
    ('cinder', 'service', ('admin', 'service')),
    ('demo', 'demo', ('member', 'reader')),
    ('plain', 'plain', ('member', 'reader')),
    ('rival', 'rival', ('member', 'reader')),
    *((name, name, ('member', 'reader')) for name in ('fleet1', 'fleet2', 'fleet3')),
    ('larder', 'larder', ('admin',)),
    ('larder-hook', 'service', ('larder_hook',)),
    ('cinder-internal', 'cinder-internal', ('member',)),
)
TELEMETRY_CATALOG = (('gnocchi', 'metric', 'GNOCCHI_API', ''),)
TELEMETRY_USERS = (
    ('gnocchi', 'service', ('admin', 'service')),
    ('ceilometer', 'service', ('admin', 'service')),
)
FLAVORS = (('m1.nano', 1, 64, 0), ('m1.tiny', 1, 128, 1), ('m1.small', 1, 256, 2), ('m1.medium', 2, 512, 5))
IMAGES = ('tiny', 'medium')
NETWORKS = (  # name, its project or None for one that all share, range
    ('private', None, '10.10.0.0/16'),
    ('demo-net', 'demo', '10.20.0.0/20'),
    ('plain-net', 'plain', '10.30.0.0/20'),
    ('fleet1-net', 'fleet1', '10.41.0.0/20'),
    ('fleet2-net', 'fleet2', '10.42.0.0/20'),
    ('fleet3-net', 'fleet3', '10.43.0.0/20'),
)
VOLUME_TYPES = ('nfs', 'nfs-cached')


def url(port, path=''):
    return 'http://127.0.0.1:%s%s' % (os.environ['PORT_' + port], path)


def connect():
    return openstack.connect(auth_url=url('KEYSTONE', '/v3'), username='admin', password=PASSWORD,
                             project_name='admin', user_domain_id='default', project_domain_id='default',
                             region_name=REGION, compute_api_version='2.93', load_yaml_config=False,
                             load_envvars=False)


def by_name(rows):
    return {row.name: row for row in rows}


def catalog(cloud, entries=CATALOG, accounts=USERS):
    identity = cloud.identity
    services = by_name(identity.services())
    endpoints = {(e.service_id, e.interface) for e in identity.endpoints()}
    for name, kind, port, path in entries:
        service = services.get(name) or identity.create_service(name=name, type=kind)
        for interface in ('public', 'internal', 'admin'):
            if (service.id, interface) not in endpoints:
                identity.create_endpoint(service_id=service.id, interface=interface, url=url(port, path),
                                         region_id=REGION)
    roles = by_name(identity.roles())
    for name in ROLES:
        roles[name] = roles.get(name) or identity.create_role(name=name)
    projects = by_name(identity.projects())
    for name in PROJECTS:
        projects[name] = projects.get(name) or identity.create_project(name=name, domain_id='default')
    users = by_name(identity.users())
    for name, project, names in accounts:
        users[name] = users.get(name) or identity.create_user(
            name=name, password=PASSWORD, domain_id='default', default_project_id=projects[project].id)
        for role in names:
            identity.assign_project_role_to_user(projects[project].id, users[name].id, roles[role].id)
    write_ids(projects, users)


def telemetry(cloud):
    catalog(cloud, TELEMETRY_CATALOG, TELEMETRY_USERS)


def write_ids(projects, users):
    """For the configuration files that name a project or user by its id."""
    with open(os.path.join(ETC, 'ids'), 'w') as f:
        for prefix, rows in (('PROJECT', projects), ('USER', users)):
            for name, row in sorted(rows.items()):
                f.write('%s_%s=%s\n' % (prefix, name.upper().replace('-', '_'), row.id))


def base(cloud):
    flavors = by_name(cloud.compute.flavors())
    for name, cpus, ram, disk in FLAVORS:
        if name not in flavors:
            cloud.compute.create_flavor(name=name, vcpus=cpus, ram=ram, disk=disk)
    networks = by_name(cloud.network.networks())
    for name, project, cidr in NETWORKS:
        if name not in networks:
            make_network(cloud, name, project, cidr)
    types = by_name(cloud.block_storage.types())
    for name in VOLUME_TYPES:
        if name not in types:
            cloud.block_storage.create_type(name=name, extra_specs={'volume_backend_name': name})
    images = by_name(cloud.image.images())
    for name in IMAGES:
        if name not in images:
            cloud.image.create_image(name, container_format='bare', disk_format='raw', visibility='public',
                                     filename='%s/images/%s.raw' % (ROOT, name), wait=True, allow_duplicates=True)
    aggregate = by_name(cloud.compute.aggregates()).get('fake') \
        or cloud.compute.create_aggregate(name='fake', availability_zone='fake')
    for host in set(HOSTS) - set(aggregate.hosts or ()):
        cloud.compute.add_host_to_aggregate(aggregate.id, host)


def make_network(cloud, name, project, cidr):
    owner = {'project_id': cloud.identity.find_project(project).id} if project else {}
    network = cloud.network.create_network(name=name, shared=not project, **owner)
    cloud.network.create_subnet(network_id=network.id, name=name + '4', ip_version=4, cidr=cidr, **owner)


def services(cloud):
    """(service, binary, host, state, time of its last report) of each"""
    for s in cloud.compute.services():
        yield 'nova', s.binary, s.host, s.state, s.updated_at
    for a in cloud.network.agents():
        yield 'neutron', a.binary, a.host, 'up' if a.is_alive else 'down', a.last_heartbeat_at
    for s in cloud.block_storage.get('/os-services').json()['services']:
        yield 'cinder', s['binary'], s['host'], s['state'], s['updated_at']


def reported_after(since, text):
    if not text:
        return False
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc).timestamp() >= since


def ready(cloud, since='0'):
    wanted = {('nova-conductor', None), ('nova-scheduler', None), ('cinder-scheduler', None),
              ('cinder-volume', 'cinder1@nfs'), ('cinder-volume', 'cinder1@nfs-cached')}
    wanted |= {('nova-compute', host) for host in HOSTS}
    end = time.monotonic() + 180
    problem = None
    while time.monotonic() < end:
        try:
            up = [(binary, host) for _, binary, host, state, report in services(cloud)
                  if state == 'up' and reported_after(int(since), report)]
            wanted_now = wanted - set(up) - {(b, None) for b, _ in up}
            if not wanted_now:
                return
            problem = ', '.join('%s on %s' % (b, h or 'any host') for b, h in sorted(wanted_now, key=str))
        except Exception as e:  # an API that is not ready yet answers in many ways
            problem = str(e)[:300]
        time.sleep(0.5)
    sys.exit('not up after 180 s: ' + problem)


def qemu(cloud):
    hosts = {'qemu1', 'fake9'}
    aggregate = by_name(cloud.compute.aggregates()).get('qemu') \
        or cloud.compute.create_aggregate(name='qemu', availability_zone='qemu')
    for host in hosts - set(aggregate.hosts or ()):
        cloud.compute.add_host_to_aggregate(aggregate.id, host)
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if hosts <= {s.host for s in cloud.compute.services() if s.binary == 'nova-compute' and s.state == 'up'}:
            return
        time.sleep(0.5)
    sys.exit('qemu1 and fake9 are not up after 120 s')


def status(cloud):
    for row in services(cloud):
        print('%-8s %-28s %-20s %-5s %s' % row)


if __name__ == '__main__':
    for variable in [v for v in os.environ if v.startswith('OS_')]:
        del os.environ[variable]
    steps = {'catalog': catalog, 'telemetry': telemetry, 'base': base, 'ready': ready, 'qemu': qemu, 'status': status}
    steps[sys.argv[1]](connect(), *sys.argv[2:])
