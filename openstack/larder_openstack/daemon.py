# SPDX-License-Identifier: Apache-2.0
"""The daemon as the filter and the hooks see it: claim, adopt, and report.

claim() and adopt() end within the configured timeout and raise Miss with the reason when there is nothing to have;
finish() and miss() are reports, sent in the background. So is each new token, which the daemon then keeps fresh: it
need not ask Keystone when a claim comes. Its answer says which versions of the API it has: a daemon that has 1.1 is
told what this hook is and what keeps it from its work, one that has not is spoken to as ever. So either can be upgraded
first. give_way() is a report that is worth waiting for, as long as for a claim. The breaker, the token and the
connections are used here alone.
"""
import contextlib
import importlib.metadata
import socket
import time

from oslo_log import log as logging

from larder_openstack import breaker
from larder_openstack import client
from larder_openstack import opts
from larder_openstack import reporter
from larder_openstack import token

LOG = logging.getLogger(__name__)

REPORT_TIMEOUT = 5.0
REPORT_TRIES = 3
YIELD_PORTS_MOST = 500  # of one report
VERSION = 'larder 1.0'   # of the API: what claims and adoptions are said in
REPORTS_VERSION = 'larder 1.1'  # what a hook tells of itself is said in, where the daemon has it
PROBLEM_MOST = 400


class Miss(Exception):
    """There is no item for this create. 'reason' is one of the words of the API (see doc/api.md)."""

    def __init__(self, reason, detail=''):
        super().__init__(detail or reason)
        self.reason = reason


class Daemon:
    def __init__(self, conf, service=None, find_problem=None):
        """'service' is nova, neutron or cinder; find_problem() gives a sentence on what keeps its hook from its work, or
        None. It is called in the background, when this process has a new token."""
        section = opts.register(conf)
        self._service, self._find_problem = service, find_problem
        self._timeout = section.timeout
        self._client = client.Client(section.endpoint, section.cafile, section.insecure)
        self._breaker = breaker.Breaker(_state_dir(section), section.breaker_failures, section.breaker_seconds)
        self._token = token.Token(conf, self._introduce)
        self._reports = reporter.Reporter('larder-reports')

    def warm(self):
        """Has the token fetched, and known to the daemon, before it is needed; costs nothing when this process has it."""
        self._token.start()

    def claim(self, claim):
        """Gives the request its right. Returns the claim."""
        return self._ask('POST', '/v1/claims', 'claim', claim)

    def warm_hosts(self, image_id):
        """The names of hosts that have the image in their cache, for a boot that claims nothing."""
        return self._ask('GET', '/v1/warm-hosts/' + image_id, 'warm_hosts', None).get('hosts')

    def adopt(self, adoption):
        """Takes one item of the request's claim. Returns the adoption, which must then be finished."""
        return self._ask('POST', '/v1/adoptions', 'adoption', adoption, self._give_back)

    def finish(self, adoption_id, state, reason=None):
        """Says how the adoption ended: done, failed or returned."""
        body = {'adoption': {'state': state, 'reason': reason}}
        self._reports.put(self._report, 'PATCH', '/v1/adoptions/' + adoption_id, body)

    def miss(self, make):
        """Reports a create that was not served. make() gives the demand, or None, in the background."""
        self._reports.put(self._report_miss, make)

    def give_way(self, network_id, port_ids, reason):
        """Says which ports of pools are being removed for a tenant: at once, or in the background when that fails."""
        for first in range(0, len(port_ids), YIELD_PORTS_MOST):
            body = {'network_id': network_id, 'port_ids': port_ids[first:first + YIELD_PORTS_MOST], 'reason': reason}
            try:
                self._ask('POST', '/v1/yields', 'yield', body)
            except Miss:
                self._reports.put(self._report, 'POST', '/v1/yields', {'yield': body})

    def _ask(self, method, path, name, value, late=None):
        if not self._breaker.allows():
            raise Miss('breaker-open')
        deadline = time.monotonic() + self._timeout
        answer = self._call(method, path, None if value is None else {name: value}, deadline, late)
        if answer.status in (200, 201) and isinstance(answer.body.get(name), dict):
            return answer.body[name]
        raise Miss(_reason(answer))

    def _call(self, method, path, body, deadline, late):
        """The answer; each kind of failure that says something about the daemon's health is counted."""
        with self._counted():
            value = self._token.get(self._timeout / 2)
            if value is None:
                raise client.Unreachable('there is no token from Keystone yet')
            answer = self._client.call(method, path, body, _headers(value), deadline, late)
            if answer.status == 401:
                self._token.refuse(value)
            if answer.status in (401, 403, 429) or answer.status >= 500:
                raise client.Unreachable('the daemon answered %d: %s' % (answer.status, _detail(answer)))
            return answer

    @contextlib.contextmanager
    def _counted(self):
        try:
            yield
        except client.Timeout as error:
            reason = Miss('timeout', str(error))
        except Exception as error:
            reason = Miss('unreachable', '%s: %s' % (type(error).__name__, error))
        else:
            self._breaker.succeeded()
            return
        LOG.warning('Larder: the daemon cannot be asked, this goes on without it: %s', reason)
        self._breaker.failed()  # which also bounds how often this is said
        raise reason

    def _give_back(self, answer):
        adoption = answer.body.get('adoption')
        if isinstance(adoption, dict) and adoption.get('id'):
            self.finish(adoption['id'], 'returned', 'the answer came too late')

    def _introduce(self):
        self._reports.put(self._report_token)

    def _report_token(self):
        """A head start, no more: what is wrong is said when a claim fails. So a refusal does not cost the token either."""
        for _ in _tries():
            value = self._token.get()
            if value is None:
                return  # refused meanwhile: the next one is told in its turn
            try:
                answer = self._client.call('GET', '/v1/hook', None, _headers(value), time.monotonic() + REPORT_TIMEOUT)
            except (client.Timeout, client.Unreachable) as error:
                LOG.debug('Larder: the daemon was not told of our token: %s', error)
                continue
            LOG.debug('Larder: the daemon was told of our token: %d %s', answer.status, _detail(answer))
            if answer.status == 200 and self._service and _has_version(answer, REPORTS_VERSION):
                self._report('POST', '/v1/hooks', {'hook': self._describe()}, REPORTS_VERSION)
            if answer.status < 500:
                return

    def _describe(self):
        return {'service': self._service, 'host': socket.gethostname(), 'version': _own_version(),
                'problem': self._problem()}

    def _problem(self):
        try:
            problem = self._find_problem() if self._find_problem else None
        except Exception as error:
            problem = 'its policy cannot be looked at: %s: %s' % (type(error).__name__, error)
        return ' '.join(problem.split())[:PROBLEM_MOST] if problem else None

    def _report_miss(self, make):
        demand = make()
        if demand is not None:
            self._report('POST', '/v1/demand', {'demand': demand})

    def _report(self, method, path, body, version=VERSION):
        """In the background: may take its time, tries again, and gives up in the end."""
        for _ in _tries():
            value = self._token.get(REPORT_TIMEOUT)
            if value is None:
                continue
            try:
                answer = self._client.call(method, path, body, _headers(value, version), time.monotonic() + REPORT_TIMEOUT)
            except (client.Timeout, client.Unreachable) as error:
                LOG.debug('Larder: report %s %s: %s', method, path, error)
                continue
            if answer.status == 401:
                self._token.refuse(value)
            elif answer.status < 500 and answer.status != 429:
                break
        else:
            LOG.info('Larder: a report was given up: %s %s', method, path)
            return
        if answer.status >= 400:
            LOG.warning('Larder: the daemon refused a report: %s %s: %d %s', method, path, answer.status, _detail(answer))


def _state_dir(section):
    try:
        return section.state_dir
    except Exception as error:  # $state_path is an option of Nova, Neutron and Cinder, not of ours
        LOG.warning('Larder: state_dir: %s', error)
        return None


def _tries():
    for attempt in range(REPORT_TRIES):
        if attempt:
            time.sleep(2 ** attempt)
        yield attempt


def _own_version():
    try:
        return importlib.metadata.version('larder-openstack')
    except importlib.metadata.PackageNotFoundError:
        return 'unpacked'


def _has_version(answer, wanted):
    """Whether the daemon has that version: one of 1.0 does not say what it has."""
    hook = answer.body.get('hook')
    newest = hook.get('max_version') if isinstance(hook, dict) else None
    try:
        return [int(part) for part in newest.split('.')] >= [int(part) for part in wanted.split()[1].split('.')]
    except (AttributeError, ValueError):
        return False


def _headers(value, version=VERSION):
    return {'X-Auth-Token': value, 'Content-Type': 'application/json', 'Accept': 'application/json',
            'OpenStack-API-Version': version, 'User-Agent': client.USER_AGENT}


def _error(answer):
    errors = answer.body.get('errors')
    return errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}


def _detail(answer):
    return str(_error(answer).get('detail', ''))[:500]


def _reason(answer):
    """The word of an error code larder.<word>; anything else is an answer that was not expected."""
    code = str(_error(answer).get('code', ''))
    if answer.status == 409 and code.startswith('larder.'):
        return code[len('larder.'):]
    LOG.warning('Larder: the daemon answered %d %s: %s', answer.status, code, _detail(answer))
    return 'unreachable'
