"""What can be said of crds/ without an API server; tests/e2e/test_crds.py asks a real one."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubefed_core import resources as core
from kubefed_dns import resources as dns

CRDS = Path(__file__).parents[2] / "crds"
FILES = sorted(CRDS.glob("*.yaml"))
KINDS = (
    core.CLUSTERS,
    core.CONFIGS,
    core.TYPE_CONFIGS,
    core.PROPAGATED_VERSIONS,
    core.CLUSTER_PROPAGATED_VERSIONS,
    core.SERVICE_STATUSES,
    core.PLACEMENT_POLICIES,
    core.REPLICA_PREFERENCES,
    dns.DOMAINS,
    dns.SERVICE_RECORDS,
    dns.INGRESS_RECORDS,
    dns.ENDPOINTS,
    dns.PROVIDERS,
)
RULES = "x-kubernetes-validations"
OPEN = "x-kubernetes-preserve-unknown-fields"
Schema = dict[str, Any]


@cache
def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def version(crd: Any) -> Any:
    (only,) = crd["spec"]["versions"]
    return only


def schema(path: Path) -> Schema:
    found: Schema = version(load(path))["schema"]["openAPIV3Schema"]
    return found


def nodes(node: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Every schema inside a schema, with its path; of a list `[]`, of a map `{}`."""
    yield path, node
    for name, child in node.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}")
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if key in node:
            yield from nodes(node[key], path + mark)


def follow(node: Schema, path: str) -> Schema:
    for step in path.split(".")[1:]:
        node = node["properties"][step]
    return node


def bounded(node: Schema) -> bool:
    match node["type"]:
        case "string":
            return "maxLength" in node or "enum" in node or node.get("format") == "date-time"
        case "array":
            return "maxItems" in node and bounded(node["items"])
        case "object":
            return "additionalProperties" not in node or "maxProperties" in node
    return True


def touched(node: Schema) -> Iterator[Schema]:
    """The nodes whose values the rules of a node read; `has` reads none."""
    for rule in node.get(RULES, ()):
        text = re.sub(r"\bhas\([^()]*\)", "", rule["rule"])
        for path in re.findall(r"\bself((?:\.\w+(?![\w(]))*)", text):
            # A name is bounded by Kubernetes itself.
            if path != ".metadata.name":
                yield follow(node, path)


def spec_of(path: Path) -> Schema:
    found: Schema = follow(schema(path), ".spec")["properties"]
    return found


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def test_every_kind_that_the_code_names_has_a_crd() -> None:
    said = {
        (
            crd["spec"]["group"],
            version(crd)["name"],
            crd["spec"]["names"]["plural"],
            crd["spec"]["names"]["kind"],
        )
        for crd in map(load, FILES)
    }
    assert {(kind.group, kind.version, kind.plural, kind.kind) for kind in KINDS} <= said


def test_the_kustomization_lists_every_file() -> None:
    assert set(load(CRDS / "Kustomization")["resources"]) == {path.name for path in FILES}


def test_a_file_is_named_as_its_plural_and_its_object_as_plural_and_group(path: Path) -> None:
    crd = load(path)
    assert path.stem == crd["spec"]["names"]["plural"]
    assert crd["metadata"]["name"] == f"{path.stem}.{crd['spec']['group']}"


def test_the_only_version_is_served_and_stored(path: Path) -> None:
    assert version(load(path))["served"]
    assert version(load(path))["storage"]


def test_kinds_with_a_status_have_the_subresource(path: Path) -> None:
    found = version(load(path))
    has_status = "status" in found["schema"]["openAPIV3Schema"]["properties"]
    assert ("status" in found.get("subresources", {})) == has_status


def test_every_kind_is_in_the_category_kubefed(path: Path) -> None:
    assert "kubefed" in load(path)["spec"]["names"]["categories"]


def test_short_names_are_given_once() -> None:
    short = [name for path in FILES for name in load(path)["spec"]["names"].get("shortNames", ())]
    assert len(short) == len(set(short))
    assert {"sdr", "idr", "dnsep", "dnsp"} <= set(short)


def test_every_field_and_column_says_what_it_is(path: Path) -> None:
    bare = [
        where
        for where, node in nodes(schema(path))
        if not where.endswith(("[]", "{}")) and not node.get("description", "").endswith(".")
    ]
    assert bare == []
    columns = version(load(path))["additionalPrinterColumns"]
    assert [column["name"] for column in columns if not column.get("description")] == []


def test_every_node_has_a_type(path: Path) -> None:
    assert [where for where, node in nodes(schema(path)) if "type" not in node] == []


def test_an_object_lists_its_fields_unless_it_says_that_it_is_open(path: Path) -> None:
    vague = [
        where
        for where, node in nodes(schema(path))
        if node["type"] == "object"
        and not {"properties", "additionalProperties", OPEN} & node.keys()
        and node.get("maxProperties") != 0
    ]
    assert vague == []


def test_what_a_rule_reads_is_bounded(path: Path) -> None:
    """The API server refuses rules whose cost it cannot bound."""
    loose = [
        where
        for where, node in nodes(schema(path))
        if not all(bounded(read) for read in touched(node))
    ]
    assert loose == []


def test_every_rule_has_a_message(path: Path) -> None:
    mute = [
        where
        for where, node in nodes(schema(path))
        for rule in node.get(RULES, ())
        if not rule.get("message")
    ]
    assert mute == []


def test_required_fields_and_the_fields_that_rules_name_exist(path: Path) -> None:
    for where, node in nodes(schema(path)):
        assert set(node.get("required", ())) <= node.get("properties", {}).keys(), where
        for rule in node.get(RULES, ()):
            assert follow(node, rule.get("fieldPath", "")), where


def test_a_default_is_one_of_the_choices(path: Path) -> None:
    wrong = [
        where
        for where, node in nodes(schema(path))
        if "enum" in node and "default" in node and node["default"] not in node["enum"]
    ]
    assert wrong == []


def test_a_field_says_its_default(path: Path) -> None:
    """`kubectl explain` does not show it."""
    mute = [
        where
        for where, node in nodes(schema(path))
        if node.get("default", {}) != {}
        and not re.search(rf"default {node['default']}\b", node["description"], re.IGNORECASE)
    ]
    assert mute == []


def test_a_pattern_fits_its_default(path: Path) -> None:
    for where, node in nodes(schema(path)):
        if "pattern" in node and "default" in node:
            assert re.search(node["pattern"], node["default"]), where


def test_columns_read_fields_that_exist(path: Path) -> None:
    for column in version(load(path))["additionalPrinterColumns"]:
        steps = re.sub(r"\[\?\(@\.type=='\w+'\)\]", "", column["jsonPath"])
        if steps == ".metadata.creationTimestamp":
            continue
        node = schema(path)
        for step in steps.split(".")[1:]:
            node = (node["items"] if node["type"] == "array" else node)["properties"][step]


def test_both_record_kinds_share_clusters_routing_health_and_status() -> None:
    service, ingress = (CRDS / f"{kind}dnsrecords.yaml" for kind in ("service", "ingress"))
    own = {"domainRef", "dnsPrefix", "externalName", "allowServiceWithoutEndpoints", "hosts"}
    shared = [
        {name: node for name, node in spec_of(path).items() if name not in own}
        for path in (service, ingress)
    ]
    assert shared[0] == shared[1]
    status = [follow(schema(path), ".status")["properties"] for path in (service, ingress)]
    assert status[0] == {"domain": status[0]["domain"], **status[1]}


def test_the_core_kinds_keep_the_looseness_of_their_schema() -> None:
    """Enums and defaults of these live in the webhook; what is ours alone may have defaults."""
    for kind in (core.CLUSTERS, core.CONFIGS, core.TYPE_CONFIGS):
        tight = [
            where
            for where, node in nodes(schema(CRDS / f"{kind.plural}.yaml"))
            if ("enum" in node or "default" in node) and not where.startswith(".spec.dns.")
        ]
        assert tight == [], kind


def test_every_known_type_of_provider_has_a_block_and_no_other_may_be_given() -> None:
    spec = follow(schema(CRDS / "dnsproviders.yaml"), ".spec")
    rules = {rule["rule"] for rule in spec[RULES]}
    for block in ("embedded", "rfc2136", "route53", "google", "webhook", "octodns"):
        assert spec["properties"][block]["type"] == "object"
        assert f"!has(self.{block}) || self.type == '{block}'" in rules
