"""What every provider promises, as tests: derive a class, say what is claimed, give a provider.

    from kubefed_dns.providers.contract import ProviderContract

    class TestMyProvider(ProviderContract):
        claims = MyProvider.capabilities

        @pytest.fixture
        def provider(self):
            provider = MyProvider(Context("mine", zones=("example.org.",), settings={...}))
            yield provider
            provider.close()

        @pytest.fixture
        def zone(self):
            return "example.org."

The provider is made for that zone alone. The zone may hold other names, as long
as its apex has no addresses and nobody else writes to it meanwhile: each row
works under a label of its own and removes what it made. Rows that need more
than `claims` says are not there; say by `regions` and `followed` which regions and
targets of aliases the backend knows. For the values behind a failed comparison, call
`pytest.register_assert_rewrite("kubefed_dns.providers.contract")` before the import.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import ClassVar
from uuid import uuid4

import pytest

from kubefed_dns import records
from kubefed_dns.errors import ZoneGone
from kubefed_dns.providers.contract_plot import MANY, TEXTS, Plot, claimed, group, needed, rows_of
from kubefed_dns.providers.contract_routed import RoutedContract
from kubefed_dns.providers.protocol import Capabilities, Provider, Refusal
from kubefed_dns.records import Create, Delete, Update


class ProviderContract(RoutedContract):
    """Derive from it; see the module's text."""

    claims: ClassVar[Capabilities] = Capabilities()

    unclaimed: ClassVar[frozenset[str]] = frozenset()
    """Rows that are not there for want of a claim; a class derived from this one may claim more."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.unclaimed = frozenset()
        rows = rows_of(cls)
        for name, row in rows.items():
            setattr(cls, name, row if needed(row).met(cls.claims) else None)
        cls.unclaimed = frozenset(name for name in rows if getattr(cls, name) is None)

    @pytest.fixture
    def label(self) -> str:
        return f"t{uuid4().hex[:8]}"

    @pytest.fixture
    def plot(self, provider: Provider, zone: str, label: str) -> Iterator[Plot]:
        plot = Plot(provider, zone, label)
        yield plot
        plot.clear()

    # What it is.

    def test_it_is_a_provider_with_the_capabilities_claimed(self, provider: Provider) -> None:
        assert isinstance(provider, Provider)
        assert provider.capabilities == self.claims

    def test_its_zones_are_those_given(self, provider: Provider, zone: str) -> None:
        assert list(provider.zones()) == [zone]

    def test_a_zone_it_does_not_have_is_gone(self, provider: Provider) -> None:
        with pytest.raises(ZoneGone):
            provider.marker("not-served.invalid.")
        with pytest.raises(ZoneGone):
            tuple(provider.read("not-served.invalid."))

    def test_reading_leaves_out_the_soa_and_ns_of_the_apex(
        self, provider: Provider, zone: str
    ) -> None:
        apex = [rrset.type for rrset in provider.read(zone) if rrset.name == zone]
        assert not {"SOA", "NS"}.intersection(apex)

    # Writing and reading back.

    @claimed("A", "TXT")
    def test_what_is_written_reads_back(self, plot: Plot) -> None:
        data, owner = plot.address("www"), plot.owned("www")
        assert not plot.write(group(Create(data), Create(owner)))
        assert plot.held() == {data, owner}
        assert plot.held(data.name, owner.name) == {data, owner}

    def test_writing_nothing_is_nothing(self, plot: Plot) -> None:
        assert not plot.write()

    @claimed("A")
    def test_a_ttl_changes_alone(self, plot: Plot) -> None:
        old, new = plot.address("www"), plot.address("www", ttl=60)
        plot.put(old)
        assert not plot.write(group(Update(old, new)))
        assert plot.held() == {new}

    @claimed("A")
    def test_several_values_come_and_go(self, plot: Plot) -> None:
        sets = [
            plot.rrset("www", "A", *(f"192.0.2.{number}" for number in numbers))
            for numbers in ((1, 2, 3), (3, 4), (4,))
        ]
        plot.put(sets[0])
        for old, new in pairwise(sets):
            assert not plot.write(group(Update(old, new)))
            assert plot.held() == {new}

    @claimed("A", "AAAA")
    def test_both_address_families_stand_side_by_side(self, plot: Plot) -> None:
        v4, v6 = plot.address("www"), plot.rrset("www", "AAAA", "2001:db8::1", "2001:db8:0::2")
        assert not plot.write(group(Create(v4), Create(v6)))
        assert plot.held() == {v4, v6}
        assert not plot.write(group(Delete(v6)))
        assert plot.held(v4.name) == {v4}

    @claimed("TXT")
    @pytest.mark.parametrize(("reason", "text"), TEXTS, ids=[reason for reason, _ in TEXTS])
    def test_text_is_kept_to_the_octet(self, plot: Plot, reason: str, text: str) -> None:
        old, new = plot.rrset("text", "TXT", text), plot.rrset("text", "TXT", text, '"other"')
        plot.put(old)
        assert plot.held() == {old}, reason
        assert not plot.write(group(Update(old, new))), reason
        assert plot.held() == {new}, reason

    @claimed("A")
    def test_a_wildcard_is_a_name_and_makes_up_no_others(self, plot: Plot) -> None:
        star, beside = plot.address("*"), plot.address("nothing.is.here")
        plot.put(star)
        assert plot.held() == plot.held(star.name, beside.name) == {star}

    @claimed("A")
    def test_the_apex_holds_data(self, plot: Plot) -> None:
        old, new = plot.address("@"), plot.address("@", "192.0.2.2")
        plot.put(old)
        assert not plot.write(group(Update(old, new)))
        assert plot.held() == plot.held(plot.zone) == {new}

    @claimed("A", "CNAME")
    def test_case_makes_no_difference(self, plot: Plot) -> None:
        plot.put(plot.address("WWW"), plot.rrset("Alias", "CNAME", plot.name("Www").upper()))
        assert plot.held(plot.name("www"), plot.name("alias")) == {
            plot.address("www"),
            plot.rrset("alias", "CNAME", plot.name("www")),
        }

    @claimed("A", "TXT")
    def test_labels_may_be_long_and_have_underscores(self, plot: Plot) -> None:
        made = {plot.address("x" * 63), plot.rrset("_a._tcp", "TXT", '"x"')}
        plot.put(*made)
        assert plot.held() == made

    @claimed("A")
    def test_names_above_below_and_beside_are_left_alone(self, plot: Plot) -> None:
        some = [plot.address(first) for first in ("www", "a.www", "www2", "ww")]
        plot.put(*some)
        assert not plot.write(group(Delete(some[0])))
        assert plot.held() == set(some[1:])

    @claimed("A")
    def test_reading_by_name_tells_that_a_name_is_gone(self, plot: Plot) -> None:
        here, gone = plot.address("here"), plot.address("gone")
        plot.put(here, gone)
        assert not plot.write(group(Delete(gone)))
        assert plot.held(here.name, gone.name) == {here}

    @claimed("A", "TXT")
    def test_hundreds_of_names_at_once(self, plot: Plot) -> None:
        names = [f"n{number}" for number in range(MANY)]
        made = [(plot.address(name), plot.owned(name)) for name in names]
        assert not plot.write(*(group(Create(data), Create(owner)) for data, owner in made))
        assert plot.held() == {rrset for pair in made for rrset in pair}
        assert not plot.write(*(group(Delete(data), Delete(owner)) for data, owner in made))
        assert not plot.held()

    @claimed("A")
    def test_the_marker_moves_with_a_change_and_only_then(self, plot: Plot) -> None:
        before = plot.provider.marker(plot.zone)
        plot.held()
        plot.write()
        assert plot.provider.marker(plot.zone) == before
        plot.put(plot.address("www"))
        after = plot.provider.marker(plot.zone)
        assert (after == before) is (before is None)

    # Refusals.

    @claimed("A")
    def test_one_refusal_does_not_stop_the_rest(self, plot: Plot) -> None:
        outside = records.rrset("www.elsewhere.invalid.", "A", 300, ["192.0.2.1"])
        bad, good = group(Create(outside)), [plot.address("a"), plot.address("b")]
        (refusal,) = plot.write(group(Create(good[0])), bad, group(Create(good[1])))
        assert refusal.group == bad
        assert refusal.reason
        assert not refusal.lost
        assert plot.held() == set(good)

    @claimed("A", conditional=True)
    def test_a_plan_is_not_carried_out_twice(self, plot: Plot) -> None:
        old, new = plot.address("www"), plot.address("www", "192.0.2.2")
        for change in (Create(old), Update(old, new), Delete(new)):
            assert not plot.write(group(change))
            held, marker = plot.held(), plot.provider.marker(plot.zone)
            (refusal,) = plot.write(group(change))
            assert refusal.lost
            assert (plot.held(), plot.provider.marker(plot.zone)) == (held, marker)

    @claimed("A", conditional=True)
    def test_of_two_writers_one_wins(self, plot: Plot) -> None:
        old, mine, other = (plot.address("www", f"192.0.2.{number}") for number in (1, 2, 3))
        plot.put(old)
        assert not plot.write(group(Update(old, mine)))
        for change in (Update(old, other), Delete(old), Create(other)):
            (refusal,) = plot.write(group(change))
            assert refusal == Refusal(group(change), refusal.reason, lost=True)
        assert plot.held() == {mine}

    @claimed("A", conditional=True)
    def test_a_part_of_the_values_is_not_the_set(self, plot: Plot) -> None:
        both, one = plot.rrset("www", "A", "192.0.2.1", "192.0.2.2"), plot.address("www")
        plot.put(both)
        (refusal,) = plot.write(group(Delete(one)))
        assert refusal.lost
        assert plot.held() == {both}

    @claimed("A", "TXT", conditional=True, atomic=True)
    def test_a_group_is_taken_whole_or_refused_whole(self, plot: Plot) -> None:
        data, mine, theirs = plot.address("www"), plot.owned("www"), plot.owned("www", "theirs")
        plot.put(theirs)
        (refusal,) = plot.write(group(Create(data), Create(mine)))
        assert refusal.lost
        assert plot.held() == {theirs}

    @claimed("A", conditional=True)
    def test_one_bad_group_among_hundreds_stands_alone(self, plot: Plot) -> None:
        there = plot.address("n150", "192.0.2.9")
        plot.put(there)
        new = [plot.address(f"n{number}") for number in range(MANY)]
        (refusal,) = plot.write(*(group(Create(rrset)) for rrset in new))
        assert refusal.group == group(Create(new[150]))
        assert plot.held() == {there, *new} - {new[150]}

    # Aliases.

    @claimed("A", "AAAA", "CNAME", atomic=True)
    def test_a_name_becomes_an_alias_and_back_in_one_group(self, plot: Plot) -> None:
        v4, v6 = plot.address("www"), plot.rrset("www", "AAAA", "2001:db8::1")
        alias = plot.rrset("www", "CNAME", "target.example.")
        assert not plot.write(group(Create(v4), Create(v6)))
        assert not plot.write(group(Delete(v4), Delete(v6), Create(alias)))
        assert plot.held(alias.name) == {alias}
        assert not plot.write(group(Delete(alias), Create(v4), Create(v6)))
        assert plot.held(v4.name) == {v4, v6}

    @claimed("CNAME")
    def test_an_alias_changes_its_target(self, plot: Plot) -> None:
        old, new = (plot.rrset("www", "CNAME", f"{to}.example.") for to in ("one", "two"))
        plot.put(old)
        assert not plot.write(group(Update(old, new)))
        assert plot.held() == {new}

    @claimed("A", "CNAME", "TXT", conditional=True)
    def test_an_alias_and_anything_else_exclude_each_other(self, plot: Plot) -> None:
        alias, text = plot.rrset("alias", "CNAME", "t.example."), plot.rrset("text", "TXT", '"x"')
        plot.put(alias, text)
        beside = plot.address("alias"), plot.rrset("text", "CNAME", "t.example.")
        refusals = plot.write(*(group(Create(rrset)) for rrset in beside))
        assert [refusal.lost for refusal in refusals] == [True, True]
        assert plot.held() == {alias, text}

    @claimed("A", "CNAME", "TXT", conditional=True, atomic=True)
    def test_a_name_with_more_than_is_known_does_not_become_an_alias(self, plot: Plot) -> None:
        known, more = plot.address("www"), plot.rrset("www", "TXT", '"somebody else\'s"')
        plot.put(known, more)
        (refusal,) = plot.write(
            group(Delete(known), Create(plot.rrset("www", "CNAME", "t.example.")))
        )
        assert refusal.lost
        assert plot.held() == {known, more}

    @claimed("A", "CNAME")
    def test_what_no_zone_can_hold_is_refused_for_good(self, plot: Plot) -> None:
        alias = plot.rrset("www", "CNAME", "t.example.")
        bad = [
            group(Create(alias), Create(plot.address("www"))),
            group(Create(plot.rrset("two", "CNAME", "a.example.", "b.example."))),
            group(Create(plot.rrset("@", "CNAME", "t.example."))),
        ]
        refusals = plot.write(*bad)
        assert [refusal.group for refusal in refusals] == bad
        assert not any(refusal.lost for refusal in refusals)
        assert not plot.held()
