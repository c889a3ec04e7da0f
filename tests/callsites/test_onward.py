"""Where code goes on by a computed branch behind an ``hvc``."""

from hypabi.callsites.model import Onward
from hypabi.smt import terms
from tests.callsites.programs import call_sites
from tests.inputs import Assemble


def onward(assemble: Assemble, body: str) -> Onward | None:
    (site,) = call_sites(assemble, f=f"hvc #0; {body}").find()
    return site.onward


def test_its_target_is_what_a_register_held_behind_the_call(assemble: Assemble) -> None:
    found = onward(assemble, "mov x8, x1; mov x0, x2; br x8")
    assert found is not None and found.register == "x8"
    (symbol,) = terms.symbols_of(found.target)
    assert found.target is symbol and found.sources[symbol.name].register == "x1"


def test_what_branches_or_returns_before_does_not_surely_go_there(assemble: Assemble) -> None:
    assert onward(assemble, "cbz x0, 1f; br x8; 1: ret") is None
    assert onward(assemble, "bl f; br x8") is None
    assert onward(assemble, "ret") is None
