"""Record sets and errors in the XML of Route 53."""

from typing import NamedTuple
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

XMLNS = "https://route53.amazonaws.com/doc/2013-04-01/"
NUMBERS = {"TTL", "Weight", "Bias"}
FLAGS = {"MultiValueAnswer", "EvaluateTargetHealth"}


class Fault(NamedTuple):
    """An error to answer with once; `on` is a part of "METHOD path"."""

    code: str
    message: str = "scripted"
    status: int = 400
    on: str = ""
    headers: dict[str, str] = {}


def stored(name):
    """As Route 53 shows a name that it is given."""
    name = name.lower() if name.endswith(".") else f"{name.lower()}."
    return f"\\052{name[1:]}" if name.startswith("*") else name


def parsed(element):
    """A ResourceRecordSet, with the values of its records as a plain list."""
    raw = {}
    for child in element:
        tag = child.tag.removeprefix(f"{{{XMLNS}}}")
        if tag == "ResourceRecords":
            raw[tag] = [record[0].text for record in child]
        elif len(child):
            raw[tag] = parsed(child)
        else:
            raw[tag] = typed(tag, child.text)
    if "Type" in raw:
        raw["Name"] = stored(raw["Name"])
    return raw


def typed(tag, text):
    if tag in NUMBERS:
        return int(text)
    return text == "true" if tag in FLAGS else text


def dumped(raw):
    parts = (f"<{tag}>{inner(tag, value)}</{tag}>" for tag, value in raw.items())
    return "".join(parts)


def inner(tag, value):
    if tag == "ResourceRecords":
        return "".join(
            f"<ResourceRecord><Value>{escape(each)}</Value></ResourceRecord>" for each in value
        )
    if isinstance(value, dict):
        return dumped(value)
    return escape(str(value).lower() if isinstance(value, bool) else str(value))


def error(fault):
    return xml(
        f"<ErrorResponse xmlns='{XMLNS}'><Error><Type>Sender</Type><Code>{fault.code}</Code>"
        f"<Message>{escape(fault.message)}</Message></Error><RequestId>r</RequestId>"
        "</ErrorResponse>",
        status=fault.status,
        headers=fault.headers,
    )


def xml(body, *, status=200, headers=None):
    return Response(
        f"<?xml version='1.0'?>\n{body}", status, headers or {}, content_type="text/xml"
    )
