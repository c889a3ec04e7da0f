"""Let go of what was shared before the interpreter ends, as pypcode's objects ask."""

from collections.abc import Iterator

import pytest

from tests.witness.examples import of_reference


@pytest.fixture(scope="session", autouse=True)
def _let_go() -> Iterator[None]:
    yield
    of_reference.cache_clear()
