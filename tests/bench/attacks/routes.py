# SPDX-License-Identifier: Apache-2.0
"""Larder's API: who may call which route."""
from attacks.table import SOME_ID, attack
from support import cloud

HOOK_ROUTES = (('POST', '/claims', {'claim': {}}), ('POST', '/adoptions', {'adoption': {}}), ('GET', '/hook', None),
               ('PATCH', '/adoptions/' + SOME_ID, {'adoption': {'state': 'done'}}), ('POST', '/demand', {'demand': {}}),
               ('POST', '/yields', {'yield': {}}), ('GET', '/warm-hosts/' + SOME_ID, None))
OPERATOR_ROUTES = (('GET', '/pools', None), ('PATCH', '/pools/' + SOME_ID, {'pool': {'floor': 100}}), ('GET', '/items', None),
                   ('GET', '/items/' + SOME_ID, None), ('GET', '/claims', None), ('GET', '/adoptions', None),
                   ('PUT', '/tiers', {'tier': {}}), ('GET', '/demand', None), ('GET', '/members', None))


def api_routes(who, routes, status):
    for method, path, body in routes:
        response = who.larder.call(method, path, body)
        if response.status_code != status:
            return '%s %s: %d %s' % (method, path, response.status_code, response.text[:200])
    return None


for NAME, USER in (('tenant', ('demo',)), ('admin', ('admin',)), ('service', ('nova', 'service'))):
    @attack('api-hook-routes-as-' + NAME, USER)
    def hook_routes(_scene, who):
        return api_routes(cloud.user(*who), HOOK_ROUTES, 403)

for NAME, USER in (('tenant', ('demo',)), ('hook', ('larder-hook', 'service'))):
    @attack('api-operator-routes-as-' + NAME, USER)
    def operator_routes(_scene, who):
        return api_routes(cloud.user(*who), OPERATOR_ROUTES, 403)


@attack('api-operator-routes-as-service')
def operator_routes_as_service(scene):
    """A user with the role service and no other: here Nova's own is an admin besides."""
    identity = cloud.admin().identity
    made = identity.post('/users', {'user': {'name': 'test-service', 'password': cloud.PASSWORD}})['user']['id']
    scene.stack.callback(identity.delete, '/users/' + made)
    wanted = identity.get('/roles', name='service')['roles'][0]['id']
    identity.ask('PUT', '/projects/%s/users/%s/roles/%s' % (cloud.project_id('service'), made, wanted))
    who = cloud.User('test-service', 'service')
    return api_routes(who, OPERATOR_ROUTES, 403) or api_routes(who, HOOK_ROUTES, 403)
