"""Where addresses are, by databases that are whole, broken, missing, and replaced."""

import os

import atlas
import pytest

from kubefed_dns.server.places import NOWHERE, Database, Place


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "places.mmdb"
    atlas.write(found)
    return found


@pytest.mark.parametrize(
    ("reason", "address", "want"),
    [
        ("All that is known, the closest first.", "192.0.2.5", Place(("DE-BE", "DE", "EU"), 24)),
        ("Its neighbour may be elsewhere.", "198.51.100.5", Place(("US-CA", "US", "NA"), 25)),
        ("Here it is.", "198.51.100.200", Place(("US-NY", "US", "NA"), 25)),
        ("A country and no more.", "203.0.113.9", Place(("FR", "EU"), 24)),
        (
            "Of several subdivisions the smallest comes first.",
            "127.0.0.1", Place(("GB-LND", "GB-ENG", "GB", "EU"), 8),
        ),
        ("IPv6.", "2001:db8:1::7", Place(("DE", "EU"), 48)),
        ("IPv4 as sockets for both have it.", "::ffff:192.0.2.5", Place(("DE-BE", "DE", "EU"), 24)),
        ("What is nowhere is so with its neighbours.", "10.0.0.1", Place((), 2)),
        ("An address of one link.", "fe80::1%eth0", Place((), 1)),
        ("No address.", "www.example.com", NOWHERE),
        ("Nothing.", "", NOWHERE),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_find(path, reason, address, want):
    database = Database(str(path))
    for _ in range(2):
        assert database.find(address) == want, reason
    assert not database.fault


@pytest.mark.parametrize(
    ("reason", "record", "want"),
    [
        ("NA is North America, and not Namibia.", atlas.place("AF", "NA", "KH"), ("NA-KH", "AF")),
        ("Nothing is said.", {}, ()),
        ("No record of the usual shape.", [1, 2], ()),
        (
            "Nor fields of it.",
            {"country": "DE", "continent": [], "subdivisions": {"a": 1}}, (),
        ),
        (
            "Where it is registered, if no more is known.",
            {"registered_country": {"iso_code": "DE"}}, ("DE",),
        ),
        (
            "Flat records.",
            {"country": "Germany", "country_code": "DE", "continent_code": "EU"}, ("DE", "EU"),
        ),
        ("Capitals are what is compared.", atlas.place("eu", "de"), ("DE", "EU")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_records(tmp_path, reason, record, want):
    atlas.write(tmp_path / "x", {"192.0.2.0/24": record})
    assert Database(str(tmp_path / "x")).find("192.0.2.1").codes == want, reason


def test_a_database_of_ipv4_knows_no_ipv6(tmp_path):
    atlas.write(tmp_path / "x", {"192.0.2.0/24": atlas.place("EU", "DE")}, ip_version=4)
    database = Database(str(tmp_path / "x"))
    assert database.find("192.0.2.1").codes == ("DE", "EU")
    assert database.find("2001:db8::1") == NOWHERE
    assert not database.fault


BROKEN = {
    "empty": lambda data: b"",
    "text": lambda data: b"this is no database",
    "cut short": lambda data: data[:-10],
    "without its end": lambda data: data[: len(data) // 2],
}


@pytest.mark.parametrize("how", BROKEN)
def test_what_is_no_database_is_said_and_nothing_else_happens(path, how, caplog):
    path.write_bytes(BROKEN[how](path.read_bytes()))
    database = Database(str(path))
    assert database.find("192.0.2.1") == NOWHERE
    assert "no database in MaxMind's format" in database.fault
    assert str(path) in database.fault
    said = len(caplog.records)
    database.refresh()
    assert len(caplog.records) == said == 1
    assert "everybody gets the rest" in caplog.text


def test_a_missing_file_is_said_and_used_when_it_comes(tmp_path):
    path = tmp_path / "late.mmdb"
    database = Database(str(path))
    assert database.find("192.0.2.1") == NOWHERE
    assert "No such file" in database.fault
    atlas.write(path)
    database.refresh()
    assert database.find("192.0.2.1").codes == ("DE-BE", "DE", "EU")
    assert not database.fault


def test_a_directory_in_its_place_is_no_file(tmp_path):
    assert "directory" in Database(str(tmp_path)).fault


@pytest.mark.parametrize("how", ["renamed into its place", "written into"])
def test_a_replaced_file_is_used(path, tmp_path, how):
    database = Database(str(path))
    assert database.find("192.0.2.1").codes == ("DE-BE", "DE", "EU")
    other = tmp_path / "other"
    atlas.write(other, {"192.0.2.0/24": atlas.place("OC", "NZ")})
    if how == "written into":
        path.write_bytes(other.read_bytes())
    else:
        os.replace(other, path)
    database.refresh()
    assert database.find("192.0.2.1").codes == ("NZ", "OC")


def test_a_file_that_breaks_or_goes_leaves_what_was_known(path, caplog):
    database, whole = Database(str(path)), path.read_bytes()
    for broken in (b"", whole[: len(whole) // 2]):
        path.write_bytes(broken)
        assert database.find("203.0.113.9").codes == ("FR", "EU"), "also while it is written into"
        database.refresh()
        assert database.find("203.0.113.7").codes == ("FR", "EU")
        assert database.fault
    path.unlink()
    database.refresh()
    assert database.find("203.0.113.6").codes == ("FR", "EU")
    assert "what was read before is used on" in caplog.text
    path.write_bytes(whole)
    database.refresh()
    assert not database.fault


def test_a_file_that_may_be_read_again_is_read_again(path):
    database = Database(str(path))
    old = os.stat(path)
    data = path.read_bytes()
    path.unlink()
    database.refresh()
    assert database.fault
    path.write_bytes(data)
    os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))
    database.refresh()
    assert not database.fault


def test_a_place_in_the_file_that_cannot_be_read_is_nowhere(path):
    data = bytearray(path.read_bytes())
    start = data.rindex(b"\xab\xcd\xefMaxMind.com")
    middle = data.index(b"continent") - 4
    data[middle:start] = b"\xff" * (start - middle)
    path.write_bytes(bytes(data))
    database = Database(str(path))
    assert database.find("192.0.2.1") == NOWHERE
    assert "no database" in database.fault
