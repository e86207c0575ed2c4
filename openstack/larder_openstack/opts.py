# SPDX-License-Identifier: Apache-2.0
"""The section [larder] of nova.conf, neutron.conf and cinder.conf.

The same options for the scheduler filter and both hooks, so that an operator learns them once. How to log in to Keystone
is said as everywhere in OpenStack, by keystoneauth's options (auth_type, auth_url, username, ...), in the same section.
"""
from keystoneauth1 import loading
from oslo_config import cfg

GROUP = 'larder'

OPTIONS = [
    cfg.BoolOpt('enabled', default=True,
                help='Whether this service asks the daemon at all. When false its boots are ordinary ones.'),
    cfg.StrOpt('endpoint', default='http://127.0.0.1:8787',
               help="Where the daemon (or the balancer before it) answers, without the version."),
    cfg.FloatOpt('timeout', default=0.1, min=0.01, max=5.0,
                 help='Seconds a call to the daemon may take in all. After them the boot goes on without it.'),
    cfg.StrOpt('state_dir', default='$state_path/larder',
               help='Directory for the state of the circuit breaker, which all workers of this service on this host share.'),
    cfg.IntOpt('breaker_failures', default=3, min=1,
               help='So many calls have to fail one after the other before the daemon is left alone.'),
    cfg.FloatOpt('breaker_seconds', default=10.0, min=0.1,
                 help='For so long it is left alone; then one call tries it again.'),
    cfg.ListOpt('excluded_projects', default=[],
                help='Ids of projects whose boots are always ordinary ones, and not reported.'),
    cfg.ListOpt('pool_projects', default=['larder'],
                help='The projects that hold the pools, by id or by name. Neutron hides their ports from all but admins.'),
    cfg.FloatOpt('yield_seconds', default=10.0, min=0.0, max=60.0,
                 help="Neutron: when ports of the pools are the reason why a tenant's request is refused (a network's delete, "
                      'an address that is wanted), they are removed for so long at the most and the request is made again; '
                      'also with enabled = false. 0: they stand in the way.'),
    cfg.FloatOpt('image_weight_multiplier', default=1.0,
                 help="How strongly LarderWeigher prefers hosts that have the boot's image in their cache, beside the "
                      'multipliers of the other weighers; negative: avoids them, 0: does not care. An aggregate may have '
                      'its own, as metadata of the same name. For nova-scheduler.'),
    cfg.StrOpt('cafile', help="Certificates to trust when the daemon or Keystone is spoken to over TLS."),
    cfg.BoolOpt('insecure', default=False,
                help='Do not check the certificates of the daemon and of Keystone. For experiments only.'),
]


def register(conf):
    """Makes conf.larder usable; may be called again."""
    conf.register_opts(OPTIONS, group=GROUP)
    loading.register_auth_conf_options(conf, GROUP)
    return conf[GROUP]


def list_opts():
    """For oslo-config-generator."""
    password = loading.get_auth_plugin_conf_options('v3password')
    return [(GROUP, OPTIONS + loading.get_auth_common_conf_options() + password)]
