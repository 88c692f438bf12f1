"""The embedded server as a hidden primary: real servers pull its zones and serve them."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import atlas
import pytest
from nameserver import Key, NameServer, Zone, free_port
from secondaries import BindSecondary, KnotSecondary

from kubefed_dns.providers.embedded import Embedded
from kubefed_dns.providers.protocol import Context
from kubefed_dns.records import Create, Delete, Group, RRset, Update, rrset
from kubefed_dns.server.server import Server

ZONE = "example.org."
LOCAL = "127.0.0.1"
MANY = 2000


def address(name: str, value: str = "192.0.2.1", ttl: int = 60) -> RRset:
    return rrset(f"{name}.{ZONE}", "A", ttl, [value])


class Primary:
    """The embedded server with one zone, and who may have it."""

    def __init__(self, key: Key, *secondaries: str, **settings: str) -> None:
        self.key = key
        self.server = Server(now=lambda: datetime.now(UTC))
        self.context = Context(
            "embedded",
            zones=(ZONE,),
            settings={
                "nsAddresses": [LOCAL],
                "transfers": {"tsig": {"keyName": key.name, "algorithm": key.algorithm}},
                "notify": secondaries,
                **settings,
            },
            secret={"tsigSecret": key.secret},
        )
        self.provider = Embedded(self.context, self.server)

    @property
    def address(self) -> str:
        return f"{LOCAL}:{self.server.address[1]}"

    @property
    def serial(self) -> int:
        return self.server.zone(ZONE).serial

    async def write(self, *changes: Create | Update | Delete) -> None:
        """As the controller does, from a thread."""
        groups = [
            Group((change.old if isinstance(change, Delete) else change.new).name, (change,))
            for change in changes
        ]
        assert not await asyncio.to_thread(self.provider.write, ZONE, groups)

    async def dig(self, *words: str, signed: bool = True) -> str:
        key = f"{self.key.algorithm}:{self.key.name}:{self.key.secret}"
        process = await asyncio.create_subprocess_exec(
            "dig",
            f"@{LOCAL}",
            *("-p", str(self.server.address[1])),
            *(("-y", key) if signed else ()),
            *("+tries=1", "+time=5", *words),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        return out.decode()


@pytest.fixture
def algorithm() -> str:
    return "hmac-sha256"


@pytest.fixture
def key(algorithm: str) -> Key:
    secret = base64.b64encode(b"no secret outside of tests, only long enough").decode()
    return Key("k.", algorithm, secret)


@pytest.fixture
async def port() -> int:
    return free_port(LOCAL)


@pytest.fixture
async def primary(key: Key, port: int) -> AsyncIterator[Primary]:
    made = Primary(key, f"{LOCAL}:{port}")
    await made.write(*(Create(address(f"n{number}")) for number in range(MANY)))
    await made.write(Create(rrset(f"*.wild.{ZONE}", "TXT", 60, ['"x y"', '"z"'])))
    await made.server.start(LOCAL, 0)
    yield made
    await made.server.stop()


async def pulled(server: NameServer, primary: Primary) -> None:
    """Until the secondary has the serial of the moment."""
    async with asyncio.timeout(20):
        while await asyncio.to_thread(server.serial, ZONE) != primary.serial:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


SECONDARIES = {"named": BindSecondary, "knotd": KnotSecondary}


@pytest.mark.parametrize(
    ("program", "algorithm"),
    [
        ("named", "hmac-sha256"),
        ("named", "hmac-sha384"),
        ("named", "hmac-sha512"),
        ("knotd", "hmac-sha256"),
        ("knotd", "hmac-sha512"),
    ],
)
async def test_a_secondary_has_the_zone_and_follows_every_change(
    program: str, primary: Primary, key: Key, port: int, tmp_path: Path
) -> None:
    server = SECONDARIES[program](tmp_path, [Zone(ZONE)], primary=primary.address, keys=[key])
    server.port = port
    await asyncio.to_thread(server.start)
    try:
        await pulled(server, primary)
        await follow(server, primary)
        log = server.log()
    finally:
        await asyncio.to_thread(server.stop)
    assert "notify" in log
    assert ("IXFR, incoming" in log) or ("Transfer completed: 1 messages, 6 records" in log)


async def follow(server: NameServer, primary: Primary) -> None:
    """Each change arrives by itself, as a part of the zone, signed."""

    async def values(name: str, rdtype: str = "A") -> list[str]:
        return await asyncio.to_thread(server.values, f"{name}.{ZONE}", rdtype)

    assert await values(f"n{MANY - 1}") == ["192.0.2.1"]
    assert await values("any.wild", "TXT") == ['"x y"', '"z"']
    assert await values("ns1") == [LOCAL]
    await primary.write(Update(address("n7"), address("n7", "198.51.100.7", ttl=30)))
    await pulled(server, primary)
    assert await values("n7") == ["198.51.100.7"]
    await primary.write(Delete(address("n8")), Create(address("new")))
    await pulled(server, primary)
    assert await values("n8") == []
    assert await values("new") == ["192.0.2.1"]
    for number in range(20):
        await primary.write(Create(address(f"more{number}")))
    await pulled(server, primary)
    assert await values("more19") == ["192.0.2.1"]


async def test_a_secondary_that_was_away_catches_up_by_the_changes(
    primary: Primary, key: Key, port: int, tmp_path: Path
) -> None:
    server = BindSecondary(tmp_path, [Zone(ZONE)], primary=primary.address, keys=[key])
    server.port = port
    await asyncio.to_thread(server.start)
    await pulled(server, primary)
    await asyncio.to_thread(server.stop)
    for number in range(5):
        await primary.write(Create(address(f"meanwhile{number}")))
    await asyncio.to_thread(server.start)
    try:
        await pulled(server, primary)
        assert await asyncio.to_thread(server.values, f"meanwhile4.{ZONE}", "A") == ["192.0.2.1"]
    finally:
        await asyncio.to_thread(server.stop)
    transfers = [line for line in server.log().splitlines() if "Transfer completed" in line]
    assert len(transfers) == 2
    assert f", {MANY} " not in transfers[1], "it took the changes, not the zone"
    assert f"TSIG '{key.name.rstrip('.')}'" in server.log()


# What dig says.


async def test_dig_gets_the_zone_with_the_key_and_nothing_without(primary: Primary) -> None:
    whole = await primary.dig(ZONE, "axfr")
    assert f"XFR size: {MANY + 6} records" in whole
    assert "verify signature" not in whole
    wrong = ("-y", f"{primary.key.algorithm}:k.:{base64.b64encode(b'x' * 64).decode()}")
    for kind in ("axfr", f"ixfr={primary.serial - 1}"):
        for words in ((), wrong):
            refused = await primary.dig(ZONE, kind, *words, signed=False)
            assert "Transfer failed." in refused
            assert "192.0.2.1" not in refused


@pytest.mark.parametrize("over", ["+tcp", "+notcp"])
async def test_dig_gets_the_changes(primary: Primary, over: str) -> None:
    before = primary.serial
    await primary.write(Update(address("n7"), address("n7", "198.51.100.7")))
    out = await primary.dig(over, ZONE, f"ixfr={before}")
    lines = [line.split() for line in out.splitlines() if line.startswith((ZONE, "n7."))]
    assert [(line[3], line[6] if line[3] == "SOA" else line[4]) for line in lines] == [
        ("SOA", str(primary.serial)),
        ("SOA", str(before)),
        ("A", "192.0.2.1"),
        ("SOA", str(primary.serial)),
        ("A", "198.51.100.7"),
        ("SOA", str(primary.serial)),
    ]
    assert "verify signature" not in out
    none = await primary.dig(over, ZONE, f"ixfr={primary.serial}")
    assert sum(line.startswith(ZONE) for line in none.splitlines()) == 1
    old = await primary.dig(over, ZONE, "ixfr=7")
    assert ("n1999" in old) is (over == "+tcp"), "what is too much for UDP is for TCP"


async def test_dig_is_answered_for_a_subnet(key: Key, tmp_path: Path) -> None:
    atlas.write(tmp_path / "places.mmdb", {"192.0.2.0/24": atlas.place("EU", "DE")})
    primary = Primary(key, geoDatabase=str(tmp_path / "places.mmdb"))
    await primary.server.start(LOCAL, 0)
    for value, code in (("192.0.2.10", "EU"), ("192.0.2.20", "*")):
        said = {"set_identifier": code, "properties": {"geo": code}}
        await primary.write(Create(rrset(f"geo.{ZONE}", "A", 60, [value], **said)))
    table = (("192.0.2.0/24", "192.0.2.10", 24), ("10.0.0.0/8", "192.0.2.20", 1))
    for subnet, value, scope in table:
        out = await primary.dig(f"+subnet={subnet}", f"geo.{ZONE}", signed=False)
        assert value in out
        assert f"CLIENT-SUBNET: {subnet}/{scope}" in out
    for subnet in ("0", "0.0.0.0/0"):
        out = await primary.dig(f"+subnet={subnet}", f"geo.{ZONE}", signed=False)
        assert "192.0.2.20" in out
    await primary.server.stop()
