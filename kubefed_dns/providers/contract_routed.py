"""The rows of the provider contract for sets that are chosen among, and for aliases."""

from itertools import pairwise
from typing import ClassVar

import pytest

from kubefed_dns.providers.contract_plot import Plot, claimed, group
from kubefed_dns.providers.protocol import Capabilities
from kubefed_dns.records import ALIAS, GEO, REGION, TIER, WEIGHT, Create, Delete, RRset, Update

WORDS = ("first", "second")
"""Where a row needs two set identifiers."""


class RoutedContract:
    """Rows with a `word` run once for each property in `claims.routing`.

    `regions` are two that the backend knows, `followed` two host names that it
    follows itself; override them where it knows others.
    """

    claims: ClassVar[Capabilities]
    regions: ClassVar[tuple[str, str]] = ("eu-west-1", "us-east-1")
    followed: ClassVar[tuple[str, str]] = (
        "d111111abcdef8.cloudfront.net.",
        "d222222abcdef8.cloudfront.net.",
    )

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "word" in metafunc.fixturenames:
            metafunc.parametrize("word", sorted(self.claims.routing))

    @pytest.fixture
    def sets(self, plot: Plot, word: str) -> tuple[RRset, ...]:
        """Two sets of a name, and their ownership."""
        told = {
            WEIGHT: ("10", "20"),
            TIER: ("0", "1"),
            GEO: ("EU", "*"),
            REGION: self.regions,
        }[word]
        data = [
            plot.routed("www", f"192.0.2.{number}", identifier, **{word: value})
            for number, (identifier, value) in enumerate(zip(WORDS, told, strict=True), 1)
        ]
        return plot.spelled(*data, *map(plot.owning, data))

    @claimed("A", "TXT", routed=True)
    def test_sets_are_read_as_they_were_written(self, plot: Plot, sets: tuple[RRset, ...]) -> None:
        assert not plot.write(group(*map(Create, sets)))
        assert plot.held() == set(sets)
        assert plot.held(sets[0].name, sets[2].name) == set(sets)

    @claimed("A", "TXT", routed=True)
    def test_one_of_several_sets_changes_and_goes(
        self, plot: Plot, sets: tuple[RRset, ...]
    ) -> None:
        one, two, *ownership = sets
        assert not plot.write(group(*map(Create, sets)))
        (other,) = plot.spelled(plot.routed("www", "192.0.2.9", WORDS[0], **dict(one.properties)))
        assert not plot.write(group(Update(one, other)))
        assert plot.held() == {other, two, *ownership}
        assert not plot.write(group(Delete(two), Delete(ownership[1])))
        assert plot.held() == {other, ownership[0]}

    @claimed("A", routed=True, conditional=True)
    def test_a_set_with_another_identifier_is_another_set(
        self, plot: Plot, sets: tuple[RRset, ...]
    ) -> None:
        one, two = sets[:2]
        assert not plot.write(group(Create(one), Create(two)))
        (refusal,) = plot.write(group(Create(two)))
        assert refusal.lost
        assert not plot.write(group(Delete(one)))
        (refusal,) = plot.write(group(Delete(one)))
        assert refusal.lost
        assert plot.held() == {two}

    @claimed("A", "TXT", routed=True, atomic=True)
    def test_a_plain_set_becomes_several_and_back_in_one_group(
        self, plot: Plot, sets: tuple[RRset, ...]
    ) -> None:
        plain = (plot.address("www"), plot.owned("www"))
        assert not plot.write(group(*map(Create, plain)))
        assert not plot.write(group(*map(Delete, plain), *map(Create, sets)))
        assert plot.held() == set(sets)
        assert not plot.write(group(*map(Delete, sets), *map(Create, plain)))
        assert plot.held() == set(plain)

    @claimed("A", "TXT", routing=(WEIGHT,))
    def test_a_weight_changes_alone(self, plot: Plot) -> None:
        found = [
            plot.spelled(plot.routed("www", "192.0.2.1", WORDS[0], weight=weight))
            for weight in ("10", "0", "255")
        ]
        beside = plot.spelled(plot.routed("www", "192.0.2.2", WORDS[1], weight="1"))
        assert not plot.write(group(*map(Create, (*found[0], *beside))))
        for (old,), (new,) in pairwise(found):
            assert not plot.write(group(Update(old, new)))
            assert plot.held() == {new, *beside}

    @claimed("A", routing=(TIER,), atomic=True)
    def test_who_stood_by_becomes_the_answer_in_one_group(self, plot: Plot) -> None:
        one, two = plot.spelled(
            plot.routed("www", "192.0.2.1", WORDS[0], tier="0"),
            plot.routed("www", "192.0.2.2", WORDS[1], tier="1"),
        )
        (up,) = plot.spelled(plot.routed("www", "192.0.2.2", WORDS[1], tier="0"))
        assert not plot.write(group(Create(one), Create(two)))
        assert not plot.write(group(Delete(one), Update(two, up)))
        assert plot.held() == {up}
        assert not plot.write(group(Update(up, two), Create(one)))
        assert plot.held() == {one, two}

    @claimed("A", routing=(GEO,))
    def test_a_place_within_another_is_a_set_of_its_own(self, plot: Plot) -> None:
        places = ("EU", "DE", "US", "US-CA", "*")
        found = plot.spelled(
            *(
                plot.routed("www", f"192.0.2.{number}", place, geo=place)
                for number, place in enumerate(places)
            )
        )
        assert not plot.write(group(*map(Create, found)))
        assert plot.held() == set(found)

    @claimed("A", "AAAA", routed=True)
    def test_sets_of_both_families_stand_side_by_side(
        self, plot: Plot, sets: tuple[RRset, ...]
    ) -> None:
        one, two = sets[:2]
        more = plot.spelled(
            *(
                plot.routed(
                    "www",
                    f"2001:db8::{number}",
                    each.set_identifier,
                    rrtype="AAAA",
                    **dict(each.properties),
                )
                for number, each in enumerate((one, two), 1)
            )
        )
        assert not plot.write(group(*map(Create, (one, two, *more))))
        assert plot.held() == {one, two, *more}

    # Aliases that the backend follows itself.

    @claimed("CNAME", "TXT", aliases=True)
    @pytest.mark.parametrize("first", ["www", "@"])
    def test_an_alias_is_read_as_it_was_written_and_changes(self, plot: Plot, first: str) -> None:
        old, new = (self._alias(plot, first, host) for host in self.followed)
        owner = plot.owned("apex")
        assert not plot.write(group(Create(old), Create(owner)))
        assert plot.held() == plot.held(old.name, owner.name) == {old, owner}
        assert not plot.write(group(Update(old, new)))
        assert plot.held() == {new, owner}

    @claimed("A", "AAAA", "CNAME", aliases=True, atomic=True)
    @pytest.mark.parametrize("first", ["www", "@"])
    def test_addresses_become_an_alias_and_back_in_one_group(self, plot: Plot, first: str) -> None:
        alias = self._alias(plot, first, self.followed[0])
        v4, v6 = plot.address(first), plot.rrset(first, "AAAA", "2001:db8::1")
        assert not plot.write(group(Create(v4), Create(v6)))
        assert not plot.write(group(Delete(v4), Delete(v6), Create(alias)))
        assert plot.held() == {alias}
        assert not plot.write(group(Delete(alias), Create(v4), Create(v6)))
        assert plot.held() == {v4, v6}

    @claimed("CNAME", "TXT", aliases=True)
    def test_a_text_stands_beside_an_alias(self, plot: Plot) -> None:
        alias, text = self._alias(plot, "www", self.followed[0]), plot.rrset("www", "TXT", '"x"')
        assert not plot.write(group(Create(text)), group(Create(alias)))
        assert plot.held() == {alias, text}

    @claimed("A", "CNAME", aliases=True, conditional=True)
    def test_an_address_does_not_stand_beside_an_alias(self, plot: Plot) -> None:
        alias, address = self._alias(plot, "www", self.followed[0]), plot.address("www")
        assert not plot.write(group(Create(alias)))
        (refusal,) = plot.write(group(Create(address)))
        assert refusal.lost
        assert plot.held() == {alias}

    def _alias(self, plot: Plot, first: str, host: str) -> RRset:
        (found,) = plot.spelled(plot.rrset(first, "CNAME", host, properties={ALIAS: "true"}))
        return found
