"""What callers ask for: references against their index, and small callers against the manual."""

from typing import Any

import pytest

from hypabi.analysis.references import Library
from hypabi.arch.names import InstructionSet
from hypabi.behaviour.outcome import Left, Undecided
from hypabi.behaviour.request import Requests, derive_requests
from hypabi.image.load import load_image
from hypabi.judgement.matrix.reference_index import read_index
from hypabi.smt import terms
from hypabi.symbolic.setup import explorer_for
from tests.inputs import Assemble
from tests.reference.library import library
from tests.reference.references import CALLERS
from tests.reference.references import read_index as read_plain


def of_reference(opened: Library, name: str, form_name: str, function: str) -> Requests:
    found = next(each for each in opened.index.references if each.name == name)
    form = next(each for each in found.forms if each.name == form_name)
    image = opened.open(found, form)
    (symbol,) = image.image.symbols.find(function)
    return derive_requests(image.explorer, symbol.address, form.instruction_set)


@pytest.mark.parametrize(("name", "form", "function", "registers"), CALLERS)
def test_a_caller_puts_into_registers_what_the_index_says(
    name: str, form: str, function: str, registers: dict[str, Any]
) -> None:
    asked = of_reference(library(), name, form, function)
    (request,) = asked.found
    assert asked.others == ()
    assert request.immediate == 0
    width = 64 if name.startswith("arm64") else 32
    letter = "x" if width == 64 else "r"
    arguments = 0
    for register, value in registers.items():
        if register == "call":
            continue
        if isinstance(value, int):
            assert request.registers[register] == value % (1 << width)
            assert request.pinned()[register] == value % (1 << width)
        else:
            # The caller's own arguments, in their order (AAPCS).
            own = terms.symbol(f"{letter}{arguments}", width)
            assert request.registers[register] is own
            arguments += 1


def test_the_index_is_read_as_it_is_written() -> None:
    plain = {image["name"]: image for image in read_plain()["images"]}
    for reference in read_index().references:
        image = plain[reference.name]
        assert [form.name for form in reference.forms] == image["forms"]
        assert {p.name: p.vectors for p in reference.parties} == {
            name: party["vectors"] for name, party in image["parties"].items()
        }


# --------------------------------------------------------------------------------- small callers


@pytest.fixture
def asked(assemble: Assemble) -> Any:  # noqa: ANN401 - a function, typed where it is used
    def of(body: str) -> Requests:
        text = f".arch armv7ve\n.arm\n.text\n.global caller\ncaller:\n{body}\n"
        image = load_image(assemble(text, "arm", text=0x8000)).images[-1]
        (symbol,) = image.symbols.find("caller")
        return derive_requests(explorer_for(image), symbol.address, InstructionSet.A32)

    return of


def test_a_register_of_which_nothing_is_known_has_no_premise(asked: Any) -> None:  # noqa: ANN401
    (request,) = asked("mov r1, r0\nmov r0, #1\nhvc #0\nbx lr").found
    assert request.pinned() == {"r0": 1}
    assert request.premises(32) == ()


def test_what_ties_registers_to_each_other_is_a_premise(asked: Any) -> None:  # noqa: ANN401
    (request,) = asked("mov r1, r0\nadd r2, r0, #4\nmov r0, #1\nhvc #0\nbx lr").found
    own = terms.symbol("r0 of the caller", 32)
    assert set(request.premises(32)) == {
        terms.eq(terms.symbol("r1", 32), own, 32),
        terms.eq(terms.symbol("r2", 32), terms.add(own, 4, 32), 32),
    }


def test_the_condition_of_an_hvc_is_a_premise_and_the_other_way_is_told(
    asked: Any,  # noqa: ANN401
) -> None:
    found = asked("cmp r1, #0\nbxeq lr\nmov r0, #2\nhvc #3\nbx lr")
    (request,) = found.found
    assert request.immediate == 3
    assert request.site == 0x800C
    (other,) = found.others
    assert isinstance(other, Left)
    assert terms.lnot(terms.eq(terms.symbol("r1 of the caller", 32), 0, 32)) in request.premises(32)


def test_two_ways_to_ask_are_two_requests(asked: Any) -> None:  # noqa: ANN401
    found = asked("cmp r1, #0\nbne 1f\nmov r0, #2\nhvc #0\nbx lr\n1: mov r0, #1\nhvc #0\nbx lr")
    assert sorted(request.registers["r0"] for request in found.found) == [1, 2]


def test_a_caller_that_cannot_be_followed_says_so(asked: Any) -> None:  # noqa: ANN401
    (other,) = asked("smc #0\nhvc #0\nbx lr").others
    assert isinstance(other, Undecided)
