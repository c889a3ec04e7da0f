"""Each defect of history is refuted where the index says, in every form; its sibling is kept."""

from collections.abc import Iterator
from typing import Any

import pytest

from hypabi.analysis.references import data_order
from hypabi.arch.names import ByteOrder
from hypabi.judgement.matrix.cell_model import Broken, Cell, Kept, NotDecided, Promise
from hypabi.judgement.matrix.cells import judge_installer
from hypabi.judgement.matrix.reference_index import Form
from tests.reference.library import Where, cells, library, of_kind, reference, solver
from tests.reference.references import read_index

VARIANTS = [
    (image["name"], expected)
    for image in read_index()["images"]
    for expected in image.get("expected", ())
    if "caller" in expected
]

INSTALLERS = [
    (image["name"], expected)
    for image in read_index()["images"]
    for expected in image.get("expected", ())
    if "installer" in expected
]

SIBLINGS = {
    "arm-break-2016-12": "arm-kvm-a4-patchlet",
    "arm-power-down-3-13": "arm-kvm-a4",
    "arm-early-kvm-call": "arm-kvm-a5",
    "arm-reset-answers-2": "arm-stub-a6",
    "arm-restart-zeroes-r0": "arm-kvm-a6",
    "arm-restart-bit0-twice": "arm-stub-a6",
    "arm-call-bit0-twice": "arm-kvm-a4",
    "arm-ee-wrong-bit": "arm-kvm-a6",
    "arm-stray-mismatch": "arm-stub-a6",
    "arm64-reset-answers-2": "arm64-stub-b7",
    "arm64-restart-zeroes-x0": "arm64-kvm-b7",
}
"""The image that has the same party without the defect."""

ASKS_FIRST = "__hyp_get_vectors"
"""What 3.14 does instead of 3.13's SET after a power-down: it asks who is live, and is answered."""


def installer_cells(image: str, function: str) -> Iterator[tuple[Form, Cell]]:
    for form in reference(image).forms:
        for live, installation in library().installations(reference(image), form):
            if installation.function == function:
                behaviour = library().installs(reference(image), form, installation)
                yield form, judge_installer(live, installation, behaviour, solver())


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


@pytest.mark.parametrize(("variant", "expected"), INSTALLERS, ids=lambda each: str(each)[:30])
def test_a_defect_of_an_installer_is_judged_as_the_index_says(
    variant: str, expected: dict[str, Any]
) -> None:
    found = list(installer_cells(variant, expected["installer"]))
    assert found
    for form, cell in found:
        if expected["verdict"] == "undecided":
            assert isinstance(cell, NotDecided), (form.name, cell)
            assert expected["instead"] in cell.reason, form.name
        else:
            assert isinstance(cell, Broken), (form.name, cell)
            assert cell.instead == expected["instead"], form.name


@pytest.mark.parametrize(("variant", "expected"), INSTALLERS, ids=lambda each: str(each)[:30])
def test_without_the_defect_the_same_installer_keeps_its_promise(
    variant: str, expected: dict[str, Any]
) -> None:
    found = list(installer_cells(SIBLINGS[variant], expected["installer"]))
    assert found
    for form, cell in found:
        assert isinstance(cell, Kept), (form.name, cell)


@pytest.mark.parametrize("image", [each.name for each in of_kind("stub", "kvm", "life")])
def test_every_reference_installs_its_stub_as_its_contract_says(image: str) -> None:
    for form in reference(image).forms:
        for live, installation in library().installations(reference(image), form):
            behaviour = library().installs(reference(image), form, installation)
            cell = judge_installer(live, installation, behaviour, solver())
            assert isinstance(cell, Kept), (form.name, installation.function, cell)


def test_an_installer_s_byte_order_decides_what_hyp_loads() -> None:
    orders = {}
    for image in ("arm-kvm-a6", "arm-ee-wrong-bit"):
        form = next(each for each in reference(image).forms if each.name == "a32be")
        orders[image] = {
            data_order(library().installs(reference(image), form, installation))
            for _, installation in library().installations(reference(image), form)
        }
    assert orders["arm-kvm-a6"] == {ByteOrder.BIG}
    assert orders["arm-ee-wrong-bit"] == {ByteOrder.LITTLE}


def test_every_defect_has_a_sound_sibling() -> None:
    named = {variant for variant, _ in (*VARIANTS, *INSTALLERS)}
    assert named == set(SIBLINGS)
    assert named == {image["name"] for image in read_index()["images"] if "defect" in image}
