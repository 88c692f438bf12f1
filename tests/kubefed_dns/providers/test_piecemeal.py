"""In which order a backend that promises little is asked for the parts of a group."""

import pytest

from kubefed_dns.providers import piecemeal
from kubefed_dns.providers.batch import Refused
from kubefed_dns.providers.memory import Memory
from kubefed_dns.providers.piecemeal import Backend, by_name
from kubefed_dns.providers.protocol import Context
from kubefed_dns.records import Create, Delete, Group, Update, rrset

ZONE = "example.org."
WEB = f"web.{ZONE}"
TYPES = frozenset({"A", "AAAA", "CNAME", "TXT"})


def made(rrtype, value, *, name=WEB, **more):
    return rrset(name, rrtype, 60, [value], **more)


def own(of):
    name = f"{of.type.lower()}-{of.name}"
    return made("TXT", '"heritage=external-dns"', name=name, set_identifier=of.set_identifier)


A, A2, AAAA = made("A", "192.0.2.1"), made("A", "192.0.2.2"), made("AAAA", "2001:db8::1")
CNAME, TEXT = made("CNAME", "lb.example."), made("TXT", '"x"')
EU = made("A", "192.0.2.1", set_identifier="eu")


class Recorded:
    """A zone that takes each change by itself, and refuses those in `bad`."""

    def __init__(self, *sets, bad=()):
        self.memory = Memory(Context("memory", zones=(ZONE,)))
        for each in sets:
            assert not self.memory.write(ZONE, [Group("", (Create(each),))])
        self.bad = bad
        self.asked = []

    def apply(self, changes):
        self.asked.append(list(changes))
        for change in changes:
            if change in self.bad:
                raise Refused("no such luck")
            assert not self.memory.write(ZONE, [Group("", (change,))])

    def write(self, *changes):
        def read():
            return by_name(tuple(self.memory.read(ZONE)))

        backend = Backend(zone=ZONE, types=TYPES, read=read, apply=self.apply, most=100)
        return piecemeal.write([Group(WEB, changes)], backend)

    @property
    def held(self):
        return set(self.memory.read(ZONE))


@pytest.mark.parametrize(
    ("reason", "held", "changes", "steps"),
    [
        (
            "Ownership comes first.",
            [],
            [Create(A), Create(own(A))],
            [[Create(own(A))], [Create(A)]],
        ),
        (
            "And goes last.",
            [A, own(A)],
            [Delete(A), Delete(own(A))],
            [[Delete(A)], [Delete(own(A))]],
        ),
        ("A change is one step.", [A], [Update(A, A2)], [[Update(A, A2)]]),
        (
            "What is new comes before what is old goes.",
            [A, own(A)],
            [Delete(A), Delete(own(A)), Create(AAAA), Create(own(AAAA))],
            [[Create(own(AAAA))], [Create(AAAA)], [Delete(A)], [Delete(own(A))]],
        ),
        (
            "Unless it cannot stand beside it: a CNAME.",
            [A],
            [Delete(A), Create(CNAME)],
            [[Delete(A), Create(CNAME)]],
        ),
        ("And back.", [CNAME], [Delete(CNAME), Create(A)], [[Delete(CNAME), Create(A)]]),
        (
            "Or a plain set beside others.",
            [A],
            [Delete(A), Create(EU)],
            [[Delete(A), Create(EU)]],
        ),
        (
            "Of another type it can.",
            [TEXT],
            [Delete(TEXT), Create(EU)],
            [[Create(EU)], [Delete(TEXT)]],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_steps(reason, held, changes, steps):
    backend = Recorded(*held)
    assert not backend.write(*changes)
    assert backend.asked == steps, reason


def test_what_is_new_is_taken_back_where_what_is_old_does_not_go():
    backend = Recorded(A, own(A), bad=[Delete(A)])
    (refusal,) = backend.write(Delete(A), Delete(own(A)), Create(AAAA), Create(own(AAAA)))
    assert not refusal.lost
    assert backend.held == {A, own(A)}


def test_ownership_that_does_not_go_brings_no_data_back():
    backend = Recorded(A, own(A), bad=[Delete(own(A))])
    (refusal,) = backend.write(Delete(A), Delete(own(A)))
    assert refusal.lost
    assert backend.held == {own(A)}
