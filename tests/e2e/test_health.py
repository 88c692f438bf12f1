"""`spec.health` on real control planes: servers on loopback are the targets, and come and go."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from ground import Clusters, Member
from hub import SYSTEM, until
from job import GROUP, Job
from job import job as job_on

from kubefed_dns.demo.stage import free_port

pytestmark = pytest.mark.timeout(120)

numbers = itertools.count(1)
EU, US = "127.0.7.1", "127.0.7.2"
BOTH = [EU, US]
HOST = "shop.test"
INTERVAL, RISE, FALL, BACK = 0.5, 2, 3, 2.0
SLACK = 2.0
"""Seconds for all that is not the probes': status, DNSEndpoint, publishing, a busy machine."""


class Target:
    """A web server at one address that can be killed and started, and answers as it is told."""

    def __init__(self, address: str, port: int) -> None:
        self.address = address
        self.status = 200
        self._port = port
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        target = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                good = self.path == "/healthz" and self.headers["Host"].startswith(f"{HOST}:")
                self.send_response(target.status if good else 404)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer((self.address, self._port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def kill(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@pytest.fixture(scope="module")
def ground_of_job(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Job]:
    with job_on(clusters, tmp_path_factory.mktemp("health")) as made:
        made.apply(
            {
                "apiVersion": GROUP,
                "kind": "DNSProvider",
                "metadata": {"name": "near", "namespace": SYSTEM},
                "spec": {"type": "embedded", "allowLocalTargets": True},
            }
        )
        made.domain("acme", "probed.test")
        yield made
        made.delete("dnsprovider", "near", system=True)
        made.delete("domain", "acme", system=True)


@pytest.fixture
def targets() -> Iterator[tuple[Target, Target, int]]:
    port = free_port()
    made = Target(EU, port), Target(US, port)
    for each in made:
        each.start()
    yield *made, port
    for each in made:
        each.kill()


@pytest.fixture
def job(ground_of_job: Job, targets: tuple[Target, Target, int]) -> Iterator[Job]:
    """A Service in each member at the address of its target, and a record that is in DNS."""
    job = ground_of_job
    job.namespace = f"probed-{next(numbers)}"
    for member in (job.host, *job.members):
        member.kubectl("create", "namespace", job.namespace)
    job.serve()
    for member, address in zip(job.members, BOTH, strict=True):
        job.readdress(member, address)
        until(lambda m=member, a=address: job.address(m) == a)
    record(job, port=targets[2])
    until(lambda: answer(job), lambda found: found == BOTH)
    until(lambda: job.condition("Probed")[0], lambda status: status == "True")
    yield job
    job.delete("servicednsrecord", "web")
    for member in (job.host, *job.members):
        member.kubectl("delete", "namespace", job.namespace, "--wait=false")


def record(job: Job, **health: Any) -> None:
    job.record(
        health={
            "protocol": "HTTP",
            "path": "/healthz",
            "host": HOST,
            "interval": f"{INTERVAL * 1000:g}ms",
            "timeout": "400ms",
            "rise": RISE,
            "fall": FALL,
            "failBackDelay": f"{BACK:g}s",
        }
        | health
    )


def answer(job: Job) -> list[str]:
    return job.embedded.values(job.name(domain="probed.test"))


def seconds_until(look: Callable[[], object], want: object) -> float:
    begun = time.monotonic()
    until(look, lambda found: found == want)
    return time.monotonic() - begun


def always(look: Callable[[], object], want: object, *, during: float) -> None:
    end = time.monotonic() + during
    while time.monotonic() < end:
        assert look() == want
        time.sleep(0.05)


def test_a_dead_target_leaves_and_is_back_after_its_delay(
    job: Job, targets: tuple[Target, Target, int]
) -> None:
    _, us, _ = targets
    us.kill()
    took = seconds_until(lambda: answer(job), [EU])
    assert (FALL - 1) * INTERVAL <= took <= FALL * INTERVAL + SLACK
    assert until(lambda: job.reasons()["us"]) == "Unhealthy"
    assert "connection refused" in job.condition("Probed")[2]
    assert job.embedded.values(job.name("us-east", domain="probed.test"), "CNAME") == [
        f"{job.name(domain='probed.test')}."
    ]
    us.start()
    took = seconds_until(lambda: answer(job), BOTH)
    assert BACK <= took <= RISE * INTERVAL + BACK + SLACK
    until(lambda: job.condition("Probed")[0], lambda status: status == "True")
    us.status = 503
    until(lambda: answer(job), lambda found: found == [EU])
    assert "status 503, expected 200-399" in job.condition("Probed")[2]


def test_when_all_targets_die_the_last_set_stays(
    job: Job, targets: tuple[Target, Target, int]
) -> None:
    for each in targets[:2]:
        each.kill()
    always(lambda: answer(job), BOTH, during=FALL * INTERVAL + SLACK)
    status, reason, _ = job.condition("Probed")
    assert (status, reason) == ("False", "AllFailing")
    assert job.condition("Held")[:2] == ("True", "LastTarget")
    assert job.reasons() == {"eu": "Held", "us": "Held"}
    for each in targets[:2]:
        each.start()
    always(lambda: answer(job), BOTH, during=RISE * INTERVAL + BACK + SLACK)
    assert job.condition("Probed")[0] == "True"
    assert job.reasons() == {"eu": "Published", "us": "Published"}


def test_a_member_out_of_sight_is_in_as_long_as_its_target_answers(
    job: Job, targets: tuple[Target, Target, int]
) -> None:
    _, us, _ = targets
    member: Member = job.clusters.us
    member.lose()
    try:
        until(lambda: job.reasons()["us"], lambda reason: reason == "Held")
        always(lambda: answer(job), BOTH, during=6)  # longer than the unavailable delay
        us.kill()
        until(lambda: answer(job), lambda found: found == [EU])
        assert until(lambda: job.reasons()["us"]) == "Unhealthy"
        us.start()
        until(lambda: answer(job), lambda found: found == BOTH)
    finally:
        member.regain()
    until(lambda: job.reasons()["us"], lambda reason: reason == "Published")


def test_a_killed_controller_remembers_what_was_out(
    job: Job, targets: tuple[Target, Target, int]
) -> None:
    _, us, _ = targets
    us.kill()
    until(lambda: answer(job), lambda found: found == [EU])
    job.hub.kill()
    job.hub.start()
    until(lambda: answer(job), bool)
    always(lambda: answer(job), [EU], during=2)
    us.start()
    took = seconds_until(lambda: answer(job), BOTH)
    assert BACK <= took <= RISE * INTERVAL + BACK + SLACK


def test_local_targets_are_probed_only_where_they_are_let_in(
    job: Job, targets: tuple[Target, Target, int]
) -> None:
    spec = '{"spec": {"allowLocalTargets": %s}}'
    patch = ("-n", SYSTEM, "patch", "dnsprovider", "near", "--type=merge", "-p")
    job.host.kubectl(*patch, spec % "false")
    until(lambda: job.condition("Probed")[1], lambda reason: reason == "LocalTarget")
    assert "allowLocalTargets" in job.condition("Probed")[2]
    job.host.kubectl(*patch, spec % "true")
    until(lambda: job.condition("Probed")[0], lambda status: status == "True")
