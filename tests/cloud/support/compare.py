# SPDX-License-Identifier: Apache-2.0
"""All that a tenant's APIs say of a boot, made comparable with another boot's.

What must differ between two boots is replaced by a word: ids and addresses of the boot's own things, and times *within
the boot*. A time from before it (a volume's birth in a pool) stays as it is and shows up as a difference, and so does
everything that nobody thought of. MAY_DIFFER is the whole list of the rest.
"""
import datetime
import re

MAY_DIFFER = (  # path, why
    (r'^servers?/body/(server|servers/\d+)/hostId$', 'the scheduler chooses the host'),
    (r'^attachments/body/volumeAttachments/\d+/bdm_uuid$', "an id of Nova's own"),
    (r'^ports?/body/(port|ports/\d+)/revision_number$',
     'goes on from where the pool left it: agents and OVN drop what has a lower number than they have seen'),
)

# What is asked: a name, the service, the path. {server}, {port}, {volume} and {project} are filled in; a list of all
# the tenant's things shows what he can see besides.
VIEWS = (
    ('server', 'compute', '/servers/{server}'),
    ('servers', 'compute', '/servers/detail'),
    ('interfaces', 'compute', '/servers/{server}/os-interface'),
    ('addresses', 'compute', '/servers/{server}/ips'),
    ('attachments', 'compute', '/servers/{server}/os-volume_attachments'),
    ('groups', 'compute', '/servers/{server}/os-security-groups'),
    ('actions', 'compute', '/servers/{server}/os-instance-actions'),
    ('metadata', 'compute', '/servers/{server}/metadata'),
    ('compute quota', 'compute', '/os-quota-sets/{project}/detail'),
    ('compute limits', 'compute', '/limits'),
    ('ports', 'network', '/ports'),
    ('port', 'network', '/ports/{port}'),
    ('port tags', 'network', '/ports/{port}/tags'),
    ('network quota', 'network', '/quotas/{project}/details.json'),
    ('network limits', 'network', '/quotas/{project}'),
    ('networks', 'network', '/networks'),
    ('subnets', 'network', '/subnets'),
    ('network availability', 'network', '/network-ip-availabilities'),
    ('security groups', 'network', '/security-groups'),
    ('volumes', 'volume', '/volumes/detail'),
    ('volume', 'volume', '/volumes/{volume}'),
    ('volume metadata', 'volume', '/volumes/{volume}/metadata'),
    ('volume encryption', 'volume', '/volumes/{volume}/encryption'),
    ('volume attachments', 'volume', '/attachments/detail'),
    ('volume quota', 'volume', '/os-quota-sets/{project}?usage=True'),
    ('volume limits', 'volume', '/limits'),
    ('snapshots', 'volume', '/snapshots/detail'),
    ('transfers', 'volume', '/volume-transfers/detail'),
    ('messages', 'volume', '/messages'),
)
# A tenant may not see these; the comparison of his bill needs them. In the database's own words.
BILL = 'select created_at, launched_at, terminated_at, user_id, project_id, host, display_name, display_description, ' \
       'size, volume_type_id, availability_zone, bootable from volumes where id = %s'

TIME = re.compile(r'^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d')
REQUEST = re.compile(r'req-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}')
SLACK = 1.5     # services cut times to seconds


def look(boot):
    """What the APIs say to the boot's tenant, and the names of what is the boot's own."""
    tenant = boot.tenant
    port = boot.ports()[0]
    volumes = boot.volumes()
    own = {boot.id: '<server>', port['id']: '<port>', port['mac_address']: '<mac>'}
    own.update({address['ip_address']: '<address>' for address in port['fixed_ips']})
    for volume in volumes:
        own[volume['id']] = '<volume>'
        own.update({a['attachment_id']: '<attachment>' for a in volume['attachments']})
    words = {'server': boot.id, 'port': port['id'], 'project': tenant.project_id,
             'volume': volumes[0]['id'] if volumes else None}
    seen = {}
    for name, service, path in VIEWS:
        if '{volume}' in path and not volumes:
            continue
        response = getattr(tenant, service).call('GET', path.format(**words))
        seen[name] = {'status': response.status_code, 'body': response.json() if response.content else None}
    return seen, own


def seconds(text):
    parsed = datetime.datetime.fromisoformat(text.replace('Z', '').split('+')[0])
    return parsed.replace(tzinfo=datetime.timezone.utc).timestamp()


def word(value, own, span):
    """A string without what must differ."""
    if TIME.match(value):
        within = span[0] - SLACK <= seconds(value) <= span[1] + SLACK
        return '<a time of this boot>' if within else value
    for text, name in own.items():
        value = value.replace(text, name) if len(text) > 15 or value == text else value
    return REQUEST.sub('<request>', value)


def flat(value, own, span, path=''):
    """{path: value} of all leaves. Rows of a list have no order but their own."""
    if isinstance(value, dict):
        leaves = {}
        for name, member in value.items():
            leaves.update(flat(member, own, span, '%s/%s' % (path, word(str(name), own, span)) if path else name))
        return leaves or {path: {}}
    if isinstance(value, list):
        rows = sorted((flat(row, own, span) for row in value), key=lambda row: sorted(map(repr, row.items())))
        leaves = {path + '/length': len(rows)}
        for number, row in enumerate(rows):
            leaves.update({'%s/%d/%s' % (path, number, name): leaf for name, leaf in row.items()})
        return leaves
    return {path: word(value, own, span) if isinstance(value, str) else value}


def snapshot(boot, until):
    """Comparable leaves of all that is said about a boot; times up to `until` are the boot's."""
    seen, own = look(boot)
    return flat(seen, own, (boot.started, until))


def differences(ordinary, other):
    """Sentences, one for each leaf that differs and may not."""
    found = []
    for path in sorted(set(ordinary) | set(other)):
        a, b = ordinary.get(path, '(nothing)'), other.get(path, '(nothing)')
        if a != b and not any(re.match(pattern, path) for pattern, _ in MAY_DIFFER):
            found.append('%s: ordinary %r, with Larder %r' % (path, a, b))
    return found
