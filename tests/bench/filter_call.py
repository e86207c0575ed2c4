# SPDX-License-Identifier: Apache-2.0
"""Runs Nova's filters over 1 000 host states in this process, with and without LarderFilter.

    filter_call.py CALLS PAUSE NETWORK IMAGE FLAVOR
      → {"larder": [ms…], "without": [ms…], "with": [ms…], "requests": [id…]}

Objects, configuration (nova.conf), database and daemon are the real ones. Each pass is another boot from a new volume
of project demo: a request id and a BuildRequest of its own. These belong to a project that does not exist, so that no
tenant's list shows them, and are gone at the end.
"""
import contextlib
import json
import os
import sys
import time
import uuid

from nova import config
from nova import context as nova_context
from nova import objects
from nova.conf import CONF
from nova.scheduler import host_manager
from oslo_utils import timeutils

HOSTS = 1000
ETC = os.environ['ETC']
PROJECT = os.environ['PROJECT_DEMO']
LARDER = 'LarderFilter'


def host_state(number):
    state = host_manager.HostState('host%d' % number, 'host%d' % number, str(uuid.uuid4()))
    now = timeutils.utcnow()
    state.service = {'host': state.host, 'topic': 'compute', 'disabled': False, 'forced_down': False,
                     'created_at': now, 'updated_at': now, 'last_seen_up': now}
    state.uuid = str(uuid.uuid4())
    return state


def request_spec(context, network, image, flavor):
    return objects.RequestSpec(
        context=context, instance_uuid=str(uuid.uuid4()), project_id=PROJECT, user_id='bench', num_instances=1,
        image=objects.ImageMeta(id=image, properties=objects.ImageMetaProps()), is_bfv=True,
        flavor=objects.Flavor(flavorid=flavor, name=flavor, vcpus=1, memory_mb=128, root_gb=1, ephemeral_gb=0, swap=0,
                              extra_specs={}),
        requested_networks=objects.NetworkRequestList(objects=[objects.NetworkRequest(network_id=network)]),
        security_groups=objects.SecurityGroupList(objects=[]), availability_zone=None, instance_group=None,
        scheduler_hints={}, force_hosts=None, force_nodes=None, ignore_hosts=None, pci_requests=None,
        numa_topology=None, limits=objects.SchedulerLimits(), retry=None, requested_destination=None)


@contextlib.contextmanager
def build_request(context, spec, image):
    """As nova-api leaves it for the time of scheduling."""
    instance = objects.Instance(uuid=spec.instance_uuid, project_id='bench', user_id='bench', availability_zone=None)
    disk = objects.BlockDeviceMapping(source_type='image', destination_type='volume', image_id=image, volume_size=1,
                                      volume_type='nfs', boot_index=0, delete_on_termination=True)
    made = objects.BuildRequest(context, instance_uuid=spec.instance_uuid, project_id='bench', instance=instance,
                                block_device_mappings=objects.BlockDeviceMappingList(objects=[disk]),
                                tags=objects.TagList(objects=[]))
    made.create()
    try:
        yield
    finally:
        made.destroy()


def timed(handler, filters, hosts, spec):
    """Milliseconds of one pass, which must leave all hosts."""
    began = time.perf_counter()
    left = handler.get_filtered_objects(filters, hosts, spec)
    took = 1000 * (time.perf_counter() - began)
    if left is None or len(left) != len(hosts):
        sys.exit('the filters left %d of %d hosts' % (len(left or ()), len(hosts)))
    return took


def main(calls, pause, network, image, flavor):
    config.parse_args(['nova-scheduler', '--config-file', ETC + '/nova/nova.conf'])
    objects.register_all()
    manager = host_manager.HostManager()
    handler = manager.filter_handler
    every = {type(made).__name__: made for made in manager.enabled_filters}
    if LARDER not in every:
        sys.exit('%s is not among [filter_scheduler] enabled_filters: switch the hooks on' % LARDER)
    ordinary = [made for name, made in every.items() if name != LARDER]
    hosts = [host_state(number) for number in range(HOSTS)]
    took = {'larder': [], 'without': [], 'with': []}
    requests = []
    # Two passes without, then for each request one; the filter asks once a request, so each measure needs its own.
    for number in range(1 + int(calls)):
        for name, filters in (('larder', [every[LARDER]]), ('without', ordinary), ('with', ordinary + [every[LARDER]])):
            request_id = 'req-' + str(uuid.uuid4())
            context = nova_context.RequestContext('bench', PROJECT, request_id=request_id, global_request_id=request_id)
            spec = request_spec(context, network, image, flavor)
            with build_request(nova_context.get_admin_context(), spec, image):
                took[name].append(timed(handler, filters, hosts, spec))
            if name != 'without':
                requests.append(request_id)
        time.sleep(float(pause) if number else 2)   # the first fetches the token
    print(json.dumps(dict({name: values[1:] for name, values in took.items()}, requests=requests[2:])))
    sys.stdout.flush()
    os._exit(0)


if __name__ == '__main__':
    main(*sys.argv[1:])
