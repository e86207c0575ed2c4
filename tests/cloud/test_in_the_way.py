# SPDX-License-Identifier: Apache-2.0
"""Pools never stand in a tenant's way: each request that idle ports of a pool could refuse is made on a network with
such ports and on one without, and the answers are the same. And what is refused for other reasons costs no pool a port."""
import re
import uuid

from support import boots, cloud, larder
from support.case import CloudTest
from support.scene import Scene, server

COUNT = 3
FREE = ('10.77.0.77', '10.77.0.78', '10.77.0.79')    # what stands for the pool's addresses where there is no pool
MAC = 'fa:16:3e:77:77:77'
# What two answers to the same request differ in.
VARIES = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|test-way-\w+|\d{4}-\d\d-\d\dT[\d:]+Z|10\.77\.0\.\d+'
                    r'|[0-9a-f]{2}(:[0-9a-f]{2}){5}|"(revision_number|standard_attr_id|provider:segmentation_id)": ?\d+'
                    r'|"ethertype": ?"IPv[46]"')


def send(user, method, path, body=None):
    return user.network.call(method, path, body)


def addresses(scene):
    return scene.addresses or list(FREE)


def own_port(scene, **more):
    return scene.owner.network.post('/ports', {'port': dict({'network_id': scene.network}, **more)})['port']['id']


def leave_only(scene, wanted):
    """The subnet gives no addresses but these: the pool's, where there is one."""
    ranges = [{'start': address, 'end': address} for address in wanted]
    scene.owner.network.put('/subnets/' + scene.subnet, {'subnet': {'allocation_pools': ranges}})


# ---- requests: each gets a scene, and gives the response

def delete_network(scene):
    return send(scene.owner, 'DELETE', '/networks/' + scene.network)


def delete_subnet(scene):
    return send(scene.owner, 'DELETE', '/subnets/' + scene.subnet)


def rename_network(scene):
    return send(scene.owner, 'PUT', '/networks/' + scene.network, {'network': {'name': 'test-way-x'}})


def edit_pools(scene):
    ranges = [{'start': '10.77.0.200', 'end': '10.77.0.210'}]
    return send(scene.owner, 'PUT', '/subnets/' + scene.subnet, {'subnet': {'allocation_pools': ranges}})


def no_gateway(scene):
    return send(scene.owner, 'PUT', '/subnets/' + scene.subnet, {'subnet': {'gateway_ip': None}})


def no_dhcp(scene):
    return send(scene.owner, 'PUT', '/subnets/' + scene.subnet, {'subnet': {'enable_dhcp': False}})


def create_with_address(scene):
    fixed = [{'subnet_id': scene.subnet, 'ip_address': addresses(scene)[0]}]
    return send(scene.owner, 'POST', '/ports', {'port': {'network_id': scene.network, 'fixed_ips': fixed}})


def update_to_address(scene):
    fixed = [{'ip_address': addresses(scene)[1]}]
    return send(scene.owner, 'PUT', '/ports/' + own_port(scene), {'port': {'fixed_ips': fixed}})


def create_with_mac(scene):
    mac = scene.ports[0]['mac_address'] if scene.ports else MAC
    return send(scene.owner, 'POST', '/ports', {'port': {'network_id': scene.network, 'mac_address': mac.upper()}})


def create_without_addresses_left(scene):
    leave_only(scene, addresses(scene))
    return send(scene.tenant, 'POST', '/ports', {'port': {'network_id': scene.network}})


def create_many(scene):
    leave_only(scene, addresses(scene))
    return send(scene.tenant, 'POST', '/ports', {'ports': [{'network_id': scene.network}] * COUNT})


def create_on_subnet(scene):
    leave_only(scene, addresses(scene))
    port = {'network_id': scene.network, 'fixed_ips': [{'subnet_id': scene.subnet}]}
    return send(scene.tenant, 'POST', '/ports', {'port': port})


def create_too_many(scene):
    """One more than there would be without pools: refused either way."""
    leave_only(scene, addresses(scene))
    return send(scene.tenant, 'POST', '/ports', {'ports': [{'network_id': scene.network}] * (COUNT + 1)})


def add_router_interface(scene):
    """The gateway's address is the pool's: the subnet had no gateway when the port was made."""
    gateway = addresses(scene)[0]
    scene.owner.network.put('/subnets/' + scene.subnet, {'subnet': {
        'allocation_pools': [{'start': '10.77.0.200', 'end': '10.77.0.210'}], 'gateway_ip': gateway}})
    router = make_router(scene)
    return send(scene.owner, 'PUT', '/routers/%s/add_router_interface' % router, {'subnet_id': scene.subnet})


def remove_router_interface(scene):
    router = make_router(scene)
    path = '/routers/%s/' % router
    scene.owner.network.put(path + 'add_router_interface', {'subnet_id': scene.subnet})
    return send(scene.owner, 'PUT', path + 'remove_router_interface', {'subnet_id': scene.subnet})


def make_router(scene):
    return scene.owner.network.post('/routers', {'router': {'name': scene.name}})['router']['id']


def set_gateway(scene):
    leave_only(scene, addresses(scene))
    info = {'external_gateway_info': {'network_id': scene.network}}
    return send(scene.tenant, 'POST', '/routers', {'router': dict(info, name=scene.name)})


def remove_gateway(scene):
    router = set_gateway(scene).json()['router']['id']
    return send(scene.tenant, 'PUT', '/routers/' + router, {'router': {'external_gateway_info': {}}})


def floating_ip(scene):
    leave_only(scene, addresses(scene))
    return send(scene.tenant, 'POST', '/floatingips', {'floatingip': {'floating_network_id': scene.network}})


def floating_ip_with_address(scene):
    return send(cloud.admin(), 'POST', '/floatingips', {'floatingip': {
        'floating_network_id': scene.network, 'floating_ip_address': addresses(scene)[0]}})


def unshare(scene):
    return send(scene.owner, 'PUT', '/networks/' + scene.network, {'network': {'shared': False}})


def delete_rule(scene):
    rule, = scene.owner.network.get('/rbac-policies', object_id=scene.network, target_tenant='*')['rbac_policies']
    return send(scene.owner, 'DELETE', '/rbac-policies/' + rule['id'])


def narrow_rule(scene):
    rule, = scene.owner.network.get('/rbac-policies', object_id=scene.network, target_tenant='*')['rbac_policies']
    body = {'rbac_policy': {'target_tenant': scene.tenant.project_id}}
    return send(scene.owner, 'PUT', '/rbac-policies/' + rule['id'], body)


def delete_group(scene):
    return send(scene.tenant, 'DELETE', '/security-groups/' + scene.groups[0])


def change_group(scene):
    return send(scene.tenant, 'PUT', '/security-groups/' + scene.groups[0], {'security_group': {'stateful': False}})


ANY = (delete_network, delete_subnet, rename_network, edit_pools, no_gateway, no_dhcp, create_with_address,
       update_to_address, create_with_mac, create_without_addresses_left, create_many, create_on_subnet,
       create_too_many, add_router_interface, remove_router_interface)
EXTERNAL = (set_gateway, remove_gateway, floating_ip, floating_ip_with_address)
SHARED = (unshare, delete_rule, narrow_rule)
GROUP = (delete_group, change_group)


class Way(CloudTest):
    def scene(self, *words, **more):
        scene = Scene(*words, **more)
        self.addCleanup(scene.clear)
        return scene

    def answer(self, request, **more):
        """Status and body, as far as they do not differ anyhow. And the pool's ports are as few as they must be."""
        scene = self.scene(**more)
        response = request(scene)
        self.named_no_port(scene, response)
        return response.status_code, VARIES.sub('…', response.text)

    def named_no_port(self, scene, response):
        for port in scene.ports if response.status_code >= 400 else ():
            if port['id'] not in response.request.url:
                self.assertNotIn(port['id'], response.text, 'a tenant is told of a pool')

    def compare(self, requests, prepare=dict, **more):
        for request in requests:
            with self.subTest(request=request.__name__):
                without = self.answer(request, **prepare(), **more)
                self.assertEqual(without, self.answer(request, count=COUNT, **prepare(), **more))


class Requests(Way):
    def test_own(self):
        """on a network of the tenant's own"""
        self.compare(ANY)

    def test_shared(self):
        """on a shared network"""
        self.compare(ANY + SHARED, shared=True)

    def test_external(self):
        """on an external network"""
        self.compare(EXTERNAL, **{'shared': True, 'router:external': True})

    def test_group(self):
        """a security group of the tenant's, of which ports wait in pools on networks of both kinds"""
        def group():
            made = self.demo.network.post('/security-groups', {'security_group': {'name': 'test-way'}})
            self.addCleanup(self.demo.network.delete, '/security-groups/' + made['security_group']['id'])
            return {'groups': [made['security_group']['id']]}
        self.compare(GROUP, group)
        self.compare(GROUP, group, shared=True)

    def test_boot(self):
        """a boot with an address that the pool holds, by a tenant and by an admin"""
        for user in (self.demo, self.admin):
            with self.subTest(user=user.name):
                scene = self.scene(shared=user is self.admin, count=COUNT)
                made = server(scene, user, scene.addresses[0])
                self.addCleanup(boots.delete, made)
                fixed, = made[0].ports()[0]['fixed_ips']
                self.assertEqual(scene.addresses[0], fixed['ip_address'])
                self.assertNotIn(scene.addresses[0], [p['fixed_ips'][0]['ip_address'] for p in scene.pool_ports()])

    def test_told(self):
        """the daemon knows at once: the items go with the reason, and the network's pools make nothing new"""
        scene = self.scene(count=COUNT)
        self.assertEqual(204, delete_subnet(scene).status_code)
        pool = larder.pool(scene.pool)
        self.assertEqual((0, COUNT), (pool['items']['ready'], pool['items']['releasing']))
        self.assertIn('made way', pool['last_error'])
        self.assertIsNotNone(pool['not_before'])
        rows = larder.items(pool_id=scene.pool)
        self.assertEqual({'made way for a tenant: delete of a subnet'}, {row['reason'] for row in rows})


class Others(Way):
    """What is refused for other reasons."""

    def untouched(self, scene, response, *statuses):
        self.assertIn(response.status_code, statuses, response.text)
        self.named_no_port(scene, response)
        self.assertEqual({port['id'] for port in scene.ports}, {port['id'] for port in scene.pool_ports()})
        self.assertEqual(COUNT, larder.pool(scene.pool)['items']['ready'])

    def test_own_network(self):
        """a stranger's requests about a tenant's network"""
        scene = self.scene(count=COUNT)
        held, fixed = scene.ports[0], {'ip_address': scene.addresses[0]}
        for method, path, body in (
                ('DELETE', '/networks/' + scene.network, None), ('DELETE', '/subnets/' + scene.subnet, None),
                ('PUT', '/networks/' + scene.network, {'network': {'shared': False}}),
                ('POST', '/ports', {'port': {'network_id': scene.network, 'fixed_ips': [fixed]}}),
                ('POST', '/ports', {'port': {'network_id': scene.network, 'mac_address': held['mac_address']}}),
                ('PUT', '/ports/' + held['id'], {'port': {'fixed_ips': [fixed]}}),
                ('DELETE', '/ports/' + held['id'], None),
                ('DELETE', '/security-groups/' + larder.default_group(self.demo), None)):
            with self.subTest(method=method, path=path):
                self.untouched(scene, send(self.rival, method, path, body), 403, 404)

    def test_shared_network(self):
        """a tenant's requests about a network that is shared with him"""
        scene = self.scene(shared=True, count=COUNT)
        fixed = {'subnet_id': scene.subnet, 'ip_address': scene.addresses[0]}
        for method, path, body in (
                ('DELETE', '/networks/' + scene.network, None), ('DELETE', '/subnets/' + scene.subnet, None),
                ('PUT', '/networks/' + scene.network, {'network': {'shared': False}}),
                ('POST', '/ports', {'port': {'network_id': scene.network, 'fixed_ips': [fixed]}})):
            with self.subTest(method=method, path=path):
                self.untouched(scene, send(self.rival, method, path, body), 403, 404)

    def test_same_addresses(self):
        """the same address and MAC on a network of the stranger's own"""
        scene = self.scene(count=COUNT)
        network = self.rival.network.post('/networks', {'network': {'name': scene.name}})['network']['id']
        self.addCleanup(self.rival.network.delete, '/networks/' + network)
        subnet = {'network_id': network, 'ip_version': 4, 'cidr': '10.77.0.0/24'}
        subnet = self.rival.network.post('/subnets', {'subnet': subnet})['subnet']['id']
        asked = {'port': {'network_id': network, 'mac_address': scene.ports[0]['mac_address'],
                          'fixed_ips': [{'ip_address': scene.addresses[0]}]}}
        first = send(self.rival, 'POST', '/ports', asked)
        self.addCleanup(self.rival.network.delete, '/ports/' + first.json()['port']['id'])
        self.untouched(scene, first, 201)
        self.untouched(scene, send(self.rival, 'POST', '/ports', asked), 409)
        del asked['port']['mac_address']
        self.untouched(scene, send(self.rival, 'POST', '/ports', asked), 409)
        asked['port']['fixed_ips'] = [{'subnet_id': subnet, 'ip_address': scene.addresses[0]}, {'subnet_id': scene.subnet}]
        self.untouched(scene, send(self.rival, 'POST', '/ports', asked), 400, 404, 409)
        self.untouched(scene, send(self.rival, 'DELETE', '/networks/' + network), 409)
        self.untouched(scene, send(self.rival, 'DELETE', '/subnets/' + subnet), 409)

    def test_real_ports(self):
        """where ports of tenants are in use too"""
        scene = self.scene(shared=True, count=COUNT)
        group = self.own_group('test-way-used')
        own = self.own_port(scene.network, self.rival)
        self.own_port(scene.network, self.demo, security_groups=[group])
        for user, method, path, body in (
                (self.admin, 'DELETE', '/networks/' + scene.network, None),
                (self.admin, 'DELETE', '/subnets/' + scene.subnet, None),
                (self.admin, 'PUT', '/networks/' + scene.network, {'network': {'shared': False}}),
                (self.demo, 'DELETE', '/security-groups/' + group, None),
                (self.admin, 'POST', '/ports', {'port': {'network_id': scene.network, 'fixed_ips': own['fixed_ips']}})):
            with self.subTest(method=method, path=path):
                self.untouched(scene, send(user, method, path, body), 409)
        message = send(self.admin, 'DELETE', '/networks/' + scene.network).json()['NeutronError']['message']
        self.assertIn(own['id'], message)

    def test_full_elsewhere(self):
        """no address left in another subnet of the network"""
        scene = self.scene(shared=True, count=COUNT)
        other = self.admin.network.post('/subnets', {'subnet': {
            'network_id': scene.network, 'ip_version': 4, 'cidr': '10.78.0.0/24',
            'allocation_pools': [{'start': '10.78.0.9', 'end': '10.78.0.9'}]}})['subnet']['id']
        asked = {'port': {'network_id': scene.network, 'fixed_ips': [{'subnet_id': other}]}}
        first = send(self.rival, 'POST', '/ports', asked)
        self.addCleanup(self.rival.network.delete, '/ports/' + first.json()['port']['id'])
        self.untouched(scene, send(self.rival, 'POST', '/ports', asked), 409)

    def test_odd_bodies(self):
        """whatever a body holds, the answer is Neutron's and nobody loses a port"""
        scene = self.scene(count=COUNT)
        for value in (None, 3, 'x', [], {}, [[]], [None], [{'ip_address': 3}], [{'ip_address': None}],
                      [{'ip_address': 'x'}], [{'subnet_id': {}}], [{'ip_address': '::' * 1000}]):
            for port in ({'network_id': scene.network, 'fixed_ips': value}, {'network_id': value}, value):
                response = send(self.rival, 'POST', '/ports', {'port': port})
                self.untouched(scene, response, 400, 404, 409, 403)
        self.untouched(scene, send(self.rival, 'DELETE', '/networks/' + str(uuid.uuid4())), 404)
