# SPDX-License-Identifier: Apache-2.0
"""Networks for one request each, with idle ports of a pool on them or without."""
import uuid

from . import boots, cloud, larder

CIDR = '10.77.0.0/24'


class Scene:
    """A network, own or shared, with a subnet; `ports` are the pool's on it."""

    def __init__(self, shared=False, count=0, groups=(), **network):
        self.tenant = cloud.user('demo')
        self.owner = cloud.admin() if shared else self.tenant
        self.name = 'test-way-' + uuid.uuid4().hex[:8]
        asked = dict({'name': self.name}, **({'shared': True} if shared else {}), **network)
        self.network = self.owner.network.post('/networks', {'network': asked})['network']['id']
        self.subnet = self.owner.network.post('/subnets', {'subnet': {
            'network_id': self.network, 'ip_version': 4, 'cidr': CIDR}})['subnet']['id']
        self.groups = list(groups)
        self.pool = self.learn() if count else None
        if count:
            larder.stock((larder.pool(self.pool), count))
        self.ports = self.pool_ports()
        self.addresses = [port['fixed_ips'][0]['ip_address'] for port in self.ports]

    def learn(self, tenant=None):
        """The pool of a tenant on the network, as a first boot would bring it into being."""
        tenant = tenant or self.tenant
        demand = {'kind': 'port', 'request_id': 'req-' + str(uuid.uuid4()), 'project_id': tenant.project_id,
                  'instance_id': str(uuid.uuid4()), 'resource_id': None, 'reason': 'no-claim', 'seconds': 1.0,
                  'port': {'network_id': self.network, 'security_groups': self.groups},
                  'resolved': {'security_groups': self.groups or [larder.default_group(tenant)]}}
        return cloud.hook_user().larder.post('/demand', {'demand': demand})['demand']['pool_id']

    def pool_ports(self):
        return cloud.admin().network.get('/ports', network_id=self.network, device_owner='larder:pool')['ports']

    def clear(self):
        """Takes away all that is left, and the pool's rows: a network that is gone has no pool any more."""
        admin = cloud.admin().network
        if self.pool:
            larder.change(larder.pool(self.pool), floor=0, state='draining')
            cloud.wait_for('an empty pool', lambda: not any(larder.pool(self.pool)['items'][state] for state in
                                                            larder.MOVING + ('ready',)), 60)
        for port in admin.get('/ports', network_id=self.network)['ports']:
            if port['device_owner'] == 'network:router_interface':
                admin.call('PUT', '/routers/%s/remove_router_interface' % port['device_id'], {'port_id': port['id']})
            elif port['device_owner'] == 'network:router_gateway':
                admin.call('PUT', '/routers/' + port['device_id'], {'router': {'external_gateway_info': {}}})
        for router in admin.get('/routers', name=self.name)['routers']:
            admin.delete('/routers/' + router['id'])
        for floating in admin.get('/floatingips', floating_network_id=self.network)['floatingips']:
            admin.delete('/floatingips/' + floating['id'])
        for port in admin.get('/ports', network_id=self.network)['ports']:
            admin.delete('/ports/' + port['id'])
        admin.delete('/networks/' + self.network)
        self.forget()

    def forget(self):
        if self.pool:
            for sql in ('delete from item_events where item_id in (select id from items where pool_id = %s)',
                        'delete from items where pool_id = %s', 'delete from demand where pool_id = %s',
                        'delete from pool_asks where pool_id = %s', 'delete from pools where id = %s'):
                cloud.rows('larder', sql, self.pool)


def server(scene, tenant, address):
    """A boot that asks for an address; its server, once ACTIVE."""
    request = boots.body('test-way', [{'uuid': scene.network, 'fixed_ip': address}])
    return boots.boot(tenant, request)
