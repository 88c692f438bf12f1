"""Manifests mean what they mean to Kubernetes' own programs."""

import json
import subprocess
import sys

import pytest
import yaml

from kubefed_core.errors import Terminal
from kubefed_core.kubefedctl import manifests

VALUES = [
    ("Words of YAML 1.1 are truth values.", "[yes, no, on, Off, y, N]",
     [True, False, True, False, True, False]),
    ("And these.", "[true, True, FALSE, tRUE]", [True, True, False, "tRUE"]),
    ("A pair with a colon is no number of sixty.", "22:22", "22:22"),
    ("A date is a text.", "[2026-01-01, 2026-01-01T00:00:00Z]",
     ["2026-01-01", "2026-01-01T00:00:00Z"]),
    ("Octal numbers, old and new.", "[0644, 0o644, 0x1F, 0b11, -010]", [420, 420, 31, 3, -8]),
    ("An exponent makes a number.", "[1e3, 1.5, .5, 12e-1, 5., -.5e2, 1e400]",
     [1000, 1.5, 0.5, 1.2, 5, -50, "1e400"]),
    ("Underlines part digits.", "[1_000, 1_0.5, 0x1_F, _1]", [1000, 10.5, 31, "_1"]),
    ("What is not octal is not an octal.", "09", 9),
    ("Nothing.", "[~, null, Null, '', null]", [None, None, None, "", None]),
    ("What is quoted is a text.", "['1', \"true\"]", ["1", "true"]),
    ("Keys are texts.", "{1: a, y: b, 1.5: d}", {"1": "a", "true": "b",
     "1.5": "d"}),
    ("An anchor and a merge.", "{a: &x {b: 1}, c: {<<: *x, d: 2}}",
     {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "text", "value"), VALUES, ids=[row[0] for row in VALUES])
def test_a_value_is_read_as_kubernetes_reads_it(tmp_path, reason, text, value):
    file = tmp_path / "x.yaml"
    file.write_text(f"value: {text}\n")
    ((found),) = manifests.read(str(file))
    assert found == {"value": value}, reason


TEXTS = ["1e3", "5e10", "0o17", "0x1f", "yes", "on", "y", "N", "09", "1e400", "NaN", "+.5",
         "22:22", "2026-01-01", "~", "", "true", "1_0", ".inf", "=", "<<", "a: b", "# no", "- x",
         "line\nline\n", "trailing \nspace", "\ttab", "ümläut", "a" * 300]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_that_is_written_is_a_text_to_everybody(tmp_path, text):
    file = tmp_path / "x.yaml"
    file.write_text(manifests.dump({"value": text}))
    assert manifests.read(str(file)) == [{"value": text}]
    assert yaml.safe_load(file.read_text()) == {"value": text}


def test_text_of_several_lines_is_written_as_a_block():
    assert manifests.dump({"a": "x\ny\n"}) == "a: |\n  x\n  y\n"


def test_what_is_twice_in_memory_is_written_twice():
    part = {"b": 1}
    assert "&" not in manifests.dump({"a": part, "c": part})


def test_documents_and_lists_are_taken_apart_and_empty_documents_passed_over(tmp_path):
    file = tmp_path / "x.yaml"
    items = [{"kind": "B", "no": 2}, {"kind": "C", "no": 3}]
    whole = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    file.write_text(f"# nothing\n---\n---\nkind: A\n'no': 1\n---\n{whole}\n---\n")
    assert [obj["no"] for obj in manifests.read(str(file))] == [1, 2, 3]


def test_a_dash_is_stdin():
    code = "from kubefed_core.kubefedctl import manifests; print(manifests.read('-'))"
    done = subprocess.run(
        [sys.executable, "-c", code], input="kind: A", capture_output=True, text=True, check=True
    )
    assert done.stdout == "[{'kind': 'A'}]\n"


def test_a_kind_that_only_sounds_like_a_list_is_an_object(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text("{kind: AllowList, metadata: {name: a}, items: [{b: 1}]}")
    assert [obj["kind"] for obj in manifests.read(str(file))] == ["AllowList"]


BAD = [
    ("No such file.", None, "x.yaml: cannot be read: No such file"),
    ("A tab where none may be.", b"a:\n\t- b", r"it is not YAML: .*\(line 2\)"),
    ("No text.", b"\xff\xfe\x00", "cannot be read"),
    ("A key that is none.", b"a: 1\n[1]: b", r"a key must be a text \(line 2\)"),
    ("A list.", b"[1, 2]", "document 1: must be an object"),
    ("A word after a good one.", b"kind: A\n---\nword", "document 2: must be an object"),
    ("Nothing.", b"# only words\n", "holds no objects"),
    ("An object of Python's.", b"!!python/object/apply:os.getcwd []", "it is not YAML"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "content", "says"), BAD, ids=[row[0] for row in BAD])
def test_what_cannot_be_read_is_said_with_its_place(tmp_path, reason, content, says):
    file = tmp_path / "x.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Terminal, match=says):
        manifests.read(str(file))
