"""A path through a function that is entered as one of its callers does."""

from hypabi.callsites.composition import composed
from hypabi.callsites.model import Origin, Start
from hypabi.records import replace
from hypabi.smt import terms
from tests.callsites.made_site import way
from tests.callsites.programs import Everything, call_sites
from tests.inputs import Assemble


def test_what_the_caller_passes_arrives_at_the_call(assemble: Assemble) -> None:
    wrapper = "mov x1, x0; mov x0, #0; hvc #0; ret"
    sites = call_sites(assemble, f=wrapper, g="add x0, x5, #4; bl f; ret")
    site = next(each for each in sites.find() if each.function.name == "f")
    (caller,) = site.callers
    assert caller.paths == (), "only the identifier was asked for"
    outer = way(x0=terms.add(terms.symbol("x5", 64), 4, 64))
    found = composed(site.paths[0], outer)
    assert found is not None
    assert found.request.registers["x0"] == 0
    assert found.request.registers["x1"] is terms.add(terms.symbol("x5", 64), 4, 64)
    assert found.sources["x5"].origin is Origin.ARGUMENT


def test_a_way_that_starts_in_the_functions_midst_is_not_entered() -> None:
    assert composed(way(x0=0), way()) is not None
    assert composed(replace(way(x0=0), start=Start.INSIDE), way()) is None


def test_all_that_callers_pass_is_found_where_it_is_asked_for(assemble: Assemble) -> None:
    sites = call_sites(assemble, f="mov x1, x0; mov x0, #0; hvc #0; ret", g="mov x0, x3; bl f; ret")
    (site,), _ = sites.wanted(Everything())
    (caller,) = site.callers
    (outer,) = caller.paths
    assert outer.request.registers["x0"] is terms.symbol("x3", 64)
