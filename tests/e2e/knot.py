"""A real Knot; see nameserver."""

import json
from collections.abc import Iterable
from typing import Any

from nameserver import NameServer, Zone


class Knot(NameServer):
    """One `knotd`; `signed` zones have DNSSEC. Its configuration is not quite YAML."""

    program = "knotd"
    package = "knot"
    signed = False

    def command(self) -> list[str]:
        return [self.found(self.program), "-c", str(self.directory / "knot.conf")]

    def write(self) -> None:
        (self.directory / "db").mkdir(exist_ok=True)
        zones, rules = [], []
        for number, zone in enumerate(self.zones):
            file = self.directory / f"zone{number}.zone"
            if not file.exists():
                file.write_text(zone.text())
            mine = [{"id": f"{rule['action']}{number}", **rule} for rule in _granted(zone)]
            rules += mine
            granted = {"acl": [rule["id"] for rule in mine]} if mine else {}
            zones.append({"domain": zone.name, "file": file.name, **granted})
        sections: dict[str, Any] = {
            "server": {"rundir": str(self.directory), "listen": f"{self.host}@{self.port}"},
            "log": [{"target": str(self.directory / "knot.log"), "any": "info"}],
            "database": {"storage": str(self.directory / "db")},
            "key": [
                {"id": key.name, "algorithm": key.algorithm, "secret": key.secret}
                for key in self.keys
            ],
            "acl": rules,
            "template": [
                {
                    "id": "default",
                    "storage": str(self.directory),
                    "dnssec-signing": "on" if self.signed else "off",
                }
            ],
            "zone": zones,
        }
        text = "\n".join(line for name, value in sections.items() for line in _section(name, value))
        (self.directory / "knot.conf").write_text(f"{text}\n")


def _granted(zone: Zone) -> Iterable[dict[str, Any]]:
    """Without a rule nothing is allowed, and one without keys would let in everybody."""
    limit = {
        "update-owner": "name",
        "update-owner-match": "sub-or-equal",
        "update-owner-name": [zone.below],
        "update-type": ["A", "TXT"],
    }
    if zone.allow_update:
        keys = {"key": list(zone.allow_update)}
        yield {"action": "update", **keys, **(limit if zone.below else {})}
    if zone.allow_transfer:
        yield {"action": "transfer", "key": list(zone.allow_transfer)}


def _section(name: str, value: Any) -> Iterable[str]:
    yield f"{name}:"
    for item in value if isinstance(value, list) else [value]:
        for at, (key, each) in enumerate(item.items()):
            mark = "- " if at == 0 and isinstance(value, list) else "  "
            yield f"  {mark}{key}: {json.dumps(each)}"
