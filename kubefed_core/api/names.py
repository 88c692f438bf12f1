"""Names as Kubernetes wants them; what is wrong with one is said in its own words."""

import re

LABEL, SUBDOMAIN = 63, 253

_LABEL = "[a-z]([-a-z0-9]*[a-z0-9])?"
_PART = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_PART}(\.{_PART})*"
_OF_LABEL = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
    f"regex used for validation is '{_LABEL}')"
)
_OF_SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    f"for validation is '{_SUBDOMAIN}')"
)


def label_fault(text: str) -> str:
    """Why a text is no DNS-1035 label; empty where it is one."""
    return _fault(text, _LABEL, _OF_LABEL, LABEL)


def subdomain_fault(text: str) -> str:
    """Why a text is no DNS-1123 subdomain; empty where it is one."""
    return _fault(text, _SUBDOMAIN, _OF_SUBDOMAIN, SUBDOMAIN)


def _fault(text: str, pattern: str, message: str, most: int) -> str:
    found = [f"must be no more than {most} characters"] if len(text) > most else []
    if not re.fullmatch(pattern, text):
        found.append(message)
    return ",".join(found)
