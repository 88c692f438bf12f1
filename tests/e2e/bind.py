"""A real BIND; see nameserver.

With `certificate` (the PEM files of a certificate and its key) it serves DNS
over TLS beside, at `tls_address`.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

from nameserver import Key, NameServer, Zone, free_port

__all__ = ["Bind", "Key", "Zone"]


class Bind(NameServer):
    """One `named`."""

    program = "named"
    package = "bind9"

    def __init__(
        self,
        directory: Path,
        zones: Iterable[Zone],
        *,
        keys: Iterable[Key] = (Key(),),
        v6: bool = False,
        certificate: tuple[Path, Path] | None = None,
    ) -> None:
        super().__init__(directory, zones, keys=keys, v6=v6)
        self.certificate = certificate
        self.tls_port = 0

    @property
    def tls_address(self) -> str:
        return f"{self.host}:{self.tls_port}"

    def command(self) -> list[str]:
        """Of a copy: distributions confine, by its path, where the original may write."""
        program = shutil.copy2(self.found(self.program), self.directory / "named")
        return [program, "-f", "-n", "1", "-c", str(self.directory / "named.conf")]

    def write(self) -> None:
        blocks = [self._options()]
        blocks += [
            f'key "{key.name}" {{ algorithm {key.algorithm}; secret "{key.secret}"; }};'
            for key in self.keys
        ]
        for number, zone in enumerate(self.zones):
            file = self.directory / f"zone{number}.db"
            if not file.exists():
                file.write_text(zone.text())
            blocks.append(_block(zone, file))
        (self.directory / "named.conf").write_text("\n".join(blocks))

    def _options(self) -> str:
        v4, v6 = ("none", self.host) if ":" in self.host else (self.host, "none")
        tls, listen = "", ""
        if self.certificate is not None:
            self.tls_port = self.tls_port or free_port(self.host)
            cert, key = self.certificate
            tls = f'tls dot {{ cert-file "{cert}"; key-file "{key}"; }};'
            listen = f"listen-on port {self.tls_port} tls dot {{ {v4}; }};"
        return f"""{tls}
options {{
  directory "{self.directory}";
  pid-file none; session-keyfile none;
  listen-on port {self.port} {{ {v4}; }}; listen-on-v6 port {self.port} {{ {v6}; }}; {listen}
  recursion no; dnssec-validation no; notify no; empty-zones-enable no; minimal-responses no;
}};
controls {{ }};
logging {{
  channel file {{ file "{self.directory}/named.log"; print-time yes; print-category yes; }};
  category default {{ file; }}; category update {{ file; }}; category update-security {{ file; }};
  category lame-servers {{ null; }};
}};
"""


def _block(zone: Zone, file: Path) -> str:
    update = f"allow-update {{ {_keys(zone.allow_update)} }};"
    if zone.below:
        grants = (f"grant {key} subdomain {zone.below} A TXT;" for key in zone.allow_update)
        update = f"update-policy {{ {' '.join(grants)} }};"
    transfer = f"allow-transfer {{ {_keys(zone.allow_transfer)} }};"
    return f'zone "{zone.name}" {{ type primary; file "{file}"; {update} {transfer} }};'


def _keys(names: Iterable[str]) -> str:
    return " ".join(f'key "{name}";' for name in names) or "none;"
