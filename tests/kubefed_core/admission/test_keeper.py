"""The certificate is made, renewed and trusted; in virtual time, by scripted API servers."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta

import pytest
from world import Client, Server

from kubefed_core import errors
from kubefed_core.admission import keys
from kubefed_core.admission.keeper import PERIOD, SECRET, WAIT, Keeper
from kubefed_core.errors import Terminal
from kubefed_core.objects import Key
from kubefed_core.resources import MUTATING_WEBHOOKS, SECRETS, VALIDATING_WEBHOOKS

pytestmark = pytest.mark.looptime
NS = "kf"
NAME = Key(NS, SECRET)
START = datetime(2026, 1, 1, tzinfo=UTC)
PATHS = {"validate-a", "default-b"}


class Story:
    """One keeper and its API server; `taken` are the pairs that it let be served."""

    def __init__(self, directory=None):
        self.server = Server()
        self.taken = []
        self.at = START
        self.directory = directory

    def keeper(self):
        return Keeper(
            client=lambda: Client(None, self.server),
            namespace=NS,
            hosts={"a.svc"},
            paths=PATHS,
            take=self.taken.append,
            now=lambda: self.at,
            directory=self.directory,
        )

    def configure(self, name="validations.core.kubefed.io", resource=VALIDATING_WEBHOOKS):
        paths = ("validate-a", "somebody-elses")
        webhooks = [
            {"name": path, "clientConfig": {"service": {"path": f"/{path}"}}} for path in paths
        ]
        webhooks.append({"name": "url", "clientConfig": {"url": "https://h:1/default-b"}})
        self.server.put(resource, {"metadata": {"name": name}, "webhooks": webhooks})

    def bundles(self, name="validations.core.kubefed.io", resource=VALIDATING_WEBHOOKS):
        obj = self.server.get(resource, Key("", name))
        return [each["clientConfig"].get("caBundle") for each in obj["webhooks"]]

    @property
    def kept(self):
        return keys.read(self.server.get(SECRETS, NAME))


async def test_a_certificate_is_made_kept_served_and_trusted():
    story = Story()
    story.configure()
    story.configure(f"mutation.core.kubefed.io-{NS}", MUTATING_WEBHOOKS)
    await story.keeper().look()
    assert story.taken == [story.kept.serving]
    bundle = base64.b64encode(story.kept.trusted).decode()
    assert story.bundles() == [bundle, None, bundle]
    assert story.bundles(f"mutation.core.kubefed.io-{NS}", MUTATING_WEBHOOKS)[0] == bundle
    assert story.server.get(SECRETS, NAME)["type"] == "kubernetes.io/tls"


async def test_where_everything_is_so_nothing_is_written():
    story = Story()
    story.configure()
    keeper = story.keeper()
    await keeper.look()
    story.server.writes.clear()
    for _ in range(10):
        await keeper.look()
    await story.keeper().look()
    assert story.server.writes == []
    assert len(story.taken) == 2, "another process serves by the same pair"
    assert story.taken[0] == story.taken[1]


async def test_what_is_due_is_renewed_and_who_is_trusted_stays():
    story = Story()
    story.configure()
    keeper = story.keeper()
    await keeper.look()
    bundles = story.bundles()
    story.at += keys.SERVING * 0.7
    await keeper.look()
    assert len(story.taken) == 2
    assert story.taken[1] == story.kept.serving
    assert story.bundles() == bundles


async def test_a_new_authority_is_trusted_before_anything_is_served_by_it():
    story = Story()
    story.configure()
    keeper = story.keeper()
    await keeper.look()
    story.at += keys.AUTHORITY * 0.9
    story.server.faults[VALIDATING_WEBHOOKS] = errors.ApiError("down", status=500)
    with pytest.raises(errors.ApiError):
        await keeper.look()
    assert len(story.taken) == 1
    story.server.faults.clear()
    await keeper.look()
    assert story.taken[1] == story.kept.serving
    assert story.bundles()[0] == base64.b64encode(story.kept.trusted).decode()


async def test_what_another_renews_is_served():
    story = Story()
    keeper = story.keeper()
    await keeper.look()
    story.at += keys.SERVING * 0.7
    await story.keeper().look()
    await keeper.look()
    assert story.taken[-1] == story.kept.serving


async def test_of_two_that_make_it_at_once_one_wins():
    story = Story()
    await asyncio.gather(story.keeper().look(), story.keeper().look())
    assert story.taken == [story.kept.serving] * 2


async def test_a_secret_of_somebody_elses_making_is_used():
    story = Story()
    pair = keys.Authority("theirs", now=START).serving("x", ["x"])
    story.server.put(
        SECRETS,
        {
            "metadata": {"namespace": NS, "name": SECRET},
            "data": {
                "tls.crt": base64.b64encode(pair.certificate).decode(),
                "tls.key": base64.b64encode(pair.key).decode(),
            },
        },
    )
    await story.keeper().look()
    assert story.taken == [pair]
    assert story.server.writes == []


async def test_a_secret_that_holds_none_is_told_of():
    story = Story()
    story.server.put(SECRETS, {"metadata": {"namespace": NS, "name": SECRET}, "data": {}})
    with pytest.raises(Terminal, match="delete it"):
        await story.keeper().look()


async def test_files_are_served_and_told_where_they_say_whom_to_trust(tmp_path):
    story = Story(tmp_path)
    story.configure()
    with pytest.raises(Terminal, match=r"tls\.crt"):
        await story.keeper().look()
    (tmp_path / "tls.crt").write_text("C")
    (tmp_path / "tls.key").write_text("K")
    keeper = story.keeper()
    await keeper.look()
    assert (story.taken[0].certificate, story.taken[0].key) == (b"C", b"K")
    assert story.bundles() == [None] * 3
    (tmp_path / "ca.crt").write_text("A")
    (tmp_path / "tls.crt").write_text("D")
    await keeper.look()
    assert story.taken[1].certificate == b"D"
    assert story.bundles()[0] == base64.b64encode(b"A").decode()
    assert not story.server.objects[SECRETS]


async def test_it_looks_again_and_again_and_sooner_after_a_failure(caplog):
    story = Story()
    story.server.down()
    keeper = story.keeper()
    running = asyncio.create_task(keeper.run())
    await asyncio.sleep(1)
    assert not keeper.first.is_set()
    story.server.up()
    await asyncio.sleep(WAIT)
    assert keeper.first.is_set()
    story.at += timedelta(days=80)
    await asyncio.sleep(PERIOD)
    assert len(story.taken) == 2
    running.cancel()
    assert [each.levelname for each in caplog.records if "certificate:" in each.message] == [
        "WARNING"
    ]
