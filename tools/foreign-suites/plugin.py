"""
A pytest plugin that runs the tests of other projects against the simulator, and writes what came of each as JSON Lines.

FOREIGN_OUT      the file
FOREIGN_CONTROL  the URL of tools/foreign-suites.ts: `/fresh` starts a new simulator, `/take` tells which calls were not served since
FOREIGN_SUITE    moto or localstack
FOREIGN_WAIT     0: the tests do not wait for AWS
"""

import contextlib
import json
import os
import signal
import sys
import time
import types
import urllib.request

import pytest

results = open(os.environ["FOREIGN_OUT"], "a", encoding="utf8")
suite = os.environ["FOREIGN_SUITE"]


def control(path):
    with urllib.request.urlopen(os.environ["FOREIGN_CONTROL"] + path) as answer:
        return json.load(answer)


def emit(**members):
    results.write(json.dumps(members, default=str) + "\n")
    results.flush()


waits = os.environ.get("FOREIGN_WAIT") == "1"
# Only for tests that would never end: on a machine with much else to do a test took three minutes.
limit_s = 600 if waits else 180


@contextlib.contextmanager
def limited():
    def stop(_signal, _frame):
        pytest.fail(f"stopped: without an end after {limit_s} s", pytrace=False)

    before = signal.signal(signal.SIGALRM, stop)
    # Again each five seconds, for code that catches everything and goes on.
    signal.setitimer(signal.ITIMER_REAL, limit_s, 5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup():
    with limited():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call():
    with limited():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown():
    with limited():
        return (yield)


if not waits:
    pause = time.sleep
    time.sleep = lambda seconds: pause(min(seconds, 0.02))


def compare(recorded, observed):
    """AWS writes 1.0 where the simulator writes 1; JSON has one kind of number."""
    from deepdiff import DeepDiff

    difference = DeepDiff(recorded, observed, verbose_level=2, view="tree", ignore_numeric_type_changes=True)
    return difference.pretty() if difference else None


def compare_recorded(item, session):
    """Every recorded answer of the test, also of one that stopped before its end: then those that it did not reach have no answer."""
    recorded = session.recorded_state or {}
    if not recorded or getattr(session, "compared", False):
        return
    session.compared = True
    session.skip_verification_paths = []
    try:
        observed = session._transform(dict(session.observed_state))
    except Exception as error:  # the suite's own code cannot read an answer that stopped half-way
        observed = {}
        emit(note=f"{item.nodeid}: {error!r}")
    for key, expected in recorded.items():
        if key in observed:
            emit(test=item.nodeid, row=key, difference=compare(expected, observed[key]))
        else:
            emit(test=item.nodeid, row=key, missing=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "teardown":
        control("/take")
    elif report.when == "call" or not report.passed:
        unserved = control("/take")["unserved"]
        session = item.funcargs.get("snapshot") if hasattr(item, "funcargs") else None
        if session is not None and not report.skipped:
            compare_recorded(item, session)
        verified = any(item.get_closest_marker(name) for name in ("aws_verified", "aws_validated"))
        text = "" if report.passed else str(report.longrepr)[-2000:]
        emit(test=item.nodeid, outcome=report.outcome, verified=verified, unserved=unserved, text=text)
    return report


if suite == "localstack":
    from localstack_snapshot.snapshots.prototype import SnapshotSession

    # Compared above, once for each answer.
    SnapshotSession._assert_all = lambda *_arguments, **_named: []
    # Of its server code one test needs a constant alone.
    provider = types.ModuleType("localstack.services.cloudwatch.provider")
    provider.PATH_GET_RAW_METRICS = "/_aws/cloudwatch/metrics/raw"
    sys.modules[provider.__name__] = provider

if suite == "moto":
    # Its tests with containers create a role until that succeeds, with a trust policy that AWS refuses.
    os.environ["TESTS_SKIP_REQUIRES_DOCKER"] = "true"
    import moto

    class Bare:
        """In place of the mock: the test meets the simulator."""

        def __enter__(self):
            return self

        def __exit__(self, *_error):
            return False

        def __call__(self, function):
            return function

        def start(self, **_named):
            pass

        def stop(self):
            pass

    moto.mock_aws = lambda function=None, config=None: function if callable(function) else Bare()

    @pytest.fixture(autouse=True)
    def fresh_account():
        control("/fresh")
        yield
