"""What a DNSProvider, or the command line, says about the zones of the embedded server."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

import dns.tsig

from kubefed_core.api.fields import Fields
from kubefed_dns.errors import Misconfigured
from kubefed_dns.providers import rfc2136_settings
from kubefed_dns.providers.protocol import Context
from kubefed_dns.server import sockets
from kubefed_dns.server.places import Database
from kubefed_dns.server.policy import OPEN, Address, Keys, Network, Policy, Secondary


@dataclass(frozen=True, slots=True)
class Settings:
    """None, and an empty path, are not said."""

    addresses: tuple[Address, ...] | None = None
    allow: tuple[Network, ...] | None = None
    notify: tuple[Secondary, ...] | None = None
    keys: Keys = field(default_factory=dict, repr=False)
    signer: dns.tsig.Key | None = field(default=None, repr=False)
    database: str = ""

    def policy(self, default: Policy) -> Policy:
        """What is not said is as in another. Reads the database, and does not mind if it cannot."""
        database = default.database
        if self.database and (database is None or database.path != self.database):
            database = Database(self.database)
        return Policy(
            addresses=default.addresses if self.addresses is None else self.addresses,
            allow=default.allow if self.allow is None else self.allow,
            notify=default.notify if self.notify is None else self.notify,
            keys=self.keys or default.keys,
            signer=self.signer or default.signer,
            database=database,
        )


def parse(context: Context) -> Settings:
    """Raises Misconfigured, naming the field or the Secret's key, where they cannot work."""
    fields = Fields(context.settings, "spec.embedded", error=Misconfigured)
    transfers = fields.at("transfers")
    signer, keys = _keys(transfers, context)
    return Settings(
        addresses=addresses(fields.texts("nsAddresses"), fields.where("nsAddresses"))
        if "nsAddresses" in fields
        else None,
        allow=networks(transfers.texts("allow"), transfers.where("allow"))
        if "allow" in transfers
        else None,
        notify=secondaries(fields.texts("notify"), fields.where("notify"))
        if "notify" in fields
        else None,
        keys=keys,
        signer=signer,
        database=fields.text("geoDatabase"),
    )


def _keys(transfers: Fields, context: Context) -> tuple[dns.tsig.Key | None, Keys]:
    """The key that we sign with, and all those that others may sign with, by name."""
    found = []
    signer = None
    if "tsig" in transfers:
        block = transfers.at("tsig")
        secret = rfc2136_settings.SECRET
        signer = rfc2136_settings.tsig_key(block.obj, block.path, secret, context)
        found.append(signer)
    for each in transfers.each("keys"):
        secret = each.text("secretKey")
        found.append(rfc2136_settings.tsig_key(each.obj, each.path, secret, context))
    keys = {key.name: key for key in found}
    if len(keys) < len(found):
        raise transfers.refused("keys", "two keys have the same name; give each another one")
    return signer, keys


def by_flags(
    *,
    ns_address: Iterable[str],
    allow_transfer: Iterable[str],
    notify: Iterable[str],
    geoip_database: str,
    listening: str,
) -> Policy:
    """For zones of which no DNSProvider says more. Raises Misconfigured, naming the flag.

    Where no address of the name server is given, that is where it listens, if
    others can know it by that.
    """
    texts = tuple(ns_address)
    if not texts and (found := _reachable(listening)):
        texts = (found,)
    return Settings(
        addresses=addresses(texts, "--dns-ns-address"),
        allow=networks(allow_transfer, "--dns-allow-transfer"),
        notify=secondaries(notify, "--dns-notify"),
        database=geoip_database,
    ).policy(OPEN)


def _reachable(listening: str) -> str:
    """The host of an address, if it is one of a machine and not of all, or this machine's only."""
    host = sockets.parse(listening)[0] if listening else ""
    if not host:
        return ""
    address = ip_address(host.partition("%")[0])
    local = address.is_loopback or address.is_unspecified or address.is_link_local
    return "" if local else str(address)


def addresses(texts: Iterable[str], where: str) -> tuple[Address, ...]:
    """Raises Misconfigured, naming where the texts stand."""
    try:
        return tuple(ip_address(text.strip()) for text in texts)
    except ValueError as error:
        raise Misconfigured(f"{where}: {error}; give IP addresses") from error


def networks(texts: Iterable[str], where: str) -> tuple[Network, ...]:
    """Of networks, or single addresses. Raises Misconfigured, naming where the texts stand."""
    try:
        return tuple(ip_network(text.strip(), strict=False) for text in texts)
    except ValueError as error:
        raise Misconfigured(f"{where}: {error}; give networks such as 192.0.2.0/24") from error


def secondaries(texts: Iterable[str], where: str) -> tuple[Secondary, ...]:
    """Raises Misconfigured, naming where the texts stand."""
    found = (rfc2136_settings.server(text, where) for text in texts)
    return tuple(dict.fromkeys(Secondary(each.host, each.port) for each in found))
