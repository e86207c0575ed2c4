# SPDX-License-Identifier: Apache-2.0
"""The paste filter of Cinder and the hand-over with Cinder's own classes; its database and its API are stood in for.

What the hand-over does when all goes well is tested on a real cloud; here it is made to fail at each step.
"""
import datetime
import io
import json
import tempfile
import types
import unittest
from unittest import mock

from cinder import context as cinder_context
from cinder import exception, objects
from cinder import policy as cinder_policy
import sqlalchemy as sa
from sqlalchemy import orm

objects.register_all()

from larder_openstack import daemon  # noqa: E402
from larder_openstack.cinder import handover, hook  # noqa: E402

PROJECT = '0123456789abcdef0123456789abcdef'
POOLS = 'a' * 32
REQUEST = 'req-0b5b1e4e-3f5a-4c9e-9c3e-1a2b3c4d5e6f'
IMAGE = '5f1d2b0e-7a0c-4d5e-8f00-0000000000b1'
TYPE = '5f1d2b0e-7a0c-4d5e-8f00-0000000000e1'
VOLUME = {'size': 2, 'consistencygroup_id': None, 'snapshot_id': None, 'name': '', 'description': '', 'volume_type': None,
          'availability_zone': None, 'metadata': {}, 'imageRef': IMAGE, 'source_volid': None, 'backup_id': None}
ASK = {'image_id': IMAGE, 'size': 2, 'volume_type': None, 'availability_zone': None}
MADE = datetime.datetime(2026, 11, 24, 7, 29, 21, tzinfo=datetime.timezone.utc)
LONG_AGO = datetime.datetime(2026, 11, 24)
ADOPTION = {'id': 'adoption', 'resource_id': 'volume', 'item_id': 'item', 'transfer_id': 'transfer', 'auth_key': 'key'}


def make_context(**changes):
    return types.SimpleNamespace(**dict({'project_id': PROJECT, 'user_id': 'user', 'service_roles': ['service'],
                                         'global_request_id': REQUEST, 'request_id': REQUEST, 'is_admin': False, 'roles': ['member'],
                                         'authorize': lambda *args, **kwargs: True}, **changes))


def make_environ(body, **changes):
    data = json.dumps(body).encode()
    return dict({'REQUEST_METHOD': 'POST', 'SCRIPT_NAME': '/v3', 'PATH_INFO': '/%s/volumes' % PROJECT,
                 'cinder.context': make_context(), 'HTTP_X_SERVICE_IDENTITY_STATUS': 'Confirmed',
                 'CONTENT_LENGTH': str(len(data)), 'wsgi.input': io.BytesIO(data), 'wsgi.url_scheme': 'http',
                 'SERVER_NAME': 'cinder', 'SERVER_PORT': '8776', 'HTTP_OPENSTACK_API_VERSION': 'volume 3.42',
                 'webob.adhoc_attrs': {'old': True}, 'wsgiorg.routing_args': 'old'}, **changes)


class Application:
    """The rest of the pipeline: accepts with 'accept', creates with 202."""

    def __init__(self, accept='202 Accepted'):
        self.accept = accept
        self.requests = []

    def __call__(self, environ, start_response):
        body = json.loads(environ['wsgi.input'].read(int(environ['CONTENT_LENGTH'])))
        self.requests.append((environ['PATH_INFO'], body, environ))
        if environ['PATH_INFO'].endswith('/accept'):
            if isinstance(self.accept, Exception):
                raise self.accept
            start_response(self.accept, [])
            return [b'{"transfer": {}}']
        start_response('202 Accepted', [])
        return [json.dumps({'volume': {'id': 'ordinary', 'volume_type': 'nfs', 'availability_zone': 'nova'}}).encode()]


class AskTest(unittest.TestCase):
    def read(self, **changes):
        return hook.read_ask({'volume': {name: value for name, value in dict(VOLUME, **changes).items()
                                         if value != 'absent'}})

    def test_what_nova_asks_for(self):
        self.assertEqual(ASK, self.read())
        self.assertEqual(ASK, self.read(metadata=None, multiattach=False))
        self.assertEqual(dict(ASK, volume_type='fast', availability_zone='az1'),
                         self.read(volume_type='fast', availability_zone='az1'))

    def test_what_a_pool_cannot_meet(self):
        for name, value in (
                ('name', 'x'), ('name', None), ('name', 'absent'), ('description', 'x'), ('description', None),
                ('metadata', {'a': 'b'}), ('snapshot_id', IMAGE), ('source_volid', IMAGE), ('backup_id', IMAGE),
                ('consistencygroup_id', IMAGE), ('group_id', IMAGE), ('multiattach', True), ('unknown', 1), ('size', 0),
                ('size', '2'), ('size', True), ('size', None), ('size', 1 << 30), ('volume_type', 3),
                ('availability_zone', 'x' * 300)):
            with self.subTest(name=name, value=value), self.assertRaisesRegex(hook.NotEligible, '^%s$' % name):
                self.read(**{name: value})
        for value in ('http://glance/images/x', None, 'absent', 'X'):
            with self.assertRaisesRegex(hook.NotEligible, 'imageref'):
                self.read(imageRef=value)

    def test_hints(self):
        with self.assertRaisesRegex(hook.NotEligible, 'os-sch-hnt:scheduler_hints'):
            hook.read_ask({'volume': VOLUME, 'OS-SCH-HNT:scheduler_hints': {}})


class HookTest(unittest.TestCase):
    def setUp(self):
        self.application = Application()
        self.daemon = mock.Mock()
        self.daemon.adopt.return_value = ADOPTION
        self.hook = hook.VolumeHook(self.application, self.daemon, ['f' * 32], [POOLS])
        patched = mock.patch.object(handover, 'hand_over', return_value=({'volume': {'id': 'pooled'}}, []))
        self.hand_over = patched.start()
        self.addCleanup(patched.stop)
        patched = mock.patch.object(objects.VolumeType, 'get_by_name_or_id', return_value={'id': TYPE})
        patched.start()
        self.addCleanup(patched.stop)

    def send(self, body=None, **changes):
        statuses = []
        chunks = self.hook(make_environ({'volume': VOLUME} if body is None else body, **changes),
                           lambda status, headers, *rest: statuses.append(status))
        return statuses[0], json.loads(b''.join(chunks))['volume']['id']

    def missed(self):
        self.daemon.miss.assert_called_once()
        return self.daemon.miss.call_args[0][0]()

    def test_a_volume_of_the_pool(self):
        for path in ('/%s/volumes' % PROJECT, '/volumes', '/%s/volumes/' % PROJECT):
            self.daemon.reset_mock()
            self.assertEqual(('202 Accepted', 'pooled'), self.send(PATH_INFO=path))
            self.daemon.adopt.assert_called_once_with(
                {'kind': 'volume', 'request_id': REQUEST, 'project_id': PROJECT, 'volume': ASK})
            self.daemon.finish.assert_called_once_with('adoption', 'done')

    def test_requests_that_are_not_novas(self):
        for changes in (
                {'REQUEST_METHOD': 'GET'}, {'PATH_INFO': '/%s/volumes' % ('e' * 32)}, {'PATH_INFO': '/%s/types' % PROJECT},
                {'cinder.context': None}, {'HTTP_X_SERVICE_IDENTITY_STATUS': 'Invalid'},
                {'cinder.context': make_context(service_roles=[])},
                {'cinder.context': make_context(global_request_id=None)},
                {'cinder.context': make_context(project_id='f' * 32), 'PATH_INFO': '/%s/volumes' % ('f' * 32)}):
            with self.subTest(changes=changes):
                self.assertEqual(('202 Accepted', 'ordinary'), self.send(**changes))
        self.daemon.adopt.assert_not_called()
        self.daemon.miss.assert_not_called()

    def test_a_miss_is_reported_with_what_cinder_resolved(self):
        self.daemon.adopt.side_effect = daemon.Miss('no-item')
        self.assertEqual(('202 Accepted', 'ordinary'), self.send())
        demand = self.missed()
        self.assertEqual(('no-item', ASK, {'volume_type_id': TYPE, 'availability_zone': 'nova'}),
                         (demand['reason'], demand['volume'], demand['resolved']))
        self.assertEqual('ordinary', demand['resource_id'])

    def test_encrypted_volumes_are_never_learned(self):
        self.daemon.adopt.side_effect = daemon.Miss('no-claim')
        with mock.patch.object(hook.wsgi.Call, 'body', lambda call: {'volume': {'id': 'ordinary', 'encrypted': True}}):
            self.send()
            demand = self.missed()
        self.assertEqual(('not-eligible:encrypted', None, False),
                         (demand['reason'], demand['resolved'], 'volume' in demand))

    def test_a_hand_over_that_is_refused(self):
        for reason, state in (('stale', 'failed'), ('quota', 'returned'), ('failed', 'returned')):
            self.daemon.reset_mock()
            self.hand_over.side_effect = handover.Refused(reason, 'why')
            self.assertEqual(('202 Accepted', 'ordinary'), self.send())
            self.daemon.finish.assert_called_once_with('adoption', state, reason + ': why')
            self.assertEqual(reason, self.missed()['reason'])

    def test_errors_of_our_own_lead_to_an_ordinary_volume(self):
        self.daemon.adopt.side_effect = RuntimeError('boom')
        self.assertEqual(('202 Accepted', 'ordinary'), self.send())
        self.assertEqual('failed', self.missed()['reason'])


class TypeTest(unittest.TestCase):
    """When a type was changed last, as Cinder's tables tell."""

    def setUp(self):
        engine = sa.create_engine('sqlite://')
        self.models = handover.models
        for model in (self.models.VolumeType, self.models.VolumeTypeExtraSpecs, self.models.QualityOfServiceSpecs):
            model.__table__.create(engine)
        self.session = orm.Session(engine)
        self.addCleanup(self.session.close)
        patched = mock.patch.object(handover, 'main_context_manager')
        patched.start()
        self.addCleanup(patched.stop)
        self.add(self.models.VolumeType, id=TYPE, name='nfs', qos_specs_id=IMAGE)

    def add(self, model, **values):
        self.session.execute(sa.insert(model.__table__).values(**{'created_at': LONG_AGO, **values}))

    def changed_at(self):
        return handover._type_changed_at(types.SimpleNamespace(session=self.session), TYPE)

    def test_each_part_of_it(self):
        hours = [LONG_AGO.replace(hour=hour) for hour in range(8)]
        self.assertIsNone(self.changed_at())
        for number, (model, values) in enumerate((
                (self.models.VolumeTypeExtraSpecs, {'volume_type_id': TYPE, 'key': 'a', 'created_at': hours[1]}),
                (self.models.VolumeTypeExtraSpecs, {'volume_type_id': TYPE, 'key': 'b', 'updated_at': hours[2]}),
                (self.models.VolumeTypeExtraSpecs, {'volume_type_id': TYPE, 'key': 'c', 'deleted_at': hours[3],
                                                    'deleted': True}),
                (self.models.QualityOfServiceSpecs, {'id': IMAGE, 'updated_at': hours[4]}),
                (self.models.QualityOfServiceSpecs, {'id': PROJECT, 'specs_id': IMAGE, 'created_at': hours[5]}))):
            self.add(model, **values)
            self.assertEqual(hours[number + 1], self.changed_at())
        self.add(self.models.VolumeTypeExtraSpecs, volume_type_id=IMAGE, key='a', created_at=hours[7])
        self.assertEqual(hours[5], self.changed_at())
        self.session.execute(sa.update(self.models.VolumeType.__table__).values(updated_at=hours[6]))
        self.assertEqual(hours[6], self.changed_at())


class HandOverTest(unittest.TestCase):
    def setUp(self):
        self.volume = objects.Volume(
            cinder_context.get_admin_context(), id='5f1d2b0e-7a0c-4d5e-8f00-000000000011', status='awaiting-transfer', size=2,
            project_id=POOLS, user_id='larder', display_name='', display_description='', bootable=True, metadata={},
            volume_type_id=TYPE, availability_zone='nova', host='cinder1@nfs#pool', cluster_name=None,
            snapshot_id=None, source_volid=None, group_id=None, consistencygroup_id=None, encryption_key_id=None,
            multiattach=False, replication_status=None, migration_status=None, created_at=MADE, updated_at=None,
            launched_at=None, volume_attachment=objects.VolumeAttachmentList(objects=[]),
            glance_metadata={'image_id': IMAGE}, volume_type=objects.VolumeType(id=TYPE, name='nfs', extra_specs={}))
        self.service = mock.Mock(disabled=False, frozen=False,
                                 updated_at=datetime.datetime.now(datetime.timezone.utc))
        self.application = Application()
        self.context = make_context()
        handover._services.clear()
        handover.CONF.set_override('default_volume_type', 'nfs')
        stand_ins = (
            (objects.Volume, 'get_by_id', lambda context, volume_id: self.read()),
            (objects.ServiceList, 'get_all', mock.Mock(side_effect=lambda *args: objects.ServiceList(objects=[])
                                                       if self.service is None else [self.service])),
            (handover.volume_types, 'get_default_volume_type', mock.Mock(return_value=self.volume.volume_type)),
            (handover.volume_types, 'is_encrypted', mock.Mock(return_value=False)),
            (handover, '_type_changed_at', mock.Mock(return_value=None)),
            (handover.db, 'volume_update', mock.Mock()))
        for target, name, stand_in in stand_ins:
            patched = mock.patch.object(target, name, stand_in)
            patched.start()
            self.addCleanup(patched.stop)
        self.reads = 0
        self.owner_after = None

    def read(self):
        self.reads += 1
        if self.reads > 1:
            if self.owner_after is None:
                raise RuntimeError('no database')
            return types.SimpleNamespace(project_id=self.owner_after)
        return self.volume

    def hand_over(self, **ask):
        return handover.hand_over(self.application, make_environ({}), self.context, dict(ASK, **ask), ADOPTION, {POOLS})

    def assertRefused(self, reason, **ask):
        with self.assertRaises(handover.Refused) as caught:
            self.hand_over(**ask)
        self.assertEqual(reason, caught.exception.reason, str(caught.exception))

    def test_the_accept_and_the_answer(self):
        body, headers = self.hand_over()
        path, sent, environ = self.application.requests[0]
        self.assertEqual(('/%s/os-volume-transfer/transfer/accept' % PROJECT, {'accept': {'auth_key': 'key'}}),
                         (path, sent))
        self.assertFalse({'HTTP_OPENSTACK_API_VERSION', 'webob.adhoc_attrs', 'wsgiorg.routing_args'} & set(environ))
        volume = body['volume']
        self.assertEqual(
            ('available', 'user', '', '', 2, 'true', {}, [], 'nfs', 'nova', None),
            tuple(volume[name] for name in ('status', 'user_id', 'name', 'description', 'size', 'bootable', 'metadata',
                                            'attachments', 'volume_type', 'availability_zone', 'updated_at')))
        self.assertIn(PROJECT, volume['links'][0]['href'])
        self.assertIn(('OpenStack-API-Version', 'volume 3.42'), headers)
        written = handover.db.volume_update.call_args[0][2]
        self.assertEqual({'created_at', 'launched_at'}, set(written))
        self.assertEqual(1, self.reads)

    def test_the_answer_needs_nothing_after_the_accept(self):
        with mock.patch.object(handover.volume_view.ViewBuilder, 'detail',
                               side_effect=lambda *args: self.assertEqual([], self.application.requests) or {'volume': {}}):
            self.hand_over()

    def test_another_volume_than_a_create_would_make(self):
        for name, value in (('status', 'available'), ('size', 3), ('project_id', PROJECT), ('display_name', 'x'),
                            ('display_description', 'x'), ('metadata', {'a': 'b'}), ('encryption_key_id', IMAGE),
                            ('multiattach', True), ('snapshot_id', IMAGE), ('availability_zone', 'az2'),
                            ('volume_type_id', IMAGE), ('bootable', False)):
            with self.subTest(name=name):
                self.setUp()
                setattr(self.volume, name, value)
                self.assertRefused('stale')
                self.assertEqual([], self.application.requests)
        self.setUp()
        self.assertRefused('stale', image_id=TYPE)
        self.setUp()
        self.assertRefused('stale', availability_zone='az2')

    def test_an_encrypted_type(self):
        handover.volume_types.is_encrypted.return_value = True
        self.assertRefused('stale')

    def test_a_type_that_was_changed_since(self):
        made = MADE.replace(tzinfo=None)    # as the database has it
        handover._type_changed_at.return_value = made
        self.hand_over()
        self.setUp()
        handover._type_changed_at.return_value = made + datetime.timedelta(seconds=1)
        self.assertRefused('stale')
        self.assertEqual([], self.application.requests)

    def test_a_tenant_who_may_not(self):
        self.context.authorize = lambda action, fatal: False
        self.assertRefused('failed')

    def test_a_backend_that_is_not_up(self):
        old = self.service.updated_at - datetime.timedelta(seconds=40)
        for changes in ({'updated_at': old}, {'disabled': True}, {'frozen': True}, {'updated_at': None}, None):
            self.setUp()
            if changes is None:
                self.service = None
            else:
                self.service.configure_mock(**changes)
            self.assertRefused('failed')
            self.assertEqual([], self.application.requests)

    def test_the_state_of_a_backend_is_asked_for_once_a_second(self):
        for _ in range(5):
            self.reads = 0
            self.volume.status, self.volume.project_id = 'awaiting-transfer', POOLS
            self.hand_over()
        self.assertEqual(1, objects.ServiceList.get_all.call_count)

    def test_an_accept_that_is_refused(self):
        for accept, reason in (('413 Too Large', 'quota'), ('400 Bad', 'failed'), ('500 Error', 'failed'),
                               (exception.VolumeLimitExceeded(allowed=1, name='volumes'), 'quota'),
                               (RuntimeError('boom'), 'failed')):
            for owner in (POOLS, None):
                self.setUp()
                self.application.accept, self.owner_after = accept, owner
                self.assertRefused(reason)

    def test_an_accept_that_went_through_although_it_failed(self):
        for accept in ('500 Error', RuntimeError('boom')):
            self.setUp()
            self.application.accept, self.owner_after = accept, PROJECT
            self.assertEqual('available', self.hand_over()[0]['volume']['status'])

    def test_a_database_that_fails_before(self):
        handover.db.volume_update.side_effect = RuntimeError('gone')
        self.assertRefused('failed')
        self.assertEqual([], self.application.requests)


class PolicyTest(unittest.TestCase):
    """Cinder's own policies, with a policy.yaml of an operator."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = directory.name + '/policy.yaml'
        cinder_policy.init(use_conf=False)
        self.addCleanup(cinder_policy.reset)

    def problem(self, rules):
        with open(self.path, 'w', encoding='utf-8') as file:
            file.write(rules)
        cinder_policy.reset()
        cinder_policy.CONF([], project='cinder', default_config_files=[])
        cinder_policy.CONF.set_override('policy_file', self.path, 'oslo_policy')
        return hook._problem()

    def test_as_it_comes_members_pass(self):
        self.assertIsNone(self.problem('{}'))

    def test_what_is_locked_down_is_told(self):
        for name in ('volume:accept_transfer', 'volume:create', 'volume:create_from_image'):
            self.assertIn(name, self.problem('"%s": "role:admin"' % name))
