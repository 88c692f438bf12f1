"""Real servers that copy their zones from a primary, as operators put them before a hidden one.

    with BindSecondary(tmp_path, [Zone("example.org.")], primary="127.0.0.1:5354") as server:
        server.values("www.example.org.", "A")

They sign with their first key, and start when they have all of their zones.
"""

from collections.abc import Iterable
from pathlib import Path

from bind import Bind
from knot import Knot
from nameserver import Key, NameServer, Zone


class _Copies(NameServer):
    """What both have; `primary` is an IPv4 address and a port."""

    def __init__(
        self,
        directory: Path,
        zones: Iterable[Zone],
        *,
        primary: str,
        keys: Iterable[Key] = (Key(),),
    ) -> None:
        super().__init__(directory, zones, keys=keys)
        self.primary_host, _, self.primary_port = primary.rpartition(":")


class BindSecondary(_Copies, Bind):
    """One `named`."""

    def __init__(
        self,
        directory: Path,
        zones: Iterable[Zone],
        *,
        primary: str,
        keys: Iterable[Key] = (Key(),),
    ) -> None:
        super().__init__(directory, zones, primary=primary, keys=keys)
        self.certificate, self.tls_port = None, 0

    def write(self) -> None:
        key = self.keys[0]
        primaries = f'{self.primary_host} port {self.primary_port} key "{key.name}";'
        blocks = [
            self._options(),
            f'key "{key.name}" {{ algorithm {key.algorithm}; secret "{key.secret}"; }};',
            *(
                f'zone "{zone.name}" {{ type secondary; file "copy{number}.db"; '
                f"masterfile-format text; primaries {{ {primaries} }}; }};"
                for number, zone in enumerate(self.zones)
            ),
        ]
        (self.directory / "named.conf").write_text("\n".join(blocks))


class KnotSecondary(_Copies, Knot):
    """One `knotd`."""

    def write(self) -> None:
        (self.directory / "db").mkdir(exist_ok=True)
        key = self.keys[0]
        lines = [
            "server:",
            f'  rundir: "{self.directory}"',
            f"  listen: {self.host}@{self.port}",
            "log:",
            f'- target: "{self.directory}/knot.log"',
            "  any: info",
            "database:",
            f'  storage: "{self.directory}/db"',
            "key:",
            f'- id: "{key.name}"',
            f"  algorithm: {key.algorithm}",
            f'  secret: "{key.secret}"',
            "remote:",
            "- id: primary",
            f"  address: {self.primary_host}@{self.primary_port}",
            f'  key: "{key.name}"',
            "acl:",
            "- id: told",
            f'  key: "{key.name}"',
            "  action: notify",
            "template:",
            "- id: default",
            f'  storage: "{self.directory}"',
            "zone:",
        ]
        for zone in self.zones:
            lines += [f"- domain: {zone.name}", "  master: primary", "  acl: told"]
        (self.directory / "knot.conf").write_text("\n".join(lines) + "\n")
