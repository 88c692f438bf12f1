"""The rfc2136 provider on a real Knot."""

import pytest
from dynamic import ZONES, DynamicContract
from knot import Knot


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Knot(tmp_path_factory.mktemp("knot"), ZONES) as server:
        yield server


class TestKnot(DynamicContract):
    """All of it."""
