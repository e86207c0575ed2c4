# SPDX-License-Identifier: Apache-2.0
"""`openstack larder ...`: the commands' client for the daemon's REST API."""
from keystoneauth1 import adapter
from keystoneauth1 import exceptions as ks_exceptions
from osc_lib import exceptions
from osc_lib import utils

DEFAULT_API_VERSION = '1.0'
API_NAME = 'larder'
API_VERSION_OPTION = 'os_larder_api_version'
API_VERSIONS = ('1', '1.0')  # the commands of every version are those of openstack.larder.v1

SERVICE_TYPE = 'larder'
TIMEOUT = 60
PAGE = 1000


def build_option_parser(parser):
    parser.add_argument(
        '--os-larder-api-version', metavar='<larder-api-version>',
        default=utils.env('OS_LARDER_API_VERSION', default=DEFAULT_API_VERSION),
        help='Larder API version, default=' + DEFAULT_API_VERSION + ' (Env: OS_LARDER_API_VERSION)')
    return parser


def make_client(instance):
    version = str(getattr(instance, '_api_version', {}).get(API_NAME) or DEFAULT_API_VERSION)
    endpoint = instance.get_endpoint_for_service_type(
        SERVICE_TYPE, region_name=instance.region_name, interface=instance.interface)
    if not endpoint:
        raise exceptions.CommandError("The catalog has no endpoint of the service type '%s': is Larder registered in "
                                      'Keystone, in this region and for this interface?' % SERVICE_TYPE)
    return Client(instance.session, endpoint, version if '.' in version else version + '.0')


class Client:
    """The methods on /v1, errors as sentences, lists as iterators over all pages."""

    def __init__(self, session, endpoint, version):
        base = endpoint.rstrip('/')
        self._base = base if base.endswith('/v1') else base + '/v1'
        self._http = adapter.Adapter(session, endpoint_override=self._base)
        self._headers = {'OpenStack-API-Version': '%s %s' % (SERVICE_TYPE, version), 'Accept': 'application/json'}

    def get(self, path, **query):
        return self._send('GET', path, params={name: value for name, value in query.items() if value is not None})

    def post(self, path, body):
        return self._send('POST', path, json=body)

    def patch(self, path, body):
        return self._send('PATCH', path, json=body)

    def put(self, path, body):
        return self._send('PUT', path, json=body)

    def delete(self, path):
        return self._send('DELETE', path)

    def list(self, collection, limit=None, marker=None, **query):
        """At most 'limit' of them; all when it is None."""
        left = limit
        while left is None or left > 0:
            page = self.get('/' + collection, limit=PAGE if left is None else min(left, PAGE), marker=marker, **query)
            found = page.get(collection, [])
            yield from found
            if not found or not any(link.get('rel') == 'next' for link in page.get('links', [])):
                return
            marker = found[-1]['id']
            left = None if left is None else left - len(found)

    def _send(self, method, path, **kwargs):
        try:
            answer = self._http.request(path, method, headers=self._headers, raise_exc=False, connect_retries=1,
                                        timeout=TIMEOUT, **kwargs)
        except ks_exceptions.ClientException as error:
            raise exceptions.CommandError('Larder at %s cannot be reached: %s' % (self._base, error))
        if answer.status_code >= 400:
            raise exceptions.CommandError(_sentence(answer))
        return answer.json() if answer.content else {}


def _sentence(answer):
    """The first error of the body, as the API SIG has it; anything else that answered, in its own words."""
    try:
        error = answer.json()['errors'][0]
        return '%s (HTTP %d, %s, request %s)' % (error.get('detail') or error['title'], answer.status_code, error['code'],
                                                 error.get('request_id') or '-')
    except (ValueError, KeyError, IndexError, TypeError):
        return 'HTTP %d: %s' % (answer.status_code, answer.text[:300])
