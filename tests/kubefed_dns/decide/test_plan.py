import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubefed_dns.api.providers import Policy
from kubefed_dns.decide.claims import Claims, Register, Want, edit
from kubefed_dns.decide.ownership import Naming, Registry
from kubefed_dns.decide.plan import plan
from kubefed_dns.decide.reasons import Reason
from kubefed_dns.decide.terms import Terms
from kubefed_dns.records import Create, Delete, RRKey, Update, rrset

ZONE = "example.org."
HUB = Registry("hub")
TERMS = Terms(ZONE, HUB)
WEB = f"web.{ZONE}"
US, OTHERS = "crd/ns/web", "service/x/y"

A = rrset(WEB, "A", 60, ["192.0.2.1"])
A2 = rrset(WEB, "A", 60, ["192.0.2.2"])
AAAA = rrset(WEB, "AAAA", 60, ["2001:db8::1"])
CNAME = rrset(WEB, "CNAME", 60, ["lb.example.net"])
SPF = rrset(WEB, "TXT", 60, ['"v=spf1 -all"'])
MX = rrset(WEB, "MX", 60, ["10 mail.example.net"])


def own(of, *, owner="hub", resource=US, ttl=300, naming=HUB.naming, extra=()):
    """The ownership record of a set."""
    value = Registry(owner, naming).write(resource)
    place = naming.of(of.name, of.type)
    said = {name: text for name, text in of.properties if name != "alias"}
    return rrset(
        place, "TXT", ttl, [value, *extra], set_identifier=of.set_identifier, properties=said
    )


def legacy(name, *, owner="hub", extra=()):
    return rrset(name, "TXT", 300, [Registry(owner).write(US), *extra])


def by_name(sets):
    found = {}
    for each in sets:
        found.setdefault(each.name, []).append(each)
    return found


def planned(want, have, *, terms=TERMS, name=WEB, keep=False, beside=()):
    wanted = {name: [Want(each, US) for each in want]}
    for each in beside:
        wanted.setdefault(each.name, []).append(Want(each, OTHERS))
    return plan(name, wanted=wanted, held=by_name(have), terms=terms, keep=keep)


def changes(result):
    return result.group.changes if result.group else ()


def applied(have, group):
    """The zone after a group, taken as the strictest backend takes it."""
    sets = {each.key: each for each in have}
    for change in group.changes if group else ():
        match change:
            case Create(new):
                assert new.key not in sets
                sets[new.key] = new
            case Update(old, new):
                assert sets[old.key] == old
                assert new.key == old.key
                sets[new.key] = new
            case Delete(old):
                assert sets.pop(old.key) == old
    for each in sets.values():
        others = {other.type for other in sets.values() if other.name == each.name}
        assert each.type != "CNAME" or each.alias or others == {"CNAME"}
        plain = RRKey(each.name, each.type)
        assert each.key == plain or plain not in sets, "plain and routed sets never meet"
    return tuple(sets.values())


@pytest.mark.parametrize(
    ("reason", "want", "have", "todo"),
    [
        ("There is nothing.", [], [], ()),
        ("All is as it should be.", [A], [A, own(A)], ()),
        ("A name comes with its ownership.", [A], [], (Create(A), Create(own(A)))),
        (
            "A name goes with its ownership.",
            [],
            [A, own(A)],
            (Delete(A), Delete(own(A))),
        ),
        ("An address changes, ownership does not.", [A2], [A, own(A)], (Update(A, A2),)),
        (
            "A type comes beside another.",
            [A, AAAA],
            [A, own(A)],
            (Create(AAAA), Create(own(AAAA))),
        ),
        (
            "A type goes.",
            [A],
            [A, own(A), AAAA, own(AAAA)],
            (Delete(AAAA), Delete(own(AAAA))),
        ),
        (
            "A type changes in one group, deletes first.",
            [CNAME],
            [A, own(A)],
            (Delete(A), Delete(own(A)), Create(CNAME), Create(own(CNAME))),
        ),
        (
            "And back.",
            [A],
            [CNAME, own(CNAME)],
            (Delete(CNAME), Delete(own(CNAME)), Create(A), Create(own(A))),
        ),
        ("The TTL of ownership is no matter.", [A], [A, own(A, ttl=5)], ()),
        (
            "Ownership moves to the object that has the name now.",
            [A],
            [A, own(A, resource="crd/ns/old")],
            (Update(own(A, resource="crd/ns/old"), own(A)),),
        ),
        ("Data that somebody deleted comes back.", [A], [own(A)], (Create(A),)),
        ("Ownership of nothing goes.", [], [own(A)], (Delete(own(A)),)),
        ("What nobody owns stays.", [], [A], ()),
        ("What another owns stays.", [], [A, own(A, owner="x")], ()),
        (
            "A foreign TXT or MX stands beside ours.",
            [A],
            [SPF, MX],
            (Create(A), Create(own(A))),
        ),
        (
            "Other strings at the ownership's name stay when it comes.",
            [A],
            [rrset(own(A).name, "TXT", 7, ['"x"'])],
            (
                Update(rrset(own(A).name, "TXT", 7, ['"x"']), own(A, ttl=7, extra=['"x"'])),
                Create(A),
            ),
        ),
        (
            "And when it goes.",
            [],
            [A, own(A, extra=['"x"'])],
            (Delete(A), Update(own(A, extra=['"x"']), rrset(own(A).name, "TXT", 300, ['"x"']))),
        ),
        (
            "Deletes use the value as it was read.",
            [],
            [A, rrset(own(A).name, "TXT", 1, ['"external-dns/owner=hub,heritage=external-dns"'])],
            (
                Delete(A),
                Delete(
                    rrset(own(A).name, "TXT", 1, ['"external-dns/owner=hub,heritage=external-dns"'])
                ),
            ),
        ),
        (
            "An older release's ownership counts, and gets the present form beside it.",
            [A],
            [A, legacy(WEB)],
            (Delete(legacy(WEB)), Create(own(A))),
        ),
        (
            "A CNAME clears away an older ownership record of ours at its own name.",
            [CNAME],
            [A, legacy(WEB)],
            (Delete(A), Delete(legacy(WEB)), Create(CNAME), Create(own(CNAME))),
        ),
        (
            "An AAAA is not owned by an older release's.",
            [],
            [AAAA, legacy(WEB)],
            (Delete(legacy(WEB)),),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_plan(reason, want, have, todo):
    result = planned(want, have)
    assert set(changes(result)) == set(todo), reason
    assert result.problem is None
    after = applied(have, result.group)
    assert not changes(planned(want, after)), "planned again"


@pytest.mark.parametrize(
    ("reason", "want", "have", "todo", "says"),
    [
        ("Another's record is never taken.", [A2], [A, own(A, owner="x")], (), "owner 'x'"),
        ("Nor one without an owner.", [A2], [A], (), "without an ownership record"),
        ("Nothing is added beside it.", [AAAA], [A], (), "A is in the zone"),
        (
            "What we have beside it is kept right.",
            [A2, AAAA],
            [A, own(A), AAAA],
            (Update(A, A2),),
            "AAAA is in the zone",
        ),
        (
            "It is not deleted for something that cannot come.",
            [CNAME],
            [A, own(A), MX],
            (),
            "MX is in the zone",
        ),
        (
            "Unless something of ours that is wanted stays.",
            [A],
            [A, own(A), AAAA, own(AAAA), rrset(WEB, "NS", 60, ["ns.example.net"])],
            (Delete(AAAA), Delete(own(AAAA))),
            "NS is in the zone",
        ),
        ("A CNAME stands alone.", [CNAME], [SPF], (), "TXT is in the zone"),
        ("Nothing stands beside a CNAME.", [A], [CNAME], (), "CNAME is in the zone"),
        (
            "Two owners at one name are not us.",
            [A2],
            [A, own(A, extra=[Registry("x").write("")])],
            (),
            "owner 'x'",
        ),
        (
            "A name claimed by another is not ours before its data comes.",
            [A],
            [own(A, owner="x")],
            (),
            "owner 'x' (crd/ns/web), by a-web.example.org. TXT",
        ),
        ("By an older release's record too.", [A], [legacy(WEB, owner="x")], (), "owner 'x'"),
        (
            "A CNAME cannot come beside another's older ownership record.",
            [CNAME],
            [CNAME, own(CNAME), legacy(WEB, owner="x")],
            (),
            "TXT belongs to owner 'x'",
        ),
        (
            "No ownership without room for it.",
            [A],
            [rrset(own(A).name, "CNAME", 60, ["x.example."])],
            (),
            "is a CNAME, where the ownership",
        ),
        (
            "A TXT is not put among ownership records.",
            [SPF],
            [rrset(WEB, "TXT", 60, [Registry("x").write(""), '"y"'])],
            (),
            "TXT belongs to owner 'x'",
        ),
        (
            "Nor where one of ours stands.",
            [SPF],
            [rrset(f"x.{ZONE}", "A", 60, ["192.0.2.1"]), legacy(WEB)],
            (),
            "ownership record of another name",
        ),
        (
            "A CNAME neither.",
            [rrset(f"a-web.{ZONE}", "CNAME", 60, ["x.example."])],
            [A, own(A)],
            (),
            "ownership record of another name",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_others_are_left_alone(reason, want, have, todo, says):
    result = planned(want, have, name=want[0].name)
    assert changes(result) == todo, reason
    assert result.problem.reason is Reason.CONFLICT
    assert says in result.problem.message


def test_an_older_ownership_of_another_does_not_bar_what_we_own_by_the_present_one():
    have = [A, own(A), legacy(WEB, owner="x")]
    result = planned([A2, AAAA], have)
    assert result.problem is None
    assert changes(result) == (Update(A, A2), Create(AAAA), Create(own(AAAA)))


def test_a_record_is_never_read_as_the_older_one_of_a_name_when_it_fits_another():
    host = f"a-web.{ZONE}"
    data = rrset(host, "MX", 60, ["10 m.example."])
    assert own(A).name == host
    result = planned([], [A, own(A), data], name=host)
    assert result.group is None, "the MX is not ours"
    result = planned([], [data, own(A)], name=host, beside=[A])
    assert result.group is None, "not while the other is wanted either"
    better = rrset(host, "MX", 60, ["20 m.example."])
    result = planned([better], [data, own(A)], name=host)
    assert Update(data, better) in changes(result), "by itself it is an older release's"
    result = planned([], [data, own(A)], name=host)
    assert result.group is None, "but nothing is deleted on so weak a claim"


def test_an_ownership_record_is_not_made_where_it_would_claim_another_s_set():
    naming = Naming("", "", "any")
    terms = Terms(ZONE, Registry("hub", naming))
    star, any_ = (rrset(f"{host}.{ZONE}", "A", 60, ["192.0.2.1"]) for host in ("*", "any"))
    result = planned([any_], [star], name=any_.name, terms=terms)
    assert result.group is None
    assert "would claim *.example.org. too" in result.problem.message
    old = rrset(any_.name, "A", 5, ["192.0.2.1"])
    result = planned([any_], [star, old, legacy(any_.name)], name=any_.name, terms=terms)
    assert result.group is None, "nor for what an older release has owned"


def test_a_wildcard_and_its_replacement_share_a_record_but_not_their_fate():
    naming = Naming("", "", "any")
    terms = Terms(ZONE, Registry("hub", naming))
    star, any_ = (rrset(f"{host}.{ZONE}", "A", 60, ["192.0.2.1"]) for host in ("*", "any"))
    assert own(star, naming=naming).name == own(any_, naming=naming).name
    have = [star, own(star, naming=naming)]
    assert planned([], have, name=any_.name, terms=terms).group is None
    result = planned([], have, name=star.name, terms=terms)
    assert len(changes(result)) == 2


@pytest.mark.parametrize(
    ("reason", "policy", "want", "have", "todo", "says"),
    [
        ("Nothing is deleted.", Policy.UPSERT_ONLY, [], [A, own(A)], (), ""),
        ("Updates go on.", Policy.UPSERT_ONLY, [A2], [A, own(A)], (Update(A, A2),), ""),
        (
            "A type stays, and it says so.",
            Policy.UPSERT_ONLY,
            [A2],
            [A, own(A), AAAA, own(AAAA)],
            (Update(A, A2),),
            "leaves web.example.org. AAAA as it is",
        ),
        (
            "A CNAME cannot come beside what stays.",
            Policy.UPSERT_ONLY,
            [CNAME],
            [A, own(A)],
            (),
            "leaves web.example.org. A as it is",
        ),
        ("Nor go.", Policy.UPSERT_ONLY, [A], [CNAME, own(CNAME)], (), "CNAME as it is"),
        ("Ownership of nothing stays.", Policy.UPSERT_ONLY, [], [own(A)], (), ""),
        ("Creates only.", Policy.CREATE_ONLY, [A], [], (Create(A), Create(own(A))), ""),
        ("No update.", Policy.CREATE_ONLY, [A2], [A, own(A)], (), "CreateOnly"),
        ("Nor of ownership.", Policy.CREATE_ONLY, [A], [A, own(A, resource="crd/a/b")], (), ""),
        (
            "A type beside it may come.",
            Policy.CREATE_ONLY,
            [A, AAAA],
            [A, own(A)],
            (Create(AAAA), Create(own(AAAA))),
            "",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_policies(reason, policy, want, have, todo, says):
    result = planned(want, have, terms=Terms(ZONE, HUB, policy))
    assert changes(result) == todo, reason
    assert says in (result.problem.message if result.problem else "")
    assert bool(says) == bool(result.problem)


@pytest.mark.parametrize(
    ("reason", "want", "have", "todo"),
    [
        ("Everything is ours.", [], [A, MX], (Delete(A), Delete(MX))),
        ("There are no ownership records.", [A], [], (Create(A),)),
        ("Whatever is there goes for a CNAME.", [CNAME], [SPF], (Delete(SPF), Create(CNAME))),
        ("Even what looks like ownership.", [], [own(A)], ()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_zone_that_nobody_else_writes(reason, want, have, todo):
    assert changes(planned(want, have, terms=Terms(ZONE, None))) == todo, reason


def test_a_floor_under_ttls_is_laid_before_comparing():
    terms = Terms(ZONE, HUB, min_ttl=120)
    result = planned([A], [], terms=terms)
    after = applied([], result.group)
    assert {each.ttl for each in after} == {120, 300}
    assert planned([A], after, terms=terms).group is None


def test_names_that_cannot_be_owned_are_refused_and_what_is_there_stays():
    apex = rrset(ZONE, "A", 60, ["192.0.2.1"])
    result = planned([apex], [], name=ZONE)
    assert result.group is None
    assert result.problem.reason is Reason.INVALID_NAME
    assert "end in a dot" in result.problem.message
    terms = Terms(ZONE, Registry("hub", Naming("%{record_type}.")))
    assert planned([apex], [], name=ZONE, terms=terms).problem is None
    long = rrset("x" * 60 + f".{ZONE}", "AAAA", 60, ["2001:db8::1"])
    four = rrset(long.name, "A", 60, ["192.0.2.1"])
    result = planned([four, long], [four, own(four)], name=long.name)
    assert result.problem.reason is Reason.INVALID_NAME
    assert result.group is None


def test_what_vanishes_is_said():
    assert planned([], [A, own(A)]).vanishes
    assert not planned([], [own(A)]).vanishes
    assert not planned([CNAME], [A, own(A)]).vanishes
    assert not planned([], [A]).vanishes


def test_nothing_is_deleted_where_more_is_wanted_than_can_be_said():
    assert planned([], [A, own(A)], keep=True).group is None
    result = planned([A2], [A, own(A), AAAA, own(AAAA)], keep=True)
    assert changes(result) == (Update(A, A2),)


def test_what_stays_keeps_the_older_record_that_it_is_owned_by():
    have = [A, legacy(WEB), AAAA, own(AAAA)]
    assert planned([], have, keep=True).group is None
    result = planned([AAAA], have, terms=Terms(ZONE, HUB, Policy.UPSERT_ONLY))
    assert result.group is None
    assert Delete(legacy(WEB)) in changes(planned([AAAA], have))


def test_encrypted_ownership_is_compared_by_what_it_says():
    registry = Registry("hub", key=b"k" * 32)
    terms = Terms(ZONE, registry)
    result = planned([A], [], terms=terms)
    after = applied([], result.group)
    assert planned([A], after, terms=terms).group is None
    assert planned([], after).group is None, "without the key it is foreign"
    gone = applied(after, planned([], after, terms=terms).group)
    assert gone == ()


def test_ownership_does_not_mix_with_a_txt_that_is_wanted_in_its_place():
    result = planned([A], [], beside=[rrset(f"a-web.{ZONE}", "TXT", 60, ['"x"'])])
    assert result.group is None
    assert result.problem.message.startswith("service/x/y wants a-web.example.org.,")


def test_who_holds_a_name():
    held = by_name([A, own(A), rrset(f"x.{ZONE}", "A", 60, ["192.0.2.1"])])
    reading = Claims({}, held, Register(HUB, held))
    assert reading.holder(WEB) == US
    assert reading.holder(f"x.{ZONE}") is None
    assert reading.register.owned() == {WEB: {US}, f"a-web.{ZONE}": {US}}


HOSTS = ("web", "a-web", "*", "any", "cname-web")
NAMINGS = (Naming(), Naming("", "", "any"), Naming("%{record_type}."), Naming("", "-own"))
VALUES = {
    "A": ["192.0.2.1", "192.0.2.2", "192.0.2.3"],
    "AAAA": ["2001:db8::1", "2001:db8::2"],
    "MX": ["10 m.example.", "20 n.example."],
    "TXT": ['"v=spf1"', '"x"', '"y"'],
}


WEIGHTS = st.fixed_dictionaries({each: st.sampled_from("12") for each in ("eu", "us")})


@st.composite
def sets_at(draw, host, weights):
    name = f"{host}.{ZONE}"
    if draw(st.integers(0, 3)) == 0:
        target = draw(st.sampled_from(["a.example.", "b.example."]))
        return [rrset(name, "CNAME", draw(st.sampled_from([30, 60])), [target])]
    types = draw(st.lists(st.sampled_from(sorted(VALUES)), unique=True, max_size=3))
    return [
        rrset(
            name,
            rrtype,
            draw(st.sampled_from([30, 60])),
            draw(st.lists(st.sampled_from(VALUES[rrtype]), min_size=1, unique=True)),
            set_identifier=identifier,
            properties={"weight": weights[identifier]} if identifier else {},
        )
        for rrtype in types
        for identifier in draw(st.sampled_from([("",), ("",), ("eu",), ("eu", "us")]))
    ]


@st.composite
def zones(draw):
    """A zone with foreign, unowned and our own records, and what should be in it next.

    Names that share an ownership record have the same weights: `rivals` sees to it.
    """
    before, after = draw(WEIGHTS), draw(WEIGHTS)
    naming = draw(st.sampled_from(NAMINGS))
    hosts = draw(st.lists(st.sampled_from(HOSTS), unique=True))
    have = {}
    for host in hosts:
        owner = draw(st.sampled_from(["hub", "hub", "x", None]))
        for each in draw(sets_at(host, before)):
            have.setdefault(each.key, each)
            ownership = own(each, owner=owner or "x", naming=naming)
            if owner and ownership.key not in have:
                have[ownership.key] = ownership
    names = {each.name for each in have.values() if each.type == "CNAME"}
    plain = {(e.name, e.type) for e in have.values() if not e.set_identifier}
    have = [
        e
        for e in have.values()
        if (e.type == "CNAME" or e.name not in names)
        and (not e.set_identifier or (e.name, e.type) not in plain)
    ]
    wanted = {
        f"{host}.{ZONE}": [Want(each, US) for each in draw(sets_at(host, after))]
        for host in draw(st.lists(st.sampled_from(HOSTS), unique=True))
    }
    return Terms(ZONE, Registry("hub", naming)), have, wanted


@settings(max_examples=400)
@given(zones())
def test_a_plan_carried_out_leaves_nothing_to_plan_and_others_alone(case):
    terms, have, wanted = case
    before = by_name(have)
    reading = Claims({}, before, Register(terms.registry, before))
    foreign = {
        each
        for each in have
        if each.type != "TXT"
        and not any(
            claim.key == each.key and claim.labels.owner == "hub" for claim in reading.of(each.name)
        )
    } | {each for each in have if any("owner=x" in value for value in each.values)}
    problems, names = {}, sorted(before.keys() | wanted.keys())
    for name in names:
        result = plan(name, wanted=wanted, held=by_name(have), terms=terms)
        have = applied(have, result.group)
        problems[name] = result.problem
    assert foreign <= set(have)
    for name, wants in wanted.items():
        if problems[name] is None:
            there = {each for each in have if each.name == name}
            assert {want.rrset for want in wants} <= there
    for name in names:
        again = plan(name, wanted=wanted, held=by_name(have), terms=terms)
        assert not again.group or problems[name] or again.problem


def test_taking_out_what_is_put_back_changes_nothing():
    there = own(A)
    held = by_name([A, there])
    (claim, *_) = Claims({}, held, Register(HUB, held)).of(WEB)
    back = [(there.key, claim.value)]
    assert not list(edit(by_name([there]), remove=[claim], add=back, ttl=300))


def test_what_others_own_is_not_listed_as_ours():
    assert Register(HUB, by_name([A, own(A, owner="x")])).owned() == {}
