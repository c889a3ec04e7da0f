"""What is derived of a program that no contract is about."""

from hypabi.analysis.derivation import identifier_of
from hypabi.analysis.program import Program
from hypabi.image.load import load_image
from hypabi.smt.allowance import Allowance
from tests.cli.other_interfaces import BY_IMMEDIATE, BY_W8, TABLE
from tests.inputs import Assemble


def test_what_selects_the_calls_is_found_out_at_no_cost_of_what_is_asked(
    assemble: Assemble,
) -> None:
    for handler, expected in ((BY_IMMEDIATE, "immediate"), (BY_W8, "w8")):
        image = load_image(assemble(TABLE + handler, "arm64", text=0x40080000)).images[-1]
        allowance = Allowance()
        program = Program(image, allowance)
        assert identifier_of(program, ("vectors",)) == expected
        assert allowance.left == Allowance().left
