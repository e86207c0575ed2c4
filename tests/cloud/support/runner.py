# SPDX-License-Identifier: Apache-2.0
"""Runs the themes one after the other, says what happens as it happens, and counts.

    runner.py [THEME…]      a theme is the file test_THEME.py, or THEME.Class.test in it
"""
import glob
import os
import sys
import time
import traceback
import unittest

from . import boots, cloud, larder

ON_REQUEST = ('in_the_way',)    # run when named: it takes long, and wants a larderd without planner


class Result(unittest.TestResult):
    """A line when a test begins, and one when it ends."""

    def __init__(self, out):
        super().__init__()
        self.out = out
        self.passed = 0

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()
        self.word, self.why = 'passed', []
        self.say('%s: %s' % (theme_of(test), test.shortDescription() or test.id().split('.')[-1]))

    def stopTest(self, test):
        super().stopTest(test)
        self.passed += self.word == 'passed'
        self.say('    %s, %.1f s' % (self.word, time.monotonic() - self.began))
        for line in ''.join(self.why).splitlines():
            self.say('    | ' + line[:2000])

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.fail('', error)

    def addError(self, test, error):
        super().addError(test, error)
        self.fail('', error)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error:
            self.fail('with %s:\n' % subtest._subDescription(), error)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.word = 'skipped: ' + reason

    def fail(self, where, error):
        text = where + ''.join(traceback.format_exception(*error))
        if hasattr(self, 'why'):
            self.word = 'FAILED'
            self.why.append(text)
        else:   # before any test: a module that does not load
            self.say(text)

    def say(self, text):
        print(text, file=self.out, flush=True)


def theme_of(test):
    return type(test).__module__.removeprefix('test_')


def themes():
    found = glob.glob(os.path.join(cloud.HERE, 'test_*.py'))
    return sorted(os.path.basename(path)[5:-3] for path in found)


def usual():
    return [theme for theme in themes() if theme not in ON_REQUEST]


def load(words):
    sys.path.insert(0, cloud.HERE)
    unknown = [word for word in words if word.split('.')[0] not in themes()]
    if unknown:
        sys.exit('there is no theme "%s"; the themes are %s' % (unknown[0], ' '.join(themes())))
    return unittest.defaultTestLoader.loadTestsFromNames('test_' + word for word in words or usual())


def failed(result):
    tests = {getattr(test, 'test_case', test).id() for test, _ in result.failures + result.errors}
    return len(tests)


def main(words):
    if not words and not larder.healthy():
        sys.exit('larderd does not answer at %s: start it with tests/cloud/larderd start' % cloud.url('LARDERD'))
    suite = load(words)
    result = Result(sys.stdout)
    began = time.monotonic()
    with larder.restored():
        boots.sweep('test-')
        suite.run(result)
    print('\n%d passed, %d failed%s, in %.0f s' % (
        result.passed, failed(result), ', %d skipped' % len(result.skipped) if result.skipped else '',
        time.monotonic() - began))
    sys.exit(bool(result.failures or result.errors))


if __name__ == '__main__':
    main(sys.argv[1:])
