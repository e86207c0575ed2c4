# SPDX-License-Identifier: Apache-2.0
"""The bus: any host can publish there."""
import re
import time
import uuid

from attacks.scene import CONF, read
from attacks.table import attack
from support import larder


@attack('bus-forged')
def forged_message(scene):
    """Any host can publish: a port that tells of a foreign project makes no pool, and no item changes."""
    before = {row['id'] for row in larder.pools()}
    import oslo_messaging
    from oslo_config import cfg
    conf = cfg.ConfigOpts()
    conf([], project='forger', default_config_files=[])
    url = re.search(r'^transport_url = (.*)$', read(CONF).decode(), re.MULTILINE)[1]
    notifier = oslo_messaging.Notifier(oslo_messaging.get_notification_transport(conf, url=url), publisher_id='network.forger',
                                       driver='messagingv2', topics=['notifications'])
    notifier.info({}, 'port.create.end', {'port': {
        'id': str(uuid.uuid4()), 'network_id': scene.network, 'project_id': scene.rival.project_id, 'tenant_id': scene.rival.project_id,
        'device_id': str(uuid.uuid4()), 'device_owner': 'compute:nova', 'security_groups': [], 'fixed_ips': []}})
    notifier.info({}, 'port.delete.end', {'port_id': scene.port['resource_id']})
    time.sleep(3)
    more = {row['id'] for row in larder.pools()} - before
    return more and 'pools came of it: %s' % more
