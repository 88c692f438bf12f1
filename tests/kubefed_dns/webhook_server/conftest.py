from contextlib import ExitStack

import pytest
from served import Served


@pytest.fixture
def serve():
    """Serve a provider as external-dns would find it."""
    with ExitStack() as stack:
        yield lambda provider, **given: stack.enter_context(Served(provider, **given).running())
