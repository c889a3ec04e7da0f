"""Each defect of history is refuted where the index says, in every form; its sibling is kept."""

from typing import Any

import pytest

from hypabi.judgement.matrix import Broken, Kept, Promise
from tests.reference.library import Where, cells
from tests.reference.references import read_index

VARIANTS = [
    (image["name"], expected)
    for image in read_index()["images"]
    for expected in image.get("expected", ())
    if "caller" in expected
]

SIBLINGS = {
    "arm-break-2016-12": "arm-kvm-a4-patchlet",
    "arm-power-down-3-13": "arm-kvm-a4",
    "arm-early-kvm-call": "arm-kvm-a5",
    "arm-reset-answers-2": "arm-stub-a6",
    "arm-restart-zeroes-r0": "arm-kvm-a6",
    "arm-restart-bit0-twice": "arm-stub-a6",
    "arm-call-bit0-twice": "arm-kvm-a4",
    "arm64-reset-answers-2": "arm64-stub-b7",
    "arm64-restart-zeroes-x0": "arm64-kvm-b7",
}
"""The image that has the same party without the defect."""

ASKS_FIRST = "__hyp_get_vectors"
"""What 3.14 does instead of 3.13's SET after a power-down: it asks who is live, and is answered."""


def described(each: object) -> str | None:
    return f"{each['caller']}-{each['party']}" if isinstance(each, dict) else None


@pytest.mark.parametrize(("variant", "expected"), VARIANTS, ids=described)
def test_a_defect_is_judged_as_the_index_says(variant: str, expected: dict[str, Any]) -> None:
    found = list(cells(Where(variant, expected["caller"], variant, expected["party"])))
    assert found
    for form, cell in found:
        if expected["verdict"] == "kept":
            assert isinstance(cell, Kept), (form.name, cell)
        else:
            assert isinstance(cell, Broken), (form.name, cell)
            assert cell.instead.startswith(expected["instead"]), form.name


@pytest.mark.parametrize(("variant", "expected"), VARIANTS, ids=described)
def test_without_the_defect_the_same_cell_is_kept(variant: str, expected: dict[str, Any]) -> None:
    sibling = SIBLINGS[variant]
    function = ASKS_FIRST if variant == "arm-power-down-3-13" else expected["caller"]
    found = list(cells(Where(sibling, function, sibling, expected["party"])))
    assert found
    for form, cell in found:
        assert isinstance(cell, Kept), (form.name, cell)
        assert cell.promise is not Promise.ELSEWHERE


def test_every_defect_of_a_caller_has_a_sound_sibling() -> None:
    assert {variant for variant, _ in VARIANTS} == set(SIBLINGS)
