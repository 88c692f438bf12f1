import pytest

from kubefed_dns.api.providers import RateLimit
from kubefed_dns.controllers.zones.rate import Bucket, limiter, unlimited


class Clock:
    def __init__(self):
        self.now = 100.0
        self.slept = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(round(seconds, 3))
        self.now += seconds


def taken(limit, times, *, pause=0.0):
    clock = Clock()
    bucket = Bucket(limit, clock=clock, sleep=clock.sleep)
    for _ in range(times):
        bucket.take()
        clock.now += pause
    return clock.slept


@pytest.mark.parametrize(
    ("reason", "times", "pause", "slept"),
    [
        ("A burst is free.", 3, 0.0, []),
        ("Then it goes by the rate.", 5, 0.0, [0.5, 0.5]),
        ("Who is slow never waits.", 9, 0.5, []),
        ("Pauses are made good for.", 4, 0.4, []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bucket(reason, times, pause, slept):
    assert taken(RateLimit(2.0, 3), times, pause=pause) == slept, reason


def test_who_waits_at_the_same_time_waits_in_line():
    clock, slept = Clock(), []
    bucket = Bucket(RateLimit(2.0, 1), clock=clock, sleep=slept.append)
    for _ in range(3):
        bucket.take()
    assert slept == [0.5, 1.0]


def test_the_default_is_by_type():
    assert limiter("rfc2136", None) is unlimited
    assert limiter("rfc2136", RateLimit(1.0)) is not unlimited
    assert limiter("route53", None) is not unlimited
    limiter("embedded", None)()
