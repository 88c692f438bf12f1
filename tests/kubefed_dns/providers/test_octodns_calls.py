import subprocess
import sys
import threading
import time

import pytest

from kubefed_dns.errors import Unreachable
from kubefed_dns.providers.octodns_calls import Calls, Late
from kubefed_dns.records import Create, Group, rrset

ZONE = "example.org."
A = rrset("www.example.org.", "A", 300, ["192.0.2.1"])


def let_end(before):
    for thread in {*threading.enumerate()} - {*before}:
        thread.join()


def test_what_comes_of_a_call_comes_back():
    calls = Calls(timeout=5)
    assert calls.make("a", lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        calls.make("a", lambda: 1 / 0)
    assert calls.make("a", threading.current_thread).daemon


@pytest.fixture
def hasty():
    """Threads take turns as often as they can, as on a machine with too much to do."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hasty")
def test_the_place_of_a_call_is_free_as_soon_as_it_has_come_back():
    calls = Calls(timeout=30)
    assert [calls.make("a", lambda: 7) for _ in range(3000)] == [7] * 3000


def test_a_call_that_hangs_keeps_its_place_and_nothing_else():
    before, calls, go = threading.enumerate(), Calls(timeout=0.1), threading.Event()
    with pytest.raises(Late, match=r"no end within 0\.1 s"):
        calls.make("a", go.wait)
    with pytest.raises(Late, match="the call before has not come back"):
        calls.make("a", lambda: 7)
    assert calls.make("b", lambda: 7) == 7
    go.set()
    let_end(before)
    assert calls.make("a", lambda: 7) == 7


def test_at_the_end_nobody_waits_for_long():
    calls, go = Calls(timeout=60, grace=0.1), threading.Event()
    threading.Timer(0.05, calls.close).start()
    with pytest.raises(Late):
        calls.make("a", go.wait)
    go.set()


def test_a_call_that_hangs_does_not_hold_up_the_end_of_the_process():
    program = """
import concurrent.futures, threading
from kubefed_dns.providers.octodns_calls import Calls
calls = Calls(timeout=600, grace=0.2)
threads = concurrent.futures.ThreadPoolExecutor(1)
begun = threading.Event()
threads.submit(calls.make, "a", lambda: (begun.set(), threading.Event().wait()))
begun.wait()
calls.close()
threads.shutdown(wait=False)
"""
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
    assert time.monotonic() - begun < 20


def test_a_package_that_hangs_is_an_error_that_says_so(store, octodns):
    before, go = threading.enumerate(), threading.Event()
    store.script = lambda doing, what: go.wait() if doing == "apply" else None
    provider = octodns(timeout="200ms")
    create = Group(A.name, (Create(A),))
    with pytest.raises(Unreachable, match=r"apply a plan: no end within 0\.2 s.*octodns\.timeout"):
        provider.write(ZONE, [create])
    with pytest.raises(Unreachable, match="has not come back yet"):
        provider.read(ZONE)
    go.set()
    let_end(before)
    assert list(provider.read(ZONE)) == [A], "What was late is done all the same."
