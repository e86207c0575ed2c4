#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The cloud's configuration files: rendered from conf/, and Larder's hooks written into them.

    config.py render [infra|services|qemu|telemetry]   writes what is missing or whose template changed
    config.py hooks on|off [FILE SECTION OPTION VALUE]...
    config.py larderd                   writes larder.conf

Each file's rendering is kept aside. A file is rewritten only when its rendering changes, so an edit by hand stays; and
switching the hooks off puts the rendering back. The values come from the environment that lib.sh makes (`config`).
Only the standard library is used: this runs before there is a virtual environment.
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ETC = os.environ['ETC']
VENV = os.environ['VENV']
KEPT = os.path.join(ETC, 'rendered')

# template in conf/, or in the virtual environment's etc/ -> file
INFRA = (('conf', 'rabbitmq.conf', 'rabbitmq.conf'),)
IDENTITY = (('conf', 'keystone.conf', 'keystone/keystone.conf'),)
SERVICES = (
    ('conf', 'placement.conf', 'placement/placement.conf'),
    ('conf', 'glance-api.conf', 'glance/glance-api.conf'),
    ('venv', 'glance/glance-api-paste.ini', 'glance/glance-api-paste.ini'),
    ('conf', 'neutron.conf', 'neutron/neutron.conf'),
    ('conf', 'ml2_conf.ini', 'neutron/ml2_conf.ini'),
    ('venv', 'neutron/api-paste.ini', 'neutron/api-paste.ini'),
    ('conf', 'nova.conf', 'nova/nova.conf'),
    ('venv', 'nova/api-paste.ini', 'nova/api-paste.ini'),
    ('conf', 'cinder.conf', 'cinder/cinder.conf'),
    ('venv', 'cinder/api-paste.ini', 'cinder/api-paste.ini'),
    ('venv', 'cinder/resource_filters.json', 'cinder/resource_filters.json'),
    ('venv', 'cinder/rootwrap.conf', 'cinder/rootwrap.conf'),
)
TELEMETRY = (
    ('conf', 'gnocchi.conf', 'gnocchi/gnocchi.conf'),
    ('conf', 'gnocchi-api-paste.ini', 'gnocchi/api-paste.ini'),
    ('conf', 'ceilometer.conf', 'ceilometer/ceilometer.conf'),
    ('conf', 'event_pipeline.yaml', 'ceilometer/event_pipeline.yaml'),
)

QEMU = (
    ('conf', 'nova-qemu.conf', 'nova/nova-qemu1.conf'),
    ('conf', 'libvirtd.conf', 'libvirt/libvirtd.conf'),
    ('conf', 'libvirt-qemu.conf', 'libvirt/qemu.conf'),
)

LARDER_SECTION = (
    ('endpoint', 'http://127.0.0.1:@PORT_LARDERD@'),
    # Five times the default: in a burst the twenty services of this cloud wait for two cores longer than for larderd.
    ('timeout', '0.5'),
    ('state_dir', '@ROOT@/larder/hooks'),
    ('excluded_projects', '@PROJECT_PLAIN@'),
    # More than Nova's own weighers together have to say: a fake host seems to have endless memory.
    ('image_weight_multiplier', '10'),
    ('pool_projects', '@PROJECT_LARDER@'),
    ('auth_type', 'password'),
    ('auth_url', 'http://127.0.0.1:@PORT_KEYSTONE@'),
    ('username', 'larder-hook'),
    ('password', '@PASS@'),
    ('project_name', 'service'),
    ('user_domain_id', 'default'),
    ('project_domain_id', 'default'),
)

# What an operator edits to install the hooks: file, section, option, what to do, value
HOOKS = (
    ('nova/nova.conf', 'filter_scheduler', 'available_filters', 'set', 'nova.scheduler.filters.all_filters'),
    ('nova/nova.conf', 'filter_scheduler', 'available_filters', 'add', 'larder_openstack.nova.filter.LarderFilter'),
    ('nova/nova.conf', 'filter_scheduler', 'enabled_filters', 'append', ',LarderFilter'),
    ('nova/nova.conf', 'filter_scheduler', 'weight_classes', 'set',
     'nova.scheduler.weights.all_weighers,larder_openstack.nova.weigher.LarderWeigher'),
    ('neutron/neutron.conf', 'DEFAULT', 'service_plugins', 'append', ',larder'),
    ('neutron/api-paste.ini', 'composite:neutronapi_v2_0', 'keystone', 'after keystonecontext', ' larder'),
    ('neutron/api-paste.ini', 'filter:larder', 'paste.filter_factory', 'set',
     'larder_openstack.neutron.hook:filter_factory'),
    ('cinder/api-paste.ini', 'composite:openstack_volume_api_v3', 'keystone', 'after keystonecontext', ' larder'),
    ('cinder/api-paste.ini', 'composite:openstack_volume_api_v3', 'keystone_nolimit', 'after keystonecontext',
     ' larder'),
    ('cinder/api-paste.ini', 'filter:larder', 'paste.filter_factory', 'set',
     'larder_openstack.cinder.hook:filter_factory'),
) + tuple((file, 'larder', option, 'set', value)
          for file in ('nova/nova.conf', 'neutron/neutron.conf', 'cinder/cinder.conf')
          for option, value in LARDER_SECTION)


def login(user, project='service'):
    return ('auth_type = password\n'
            'auth_url = http://127.0.0.1:@PORT_KEYSTONE@\n'
            'project_domain_id = default\n'
            'user_domain_id = default\n'
            'project_name = %s\n'
            'username = %s\n'
            'password = @PASS@\n'
            'region_name = @REGION@' % (project, user))


def authtoken(user):
    return ('[keystone_authtoken]\n'
            'www_authenticate_uri = http://127.0.0.1:@PORT_KEYSTONE@\n'
            'memcached_servers = 127.0.0.1:@PORT_MEMCACHED@\n'
            'service_token_roles = service\n'
            'service_token_roles_required = true\n' + login(user))


def nfs(share):
    return ('volume_driver = cinder.volume.drivers.nfs.NfsDriver\n'
            'nfs_shares_config = @ETC@/cinder/shares-%s\n'
            'nfs_mount_point_base = @ROOT@/cinder/mnt\n'
            'nfs_sparsed_volumes = true\n'
            'nfs_snapshot_support = true\n'
            'nfs_qcow2_volumes = false\n'
            'nas_secure_file_operations = false\n'
            'nas_secure_file_permissions = false' % share)


BLOCKS = {
    'AUTH': login,
    'AUTHTOKEN': authtoken,
    'NFS': nfs,
    'DB': lambda user, name: 'mysql+pymysql://%s:@PASS@@127.0.0.1:@PORT_MARIADB@/%s?charset=utf8' % (user, name),
    'RABBIT': lambda: 'rabbit://openstack:@PASS@@127.0.0.1:@PORT_RABBITMQ@/',
}


def expand(text):
    """Replaces @NAME@ by the environment's value and @BLOCK:argument@ by what the block makes."""
    def value(match):
        name, *arguments = match.group(1).split(':')
        if name in BLOCKS:
            return expand(BLOCKS[name](*arguments))
        if name not in os.environ:
            sys.exit('config.py: nothing is known for @%s@' % name)
        return os.environ[name]
    return re.sub(r'@([A-Z][A-Z_]*(?::[a-z_-]+)*)@', value, text)


def read(path):
    try:
        with open(path) as f:
            return f.read()
    except FileNotFoundError:
        return None


def write(path, text):
    """Passwords stand in these files: for their owner only."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
        f.write(text)


def render(source, template, dest):
    """True when the file was written."""
    base = os.path.join(HERE, 'conf') if source == 'conf' else os.path.join(VENV, 'etc')
    text = read(os.path.join(base, template))
    if text is None:
        sys.exit('config.py: %s is missing in %s' % (template, base))
    if source == 'conf':
        text = expand(text)
    if dest == 'cinder/rootwrap.conf':
        text = re.sub('(?m)^filters_path=.*', 'filters_path=%s/etc/cinder/rootwrap.d' % VENV, text)
        text = re.sub('(?m)^exec_dirs=', expand('exec_dirs=@ROOT@/bin,@VENV@/bin,'), text)
    kept = os.path.join(KEPT, dest)
    if text == read(kept) and os.path.exists(os.path.join(ETC, dest)):
        return False
    write(os.path.join(ETC, dest), text)
    write(kept, text)
    return True


def edit(text, section, option, what, value):
    """Makes one edit in an INI text, keeping all other lines: set, add (once more), append, or 'after WORD'."""
    lines = text.split('\n')
    head = '[%s]' % section
    if head not in lines:
        lines += [head, '']
    first = lines.index(head) + 1
    last = next((i for i in range(first, len(lines)) if lines[i].startswith('[')), len(lines))
    end = max((i + 1 for i in range(first, last) if lines[i]), default=first)   # before the blank lines
    found = [i for i in range(first, last) if re.match(re.escape(option) + r'\s*=', lines[i])]
    if what in ('set', 'add'):
        line = '%s = %s' % (option, value)
        if what == 'set' and found:
            lines[found[0]] = line
        else:
            lines.insert(found[-1] + 1 if found else end, line)
    elif not found:
        sys.exit('config.py: [%s] has no %s to edit' % (section, option))
    elif what == 'append':
        lines[found[0]] += value
    else:
        word = what.split()[1]
        lines[found[0]] = re.sub(r'\b%s\b' % word, word + value, lines[found[0]], count=1)
    return '\n'.join(lines)


def hooks(on, extra):
    files = sorted({row[0] for row in HOOKS} | {row[0] for row in extra})
    for file in files:
        text = read(os.path.join(KEPT, file))
        if text is None:
            sys.exit('config.py: %s was never rendered: run tests/cloud/up first' % file)
        for name, section, option, what, value in HOOKS + extra if on else ():
            if name == file:
                text = edit(text, section, option, what, expand(value))
        if text != read(os.path.join(ETC, file)):
            write(os.path.join(ETC, file), text)
            print(file)


def main(argv):
    if argv[0] == 'render':
        tables = {'infra': INFRA + IDENTITY, 'services': SERVICES, 'qemu': QEMU, 'telemetry': TELEMETRY}
        for row in tables[argv[1]]:
            if render(*row):
                print(row[2])
        fakes = {'services': range(1, int(os.environ['HOSTS']) + 1), 'qemu': (9,)}.get(argv[1], ())
        for n in fakes:
            os.environ['N'] = str(n)
            if render('conf', 'nova-fake.conf', 'nova/nova-fake%d.conf' % n):
                print('nova/nova-fake%d.conf' % n)
    elif argv[0] == 'hooks':
        words = argv[2:]
        if len(words) % 4:
            sys.exit('config.py: an edit of your own is four words: FILE SECTION OPTION VALUE')
        hooks(argv[1] == 'on', tuple((*words[i:i + 3], 'set', words[i + 3]) for i in range(0, len(words), 4)))
    elif argv[0] == 'larderd':
        if render('conf', 'larder.conf', 'larder/larder.conf'):
            print('larder/larder.conf')


if __name__ == '__main__':
    main(sys.argv[1:])
