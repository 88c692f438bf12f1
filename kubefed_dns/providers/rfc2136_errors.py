"""What a server's answer, or its silence, means for an operator: the cause and the remedy."""

import ssl
from collections.abc import Sequence
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.tsig

from kubefed_dns.errors import Denied, ProviderError, Unlisted, Unreachable, ZoneGone
from kubefed_dns.providers.batch import Refused
from kubefed_dns.providers.rfc2136_settings import Server

LOST = frozenset({dns.rcode.NXDOMAIN, dns.rcode.NXRRSET, dns.rcode.YXDOMAIN, dns.rcode.YXRRSET})
DENIAL = frozenset({dns.rcode.REFUSED, dns.rcode.NOTAUTH})

# Where a server cannot read a request, or does not want to, it cannot sign the answer either.
_UNSIGNED = DENIAL | {dns.rcode.FORMERR, dns.rcode.SERVFAIL, dns.rcode.NOTIMP}

_CLOCK = "the clocks of server and controller differ by more than TSIG allows; set both (NTP)"
_TSIG: tuple[tuple[type[dns.exception.DNSException], str], ...] = (
    (
        dns.tsig.PeerBadKey,
        "it does not know {key}, or does not let it do this (BADKEY); correct keyName and"
        " algorithm, or its rights",
    ),
    (dns.tsig.PeerBadSignature, "its secret of {key} is another (BADSIG); correct the Secret"),
    (dns.tsig.PeerBadTime, f"it refuses {{key}} (BADTIME): {_CLOCK}"),
    (dns.tsig.PeerError, "it refuses the signature with {key}; correct the key on either side"),
    (dns.tsig.BadTime, f"its answer is too old or too new: {_CLOCK}"),
    (dns.tsig.BadSignature, "its answer is signed with another secret than {key}'s"),
    (dns.tsig.BadKey, "its answer is signed with another key than {key}"),
    (dns.tsig.BadAlgorithm, "its answer is signed with another algorithm than {key}'s"),
)


class BadKey(Denied):
    """The server says BADKEY; Knot does of a key that it knows but has not granted this to, too."""


def unreachable(server: Server, error: OSError, timeout: float) -> Unreachable:
    remedy = "check spec.rfc2136.servers and that TCP gets through to it"
    if isinstance(error, TimeoutError):
        cause = f"no answer within {timeout:g} s"
    elif isinstance(error, ssl.SSLCertVerificationError):
        cause = f"its certificate is not to be trusted ({error.verify_message})"
        remedy = "correct spec.rfc2136.tls: serverName, and the CA that it is to be checked by"
    elif isinstance(error, ssl.SSLError):
        cause = f"no TLS comes about ({error.strerror})"
        remedy = "see that spec.rfc2136.servers name its port for DNS over TLS (853)"
    else:
        cause = error.strerror or str(error)
    return Unreachable(f"{server}: {cause}; {remedy}")


def together(failures: Sequence[ProviderError]) -> ProviderError:
    """One error for what each server had to say.

    As long as one server gives no answer, nothing is known for sure.
    """
    if len(failures) == 1:
        return failures[0]
    text = "; ".join(str(failure) for failure in failures)
    kinds = {type(failure) for failure in failures}
    if Unreachable in kinds:
        return Unreachable(text)
    return kinds.pop()(text) if len(kinds) == 1 else ProviderError(text)


def read_answer(
    server: Server,
    query: dns.message.Message,
    wire: bytes,
    *,
    context: Any = None,
    ordered: bool = False,
) -> dns.message.Message:
    """Parse and check an answer; with the `tsig_ctx` of the message before it, one of a stream.

    `ordered`: each record is a set of its own, in the order in which they came.
    """
    try:
        # `multi` leaves the judgement of unsigned answers to us.
        answer = dns.message.from_wire(
            wire,
            keyring=query.keyring,
            request_mac=query.mac,
            tsig_ctx=context,
            multi=True,
            xfr=True,
            one_rr_per_rrset=ordered,
        )
    except dns.exception.DNSException as error:
        raise _unreadable(server, query, error) from error
    if answer.id != query.id or not answer.flags & dns.flags.QR:
        raise ProviderError(f"{server}: sent what is no answer to the question")
    if query.keyring and not (answer.had_tsig or context or answer.rcode() in _UNSIGNED):
        raise unsigned(server, query)
    return answer


def unsigned(server: Server, query: dns.message.Message) -> Denied:
    return Denied(
        f"{server}: its answer to a request signed with {key_of(query)} is not signed;"
        " is it the server itself that answers?"
    )


def not_served(server: Server, zone: str, rcode: dns.rcode.Rcode) -> ZoneGone:
    return ZoneGone(
        f"{server}: does not answer for {zone} with authority ({dns.rcode.to_text(rcode)});"
        " make it a primary of the zone and let the key query it, or correct spec.zones"
    )


def key_refused(server: Server, query: dns.message.Message) -> Denied:
    """NOTAUTH in answer to a question is about its signature, though PowerDNS says no more."""
    return Denied(
        f"{server}: refuses {key_of(query)} (NOTAUTH); correct keyName and algorithm, the secret"
        " in the Secret, or the clocks"
    )


def not_transferred(
    server: Server, query: dns.message.Message, zone: str, rcode: dns.rcode.Rcode
) -> Unlisted:
    return Unlisted(
        f"{server}: refuses to transfer {zone} ({dns.rcode.to_text(rcode)}); name"
        f" {key_of(query)} in the zone's allow-transfer"
    )


def not_updated(
    server: Server, query: dns.message.Message, zone: str, rcode: dns.rcode.Rcode
) -> Denied:
    return Denied(
        f"{server}: refuses all updates of {zone} ({dns.rcode.to_text(rcode)}); name"
        f" {key_of(query)} in the zone's allow-update or update-policy, on its primary,"
        " and see that the zone is not frozen"
    )


def not_answered(
    server: Server, query: dns.message.Message, zone: str, rcode: dns.rcode.Rcode
) -> Denied:
    return Denied(
        f"{server}: refuses a question in {zone} ({dns.rcode.to_text(rcode)}); see that it serves"
        f" the zone and let {key_of(query)} query it"
    )


def judge(server: Server, query: dns.message.Message, zone: str, rcode: dns.rcode.Rcode) -> None:
    """Raise what the answer to an update means: Refused where it may be for what is in it."""
    text = dns.rcode.to_text(rcode)
    if rcode in LOST:
        raise Refused(f"{server}: the zone does not hold what was expected ({text})", lost=True)
    if rcode in DENIAL:
        raise Refused(
            f"{server}: refuses this update ({text}) but not all; grant name and types, for a name"
            f" that becomes an alias ANY too, to {key_of(query)} in the update-policy of {zone}"
        )
    if rcode == dns.rcode.NOTIMP:
        raise ProviderError(f"{server}: takes no dynamic updates of {zone} ({text})")
    if rcode != dns.rcode.NOERROR:
        whole = failed(server, zone, rcode, such_as="a full disk or max-records-per-type")
        raise Refused(str(whole), whole=whole)


def broken(server: Server, zone: str, what: str) -> ProviderError:
    return ProviderError(f"{server}: its transfer of {zone} is broken: {what}; nothing is read")


def failed(
    server: Server, zone: str, rcode: dns.rcode.Rcode, *, such_as: str = "a zone that did not load"
) -> ProviderError:
    return ProviderError(
        f"{server}: cannot do it in {zone} ({dns.rcode.to_text(rcode)});"
        f" its log says why: {such_as}, for instance"
    )


def key_of(query: dns.message.Message) -> str:
    return f"TSIG key {query.keyring.name}" if query.keyring else "our address (there is no TSIG)"


def _unreadable(
    server: Server, query: dns.message.Message, error: dns.exception.DNSException
) -> ProviderError:
    for kind, text in _TSIG:
        if isinstance(error, kind):
            made = BadKey if kind is dns.tsig.PeerBadKey else Denied
            return made(f"{server}: {text.format(key=key_of(query))}")
    return ProviderError(f"{server}: sent what is no DNS message ({type(error).__name__}: {error})")
