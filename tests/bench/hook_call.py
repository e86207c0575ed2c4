# SPDX-License-Identifier: Apache-2.0
"""Calls one of the paste filters in this process, with nothing behind it, and writes what each call took.

    hook_call.py neutron|cinder CALLS STATE_DIR      → a JSON list of milliseconds

The filter, its configuration (neutron.conf, cinder.conf) and the request are the real ones: a create as Nova sends it
for a boot of project demo. Only the breaker's file is one of its own, so that the cloud's services are left alone.
"""
import io
import json
import os
import sys
import time
import uuid

ETC = os.environ['ETC']
PROJECT = os.environ['PROJECT_DEMO']
SOME_ID = '11111111-2222-4333-8444-555555555555'


TOKEN_WAIT = 3      # seconds; the hook fetches its token in the background when a process serves its first request


class Loaded:
    """Stands for the service plugin."""


def neutron():
    from neutron.common import config
    from neutron_lib import context
    from neutron_lib.plugins import directory
    from oslo_config import cfg

    from larder_openstack.neutron import hook, plugin  # noqa: Neutron loads the plugin before it serves anybody
    config.register_common_config_options()
    cfg.CONF(['--config-file', ETC + '/neutron/neutron.conf'], project='neutron')
    directory.add_plugin('larder', Loaded())    # as where the hook runs; no call here gets as far as using it

    def environ(request_id):
        made = context.Context(user_id='u', project_id=PROJECT, global_request_id=request_id, service_roles=['service'])
        return {'neutron.context': made, 'SCRIPT_NAME': '/v2.0', 'PATH_INFO': '/ports'}

    body = {'port': {'device_id': str(uuid.uuid4()), 'network_id': SOME_ID, 'admin_state_up': True,
                     'tenant_id': PROJECT}}
    answer = {'port': dict(body['port'], id=SOME_ID, security_groups=[SOME_ID], project_id=PROJECT)}
    return cfg.CONF, hook, environ, body, '201 Created', answer


def cinder():
    from cinder import context
    from cinder.common import config  # noqa: registers Cinder's options
    from oslo_config import cfg

    from larder_openstack.cinder import hook
    cfg.CONF(['--config-file', ETC + '/cinder/cinder.conf'], project='cinder')

    def environ(request_id):
        made = context.RequestContext('u', PROJECT, global_request_id=request_id, service_roles=['service'])
        return {'cinder.context': made, 'SCRIPT_NAME': '/v3', 'PATH_INFO': '/%s/volumes' % PROJECT}

    body = {'volume': {'size': 1, 'consistencygroup_id': None, 'snapshot_id': None, 'name': '', 'description': '',
                       'volume_type': None, 'availability_zone': None, 'metadata': {}, 'imageRef': SOME_ID,
                       'source_volid': None, 'backup_id': None}}
    answer = {'volume': dict(body['volume'], id=SOME_ID, status='creating', volume_type='nfs', encrypted=False)}
    return cfg.CONF, hook, environ, body, '202 Accepted', answer


def call(application, environ, data, method='POST'):
    """Milliseconds of one request."""
    environ.update({'REQUEST_METHOD': method, 'wsgi.input': io.BytesIO(data), 'CONTENT_LENGTH': str(len(data)),
                    'CONTENT_TYPE': 'application/json', 'HTTP_X_SERVICE_IDENTITY_STATUS': 'Confirmed',
                    'HTTP_X_SERVICE_ROLES': 'service'})
    began = time.perf_counter()
    b''.join(application(environ, lambda status, headers, exc_info=None: None))
    return 1000 * (time.perf_counter() - began)


def main(service, calls, state_dir):
    conf, hook, environ, body, status, answer = {'neutron': neutron, 'cinder': cinder}[service]()
    hook.opts.register(conf)
    conf.set_override('state_dir', state_dir, 'larder')
    conf.set_override('timeout', 0.1, 'larder')     # the default, which is what the bar is about
    reply, data = json.dumps(answer).encode(), json.dumps(body).encode()

    def nothing_behind(environ, start_response):
        start_response(status, [('Content-Type', 'application/json')])
        return [reply]

    application = hook.filter_factory({})(nothing_behind)
    if application is nothing_behind:
        sys.exit('the hook is switched off in %s.conf' % service)
    call(application, environ('req-' + str(uuid.uuid4())), b'', 'GET')
    time.sleep(TOKEN_WAIT)
    print(json.dumps([call(application, environ('req-' + str(uuid.uuid4())), data) for _ in range(int(calls))]))
    sys.stdout.flush()
    os._exit(0)     # reports that nobody takes are not waited for


if __name__ == '__main__':
    main(*sys.argv[1:])
