"""Witnesses of real kernels, each made once for the tests that ask different machines about it."""

import functools
from pathlib import Path

import pytest

from tests.witness.examples import Changed, Made, mutated, of_file


@pytest.fixture(scope="session")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Changed:
    """Return what makes the witnesses of a kernel under the shipped contract, changed."""

    @functools.cache
    def make(image: Path, *changes: tuple[str, str]) -> Made:
        if not changes:
            return of_file(image)
        return of_file(image, mutated(tmp_path_factory.mktemp("contract"), *changes))

    return make
