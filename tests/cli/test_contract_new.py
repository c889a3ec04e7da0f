"""A contract that was written from a program loads, is well-formed, and is kept by it."""

from pathlib import Path

import pytest

from tests.cli.door import hypabi, one_line
from tests.cli.other_interfaces import BY_IMMEDIATE, BY_W8, TABLE
from tests.cli.stub import STUB64
from tests.inputs import Assemble
from tests.symbolic.compiled_hypervisor import built

KEPT = [BY_IMMEDIATE.partition(".global")[0], BY_W8]
COMPILED = [("arm64", ("-O0",)), ("arm64", ("-O2",)), ("arm", ("-O2", "-mthumb"))]


def begun(image: Path, *options: str) -> Path:
    """Return the contract that was written from an image."""
    path = image.with_name("new.yaml")
    ran = hypabi("contract", "new", image, "--output", path, *options)
    assert (ran.returncode, ran.stderr) == (0, "")
    return path


def keeps(image: Path, contract: Path) -> bool:
    """Tell whether an image is proved to keep a contract, of which nothing is to be said."""
    linted = hypabi("contract", "lint", contract)
    assert (linted.returncode, linted.stdout) == (0, "")
    return hypabi("check", image, "--contract", contract).returncode == 0


@pytest.mark.parametrize("handler", KEPT)
def test_what_was_written_from_a_program_is_proved_of_it_and_of_no_other(
    assemble: Assemble, handler: str
) -> None:
    image = assemble(TABLE + handler, "arm64", text=0x40080000)
    contract = begun(image, "--vectors", "vectors")
    assert keeps(image, contract)
    other = assemble(TABLE + handler.replace("#-12", "#-13"), "arm64", text=0x40080000)
    assert not keeps(other, contract)


@pytest.mark.parametrize(("architecture", "options"), COMPILED)
def test_it_is_written_from_what_compilers_make(
    tmp_path: Path, architecture: str, options: tuple[str, ...]
) -> None:
    image = built(tmp_path, architecture, *options)
    assert keeps(image, begun(image, "--vectors", "hyp_vectors"))


def test_it_says_what_calls_answer_set_and_where_they_leave_to(assemble: Assemble) -> None:
    image = assemble(STUB64, "arm64", text=0x40080000)
    contract = begun(image)
    assert keeps(image, contract)
    text = contract.read_text(encoding="utf-8")
    for promised in (
        "ensures: VBAR_EL2 == argument_1",
        "ensures: result == success",
        "leaves-to: argument_1",
        "ensures: x0 == argument_2",
        "error: 0xbadca11",
    ):
        assert promised in text


@pytest.mark.parametrize(("end", "answers"), [("ldr x9, [x2]; br x9", "x0"), ("eret", "x30")])
def test_what_answers_is_what_calls_return_with(assemble: Assemble, end: str, answers: str) -> None:
    """Where none returns nothing tells it, and it is x0, as the usual one."""
    handler = f"sync: mov x30, #5; {end}\n"
    image = assemble(TABLE + handler, "arm64", text=0x40080000)
    text = begun(image, "--vectors", "vectors").read_text(encoding="utf-8")
    assert f"result:\n  register: {answers}\n" in text


def test_a_program_whose_vectors_have_no_symbol_is_refused_in_one_line(assemble: Assemble) -> None:
    image = assemble(TABLE + KEPT[1], "arm64", text=0x40080000)
    ran = hypabi("contract", "new", image)
    assert ran.returncode == 1
    assert "--vectors" in one_line(ran)


@pytest.mark.parametrize(
    ("file", "name"),
    [("my-el2.elf", "my-el2"), ("vmlinuz-6.1.0-50-own", "vmlinuz-6-1-0-50-own"), ("k.o.xz", "k")],
)
def test_a_contract_is_called_as_its_file_without_an_ending(
    assemble: Assemble, file: str, name: str
) -> None:
    image = assemble(TABLE + KEPT[0], "arm64", text=0x40080000)
    contract = begun(image.rename(image.with_name(file)), "--vectors", "vectors")
    assert f"\ncontract: {name}\n" in contract.read_text(encoding="utf-8")
