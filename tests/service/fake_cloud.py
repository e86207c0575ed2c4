#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""As much of a cloud as src/bootstrap asks for, so that its answers can be lost, late or bad.

Keystone's login and the calls of Neutron, Cinder, Glance and Nova that Larder makes, over things in memory. The test steers it by lines on
standard input and reads one line of answer each: see COMMANDS. Where it is said first, as a URL.
"""
import json
import re
import sys
import threading
import uuid
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PROJECT = 'a' * 32
LOCK = threading.RLock()
PORTS, VOLUMES, TRANSFERS, FAULTS = {}, {}, {}, []
CACHED, GLANCE_CACHED = [], []  # what Nova and Glance were asked to cache
AGGREGATES = {1: ['one', 'two'], 2: ['three']}
CLOUD = {'polls': 2, 'free': 1000, 'subnets': 1, 'encrypted': 0, 'image': 'active', 'outcome': 'available', 'image_size': 1, 'visibility': 'public', 'hidden': 0, 'down': '-', 'skew': 0, 'hook_role': 'larder_hook', 'bearers': 'hooks', 'holders': 'larder', 'project': 'enabled', 'shared': 1, 'min_disk': 1, 'specs': 'a', 'member': 'b'}


class Refused(Exception):
    """An answer that is an error: (status, body)."""


def missing(kind):
    if kind == 'port':
        return Refused(404, {'NeutronError': {'type': 'PortNotFound', 'message': 'Port could not be found.', 'detail': ''}})
    return Refused(404, {'itemNotFound': {'code': 404, 'message': f'{kind} could not be found.'}})


def refused(status):
    """What each status looks like when a service means it."""
    word = {413: 'overLimit', 409: 'conflictingRequest', 400: 'badRequest'}.get(status, 'serviceUnavailable')
    text = 'Quota exceeded for resources' if status == 413 else 'The test says so.'
    return Refused(status, {word: {'code': status, 'message': text}})


def denied(_status, body):
    """As Neutron answers what its policy hides: a list without it, or 404."""
    name, inside = next(iter(body.items()))
    if not isinstance(inside, list):
        raise missing(name)
    return 200, {name: []}


# ---- Keystone

def login(_request):
    now = datetime.now(timezone.utc) + timedelta(seconds=int(CLOUD['skew']))
    stamp = '%Y-%m-%dT%H:%M:%S.000000Z'
    catalog = [{'type': kind, 'name': kind, 'id': kind, 'endpoints': [
        {'id': kind, 'interface': 'internal', 'region': 'R', 'region_id': 'R', 'url': URL + path}]}
        for kind, path in (('network', '/network'), ('block-storage', '/volume/v3'), ('image', '/image'), ('compute', '/compute/v2.1'))]
    return 201, {'token': {'issued_at': now.strftime(stamp), 'expires_at': (now + timedelta(hours=1)).strftime(stamp),
                           'methods': ['password'], 'user': {'id': 'u', 'name': 'larder'}, 'catalog': catalog,
                           'project': {'id': PROJECT, 'name': 'larder', 'domain': {'id': 'default', 'name': 'Default'}},
                           'roles': [{'id': 'r', 'name': 'admin'}]}}


def validate(request):
    """A token is called after the one role that it has; each is good for its project of that name."""
    answer = login(request)[1]
    role = request.headers['X-Subject-Token']
    answer['token'].update(roles=[{'id': role, 'name': role}], project={'id': uuid.uuid5(uuid.NAMESPACE_DNS, role).hex, 'name': role,
                                                                        'domain': {'id': 'default', 'name': 'Default'}})
    return 200, answer


def roles(request):
    name = request.query['name'][0]
    return 200, {'roles': [{'id': name, 'name': name}] if name == CLOUD['hook_role'] else []}


def assignments(request):
    """Users are called after what they are: nova's user has the role service, as each compute host knows."""
    def one(user, role):
        return {'user': {'id': user, 'name': user}, 'role': {'id': role, 'name': role}, 'scope': {'project': {'id': PROJECT}}}
    if 'role.id' in request.query:
        found = [one(user, 'larder_hook') for user in CLOUD['bearers'].split(',') if user != '-']
    elif 'user.id' in request.query:
        user = request.query['user.id'][0]
        found = [one(user, 'larder_hook')] + ([one(user, 'service')] if user == 'nova' else [])
    else:
        found = [one(user, 'admin') for user in CLOUD['holders'].split(',')]
    return 200, {'role_assignments': found}


def nothing(_request):
    """A list of which nobody reads the elements."""
    return 200, {}


def project(_request, id):
    if CLOUD['project'] == 'deleted':
        raise missing('project')
    return 200, {'project': {'id': id, 'name': id, 'enabled': CLOUD['project'] == 'enabled', 'domain_id': 'default'}}


def take_by_call(_request, id):
    take(id, 'b' * 32)
    return 204, None


# ---- Neutron

def network(_request, id):
    return 200, {'network': {'id': id, 'project_id': 'b' * 32, 'tenant_id': 'b' * 32, 'mtu': 1450, 'shared': False, 'status': 'ACTIVE',
                             'admin_state_up': True, 'port_security_enabled': True, 'qos_policy_id': None, 'dns_domain': '',
                             'subnets': [str(uuid.UUID(int=n)) for n in range(CLOUD['subnets'])]}}


def subnets(_request):
    return 200, {'subnets': [{'id': str(uuid.UUID(int=n)), 'ip_version': 4, 'cidr': f'10.{n}.0.0/16', 'enable_dhcp': True,
                              'gateway_ip': f'10.{n}.0.1', 'allocation_pools': [], 'dns_nameservers': [], 'host_routes': [],
                              'network_id': None, 'project_id': 'b' * 32} for n in range(CLOUD['subnets'])]}


def rbac(_request):
    return 200, {'rbac_policies': [{'target_tenant': '*'}] if CLOUD['shared'] else []}


def groups(request):
    ids = request.query.get('id', [])
    return 200, {'security_groups': [{'id': id, 'project_id': 'b' * 32, 'name': 'default'} for id in ids]}


def group(_request, id):
    return 200, {'security_group': {'id': id, 'project_id': 'b' * 32, 'name': 'default'}}


def availability(_request, id):
    subnet = {'subnet_id': str(uuid.UUID(int=0)), 'ip_version': 4, 'cidr': '10.0.0.0/16', 'total_ips': CLOUD['free'], 'used_ips': 0}
    return 200, {'network_ip_availability': {'network_id': id, 'project_id': 'b' * 32, 'total_ips': CLOUD['free'], 'used_ips': 0,
                                             'subnet_ip_availability': [subnet]}}


def port_create(request):
    asked = request.body['port']
    id = str(uuid.uuid4())
    PORTS[id] = {'id': id, 'project_id': PROJECT, 'tenant_id': PROJECT, 'status': 'DOWN', 'name': '', 'device_id': '', 'device_owner': '',
                 'security_groups': [], 'fixed_ips': [{'subnet_id': str(uuid.UUID(int=0)), 'ip_address': '10.0.0.9'}], **asked}
    return 201, {'port': PORTS[id]}


def port_get(_request, id):
    if id not in PORTS:
        raise missing('port')
    return 200, {'port': PORTS[id]}


def port_delete(_request, id):
    if not PORTS.pop(id, None):
        raise missing('port')
    return 204, None


def port_list(request):
    return 200, {'ports': page(request, PORTS, ('project_id', 'tenant_id', 'device_id', 'device_owner'))}


# ---- Cinder

def volume_create(request):
    asked = request.body['volume']
    id = str(uuid.uuid4())
    VOLUMES[id] = {'id': id, 'name': asked.get('name'), 'size': asked['size'], 'status': 'creating', 'encrypted': False,
                   'volume_type': asked.get('volume_type'), 'availability_zone': asked.get('availability_zone') or 'nova', 'polls': 0,
                   'os-vol-tenant-attr:tenant_id': PROJECT}
    return 202, {'volume': VOLUMES[id]}


def volume_get(_request, id):
    volume = VOLUMES.get(id)
    if not volume:
        raise missing('volume')
    volume['polls'] += 1
    if volume['status'] == 'creating' and volume['polls'] >= CLOUD['polls']:
        volume['status'] = CLOUD['outcome']
    if volume['status'] == 'deleting' and volume['polls'] >= CLOUD['polls']:
        del VOLUMES[id]
        raise missing('volume')
    return 200, {'volume': volume}


def volume_put(request, id):
    if id not in VOLUMES:
        raise missing('volume')
    VOLUMES[id].update(request.body['volume'])
    return 200, {'volume': VOLUMES[id]}


def volume_delete(_request, id):
    if id not in VOLUMES:
        raise missing('volume')
    if VOLUMES[id]['status'] not in ('available', 'error'):
        raise refused(400)
    VOLUMES[id].update(status='deleting', polls=0)
    return 202, None


def volume_list(request):
    return 200, {'volumes': page(request, {id: v for id, v in VOLUMES.items() if v['os-vol-tenant-attr:tenant_id'] == PROJECT}, ('name',))}


def transfer_create(request):
    volume = VOLUMES.get(request.body['transfer']['volume_id'])
    if not volume:
        raise missing('volume')
    if volume['status'] != 'available':
        raise refused(400)
    volume['status'] = 'awaiting-transfer'
    id = str(uuid.uuid4())
    TRANSFERS[id] = {'id': id, 'volume_id': volume['id'], 'name': None, 'auth_key': 'key-' + id[:12]}
    return 202, {'transfer': TRANSFERS[id]}


def transfer_list(request):
    return 200, {'transfers': [{k: v for k, v in t.items() if k != 'auth_key'} for t in page(request, TRANSFERS, ())]}


def transfer_delete(_request, id):
    transfer = TRANSFERS.pop(id, None)
    if not transfer:
        raise missing('transfer')
    VOLUMES[transfer['volume_id']]['status'] = 'available'
    return 202, None


def volume_type(_request, id):
    return 200, {'volume_type': {'id': id, 'name': 'fast', 'is_public': True, 'extra_specs': {'spec': CLOUD['specs']}, 'qos_specs_id': None}}


def encryption(_request, _id):
    return 200, {'provider': 'luks', 'cipher': 'aes', 'key_size': 256} if CLOUD['encrypted'] else {}


# ---- Glance

def image(_request, id):
    return 200, {'id': id, 'status': CLOUD['image'], 'visibility': CLOUD['visibility'], 'os_hidden': bool(CLOUD['hidden']), 'owner': 'b' * 32, 'min_disk': CLOUD['min_disk'], 'min_ram': 0,
                 'checksum': 'x', 'os_hash_value': 'x', 'updated_at': '2026-01-01T00:00:00Z', 'created_at': '2026-01-01T00:00:00Z',
                 'size': CLOUD['image_size'], 'virtual_size': None, 'disk_format': 'raw', 'container_format': 'bare', 'name': 'image'}


def members(_request, id):
    return 200, {'members': [{'image_id': id, 'member_id': member, 'status': 'accepted'} for member in CLOUD['member'].split(',')]}


def glance_cache(_request, id):
    GLANCE_CACHED.append(id)
    return 202, None


# ---- Nova

def aggregates(_request):
    return 200, {'aggregates': [{'id': id, 'uuid': str(uuid.UUID(int=id)), 'name': f'aggregate{id}', 'availability_zone': None, 'hosts': hosts,
                                 'metadata': {}, 'deleted': False} for id, hosts in AGGREGATES.items()]}


def services(_request):
    hosts = [host for hosts in AGGREGATES.values() for host in hosts]
    return 200, {'services': [{'id': str(uuid.uuid5(uuid.NAMESPACE_DNS, host)), 'binary': 'nova-compute', 'host': host, 'zone': 'nova',
                               'status': 'enabled', 'state': 'down' if host == CLOUD['down'] else 'up'} for host in hosts]}


def cache_images(request, id):
    if int(id) not in AGGREGATES:
        raise missing('Aggregate')
    CACHED.extend(f"{id}:{image['id']}" for image in request.body['cache'])
    return 202, None


def page(request, things, filters):
    """A list as the services page it: by id, behind the marker, at most limit."""
    found = [dict(thing) for id, thing in sorted(things.items())
             if all(thing[name] in request.query[name] for name in filters if name in request.query)]
    marker = request.query.get('marker', [''])[0]
    return [thing for thing in found if thing['id'] > marker][:int(request.query.get('limit', ['1000'])[0])]


ID = r'([0-9a-f-]+)'
ROUTES = [(method, re.compile(path + '$'), answer) for method, path, answer in (
    ('POST', '/identity/v3/auth/tokens', login),
    ('GET', '/identity/v3/auth/tokens', validate),
    ('GET', '/identity/v3/roles', roles),
    ('GET', '/identity/v3/role_assignments', assignments),
    ('GET', '/network/v2.0/network-ip-availabilities', nothing),
    ('GET', '/volume/v3/[^/]+/os-services', nothing),
    ('GET', '/image/v2/images', nothing),
    ('GET', f'/identity/v3/projects/{ID}', project),
    ('POST', f'/take/{ID}', take_by_call),
    ('GET', f'/network/v2.0/networks/{ID}', network),
    ('GET', '/network/v2.0/subnets', subnets),
    ('GET', '/network/v2.0/rbac-policies', rbac),
    ('GET', '/network/v2.0/security-groups', groups),
    ('GET', f'/network/v2.0/security-groups/{ID}', group),
    ('GET', f'/network/v2.0/network-ip-availabilities/{ID}', availability),
    ('POST', '/network/v2.0/ports', port_create),
    ('GET', '/network/v2.0/ports', port_list),
    ('GET', f'/network/v2.0/ports/{ID}', port_get),
    ('DELETE', f'/network/v2.0/ports/{ID}', port_delete),
    ('POST', '/volume/v3/[^/]+/volumes', volume_create),
    ('GET', '/volume/v3/[^/]+/volumes(?:/detail)?', volume_list),
    ('GET', f'/volume/v3/[^/]+/volumes/{ID}', volume_get),
    ('PUT', f'/volume/v3/[^/]+/volumes/{ID}', volume_put),
    ('DELETE', f'/volume/v3/[^/]+/volumes/{ID}', volume_delete),
    ('POST', '/volume/v3/[^/]+/volume-transfers', transfer_create),
    ('GET', '/volume/v3/[^/]+/volume-transfers(?:/detail)?', transfer_list),
    ('DELETE', f'/volume/v3/[^/]+/volume-transfers/{ID}', transfer_delete),
    ('GET', f'/volume/v3/[^/]+/types/{ID}', volume_type),
    ('GET', f'/volume/v3/[^/]+/types/{ID}/encryption', encryption),
    ('GET', f'/image/v2/images/{ID}', image),
    ('GET', f'/image/v2/images/{ID}/members', members),
    ('PUT', f'/image/v2/cache/{ID}', glance_cache),
    ('GET', '/compute/v2.1/os-aggregates', aggregates),
    ('GET', '/compute/v2.1/os-services', services),
    ('POST', '/compute/v2.1/os-aggregates/([0-9]+)/images', cache_images),
)]


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def fault(self):
        """The fault this request is to meet, if any; each is met a stated number of times."""
        for fault in FAULTS:
            if fault['left'] and re.search(fault['what'], f'{self.command} {self.path}'):
                fault['left'] -= 1
                return fault['kind']
        return None

    def route(self):
        for method, path, answer in ROUTES:
            found = path.match(self.path.split('?')[0])
            if found and method == self.command:
                return answer(self, *found.groups())
        print(f'fake cloud: nobody answers {self.command} {self.path}', file=sys.stderr)
        raise Refused(404, {})

    def handle_any(self):
        length = int(self.headers.get('Content-Length') or 0)
        self.body = json.loads(self.rfile.read(length) or b'null')
        self.query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        with LOCK:
            fault = self.fault()
            try:
                if fault and fault.isdigit():
                    raise refused(int(fault))
                status, body = denied(*self.route()) if fault == 'deny' else self.route()
            except Refused as why:
                status, body = why.args
        if fault == 'lose':
            self.close_connection = True
            self.connection.shutdown(2)
            return
        text = json.dumps(body).encode() if body is not None else b''
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(text)))
        self.send_header('X-Openstack-Request-Id', 'req-' + str(uuid.uuid4()))
        self.send_header('X-Subject-Token', 'token')
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any


# ---- what the test says

def set_value(name, value):
    CLOUD[name] = int(value) if value.lstrip('-').isdigit() else value


def set_fault(kind, times, *what):
    FAULTS.append({'kind': kind, 'left': int(times), 'what': ' '.join(what)})


def take(id, project):
    """A tenant takes it over."""
    if id in PORTS:
        PORTS[id].update(project_id=project, tenant_id=project, device_owner='')
    else:
        VOLUMES[id].update({'os-vol-tenant-attr:tenant_id': project, 'status': 'available'})
        for transfer in [t for t in TRANSFERS.values() if t['volume_id'] == id]:
            del TRANSFERS[transfer['id']]


def drop(id):
    PORTS.pop(id, None)
    VOLUMES.pop(id, None)


def reoffer(id):
    """Somebody else offers the volume: the key that was noted is worth nothing."""
    old = [t for t in TRANSFERS.values() if t['volume_id'] == id][0]
    del TRANSFERS[old['id']]
    new = str(uuid.uuid4())
    TRANSFERS[new] = dict(old, id=new, auth_key='other')


def add_port(device_id, device_owner='larder:pool'):
    id = str(uuid.uuid4())
    PORTS[id] = {'id': id, 'project_id': PROJECT, 'tenant_id': PROJECT, 'status': 'DOWN', 'device_id': device_id, 'network_id': id,
                 'device_owner': device_owner, 'security_groups': [], 'fixed_ips': []}
    return id


def add_volume(name, status):
    id = str(uuid.uuid4())
    VOLUMES[id] = {'id': id, 'name': '' if name == '-' else name, 'size': 1, 'status': status, 'encrypted': False, 'volume_type': 'fast',
                   'availability_zone': 'nova', 'polls': 0, 'os-vol-tenant-attr:tenant_id': PROJECT}
    if status == 'awaiting-transfer':
        TRANSFERS[id] = {'id': id, 'volume_id': id, 'name': None, 'auth_key': 'x'}
    return id


def count(kind):
    if kind == 'transfers':
        return len(TRANSFERS)
    things = PORTS if kind == 'ports' else VOLUMES
    return sum(PROJECT in (t.get('project_id'), t.get('os-vol-tenant-attr:tenant_id')) for t in things.values())


def key_of(id):
    return TRANSFERS[id]['auth_key']


def name_of(id):
    return VOLUMES[id]['name'] or '-'


COMMANDS = {'set': set_value, 'fault': set_fault, 'take': take, 'drop': drop, 'reoffer': reoffer, 'add-port': add_port,
            'add-volume': add_volume, 'count': count, 'key': key_of, 'name': name_of, 'project': lambda: PROJECT,
            'heal': FAULTS.clear, 'cached': lambda: ' '.join(CACHED) or '-', 'glance-cached': lambda: len(GLANCE_CACHED),
            'drop-aggregate': lambda id: AGGREGATES.pop(int(id)) and None, 'has': lambda id: int(id in PORTS or id in VOLUMES)}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


if __name__ == '__main__':
    SERVER = Server(('127.0.0.1', 0), Handler)
    URL = f'http://127.0.0.1:{SERVER.server_address[1]}'
    threading.Thread(target=SERVER.serve_forever, daemon=True).start()
    print(URL, flush=True)
    for line in sys.stdin:
        words = line.split()
        with LOCK:
            reply = COMMANDS[words[0]](*words[1:])
        print('ok' if reply is None else reply, flush=True)
