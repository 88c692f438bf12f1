import pytest

from kubefed_core.decide import schema

THING = {
    "x-kubernetes-group-version-kind": [{"group": "a.b", "version": "v1", "kind": "Thing"}],
    "type": "object",
    "properties": {
        "metadata": {"allOf": [{"$ref": "#/components/schemas/meta"}], "default": {}},
        "spec": {"$ref": "#/components/schemas/spec"},
        "data": {"type": "object", "additionalProperties": {"type": "string"}},
        "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "open": {"type": "object"},
    },
}
SCHEMAS = {
    "thing": THING,
    "meta": {"type": "object", "properties": {"labels": {"additionalProperties": {}}}},
    "spec": {
        "type": "object",
        "properties": {
            "replicas": {"type": "integer"},
            "items": {"type": "array", "items": {"$ref": "#/components/schemas/spec"}},
        },
    },
}


def unknown(path):
    return schema.unknown(SCHEMAS, THING, path.split("/")[1:])


def test_a_kind_is_found_by_group_version_and_kind():
    assert schema.of_kind(SCHEMAS, "a.b", "v1", "Thing") == THING
    assert schema.of_kind(SCHEMAS, "a.b", "v2", "Thing") is None


@pytest.mark.parametrize(
    "path",
    [
        "/spec/replicas",
        "/spec/items",
        "/spec/items/0/replicas",
        "/spec/items/-/replicas",
        "/spec/items/-1",
        "/data/whatever.key",
        "/metadata/labels/a",
        "/any/thing/goes",
        "/open/to/all",
    ],
)
def test_a_field_that_there_is(path):
    assert unknown(path) == ""


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/sepc/replicas", 'there is no field "sepc" in the object'),
        ("/spec/replicaz", 'there is no field "replicaz" in spec'),
        ("/spec/replicas/0", 'there is no field "0" in spec.replicas'),
        ("/spec/items/0/x", 'there is no field "x" in spec.items.0'),
        ("/spec/items/first", 'there is no field "first" in spec.items'),
        ("/metadata/nmae", 'there is no field "nmae" in metadata'),
        ("/data/a/b", 'there is no field "b" in data.a'),
    ],
)
def test_a_field_that_there_is_not(path, why):
    assert unknown(path) == why


def test_references_that_lead_round_and_round_end():
    schemas = {"a": {"$ref": "#/components/schemas/a"}}
    assert schema.unknown(schemas, schemas["a"], ["x"]) == ""
