"""A real PowerDNS with SQLite; see nameserver. Its HTTP API is at `api_port`, with `API_KEY`."""

import sqlite3
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from nameserver import NameServer, Zone, free_port

from kubefed_dns.providers.protocol import Context

API_KEY = "no secret outside of tests"
SCHEMA = Path("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")


class PowerDns(NameServer):
    """One `pdns_server`, without its caches.

    It empties them at an update, but whoever asks at that moment can put the old
    answer back, and it stays for 20 s.
    """

    program = "pdns_server"
    package = "pdns-server pdns-backend-sqlite3"
    api_port = 0

    def command(self) -> list[str]:
        return [self.found(self.program), f"--config-dir={self.directory}"]

    def write(self) -> None:
        self.api_port = self.api_port or free_port(self.host)
        database = self.directory / "pdns.sqlite3"
        settings = {
            "launch": "gsqlite3",
            "gsqlite3-database": database,
            "local-address": self.host,
            "local-port": self.port,
            "dnsupdate": "yes",
            "allow-dnsupdate-from": "",
            "allow-axfr-ips": "",
            "cache-ttl": 0,
            "query-cache-ttl": 0,
            "negquery-cache-ttl": 0,
            "api": "yes",
            "api-key": API_KEY,
            "webserver": "yes",
            "webserver-address": self.host,
            "webserver-port": self.api_port,
            "socket-dir": self.directory,
            "disable-syslog": "yes",
            "daemon": "no",
            "guardian": "no",
            "write-pid": "no",
        }
        text = "".join(f"{name}={value}\n" for name, value in settings.items())
        (self.directory / "pdns.conf").write_text(text)
        if not database.exists():
            self._fill(database)

    def octodns(
        self, *zones: str, secret: Mapping[str, str] | None = None, **settings: object
    ) -> Context:
        """What a provider of type octodns is made from, with some settings instead of ours."""
        return Context(
            "pdns",
            zones=zones or tuple(zone.name for zone in self.zones),
            settings={
                "class": "octodns_powerdns.PowerDnsProvider",
                "settings": {
                    "host": self.host,
                    "port": self.api_port,
                    "api_key": "secret/api_key",
                    **settings,
                },
            },
            secret=secret or {"api_key": API_KEY},
        )

    def _fill(self, database: Path) -> None:
        with sqlite3.connect(database) as connection:
            connection.executescript(SCHEMA.read_text())
            connection.executemany(
                "INSERT INTO tsigkeys (name, algorithm, secret) VALUES (?, ?, ?)",
                [(key.name.rstrip("."), key.algorithm, key.secret) for key in self.keys],
            )
        connection.close()
        for number, zone in enumerate(self.zones):
            file = self.directory / f"zone{number}.zone"
            file.write_text(zone.text())
            self.util("load-zone", zone.name, str(file))
            for kind, names in _granted(zone).items():
                if names:
                    self.util("set-meta", zone.name, kind, *names)

    def util(self, *args: str) -> None:
        command = [self.found("pdnsutil"), f"--config-dir={self.directory}", *args]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(args)}: {done.stdout}{done.stderr}")


def _granted(zone: Zone) -> Mapping[str, Iterable[str]]:
    """Where no key is named, whoever asks from the right address is let in."""
    return {
        "ALLOW-DNSUPDATE-FROM": ["127.0.0.0/8", "::1"] if zone.allow_update else [],
        "TSIG-ALLOW-DNSUPDATE": [name.rstrip(".") for name in zone.allow_update],
        "TSIG-ALLOW-AXFR": [name.rstrip(".") for name in zone.allow_transfer],
    }
