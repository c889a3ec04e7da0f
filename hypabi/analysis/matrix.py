"""Hold the callers of a kernel's image against each of its own parties."""

from collections.abc import Iterator
from functools import partial

from hypabi.analysis.callers import life_cycle
from hypabi.analysis.examination import Examination
from hypabi.analysis.findings.matrix import Column, Judged, Matrix, Row
from hypabi.analysis.provenance import Provenance
from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.request import Request, Requests
from hypabi.contract.revision import LiveParty, Revision
from hypabi.errors import HypabiError
from hypabi.image.model import Image
from hypabi.judgement.callers.schedule import CheckInContext, LifeCycle
from hypabi.judgement.matrix.applicable_row import Caller, Live
from hypabi.judgement.matrix.cells import judge_cell
from hypabi.judgement.verification.lowering import Lowering, NotKnown
from hypabi.records import replace
from hypabi.smt import terms
from hypabi.smt.cached import Remembered


def image_matrix(examination: Examination, provenance: Provenance) -> Matrix:
    """Judge every call site that asks for a call of the contract against every party.

    :raises HypabiError: no call site asks for any
    """
    cycle = life_cycle(examination)
    judged = tuple(_judged(examination, cycle))
    if not judged:
        what = f"no call site asks for a call of {examination.contract.name}"
        raise HypabiError((examination.outside or examination).loaded.path, what)
    kernel = examination.loaded.images[-1]
    form = _form(kernel)
    return Matrix(
        judged,
        {(kernel.version, form): examination.loaded},
        lambda _image, _form, address: examination.text(address),
        ((examination.contract.name, examination.contract.sha256),),
        provenance,
        examination.loaded,
        None if examination.outside is None else examination.outside.loaded,
        cycle,
    )


def _form(image: Image) -> str:
    return f"{image.architecture.value}, {image.byte_order.value}-endian"


def _judged(examination: Examination, cycle: LifeCycle) -> Iterator[Judged]:
    """Yield one cell for each call of a function at each party of its program."""
    solver = Remembered(examination.solver())
    kernel = examination.loaded.images[-1]
    architecture, form = kernel.architecture, _form(kernel)
    together: dict[tuple[int, str, str], list[CheckInContext]] = {}
    for each in cycle.checks:
        met = each.check
        if met.call is not None:
            key = (met.site.address, met.call, met.party)
            together.setdefault(key, []).append(each)
    for (_, call, party), checks in together.items():
        first = checks[0].check
        requests = tuple(each.check.way.request for each in checks)
        name, asking = first.site.name, Requests(requests, ())
        caller = Caller(name, call, kernel.version, call, examination.revision, asking)
        live = _live(examination, party, kernel)
        cell = judge_cell(caller, live, solver)
        asked = tuple(requests[0].pinned().items())
        where = kernel.version
        if examination.outside is not None:
            where = examination.outside.loaded.images[-1].version or "another file"
        row = Row(name, call, where, architecture)
        column = Column(party, "", kernel.version, architecture)
        yield Judged(row, column, form, cell, asked, checks[0].when)


def _live(examination: Examination, name: str, kernel: Image) -> Live:
    revision = examination.revision
    party = revision.party(name)
    assert party is not None, name
    tables = examination.surroundings.tables
    by_symbol = {
        each.vectors: tables[each.name] for each in revision.parties if each.name in tables
    }
    behaviour = _while_live(examination, party)
    return Live(
        name,
        "",
        kernel.version,
        party.vectors,
        revision,
        by_symbol,
        examination.surroundings.symbol,
        (),
        partial(_asked, behaviour, revision),
    )


def _while_live(examination: Examination, party: LiveParty) -> Behaviour:
    """Return what a party does where it is live, and not another with the same vectors."""
    behaviour = examination.behaviours[party.name]
    if party.when is None:
        return behaviour
    lowering = Lowering(behaviour, None, examination.surroundings)
    try:
        return replace(behaviour, holds=(*behaviour.holds, lowering.predicate(party.when)))
    except NotKnown:
        return behaviour  # of both, then: what it is not known to do is undecided


def _asked(behaviour: Behaviour, revision: Revision, request: Request) -> Behaviour:
    """Return a behaviour that was derived for all requests, for one."""
    bits = revision.architecture.bits
    pinned = request.pinned().items()
    known = tuple(terms.eq(terms.symbol(name, bits), value, bits) for name, value in pinned)
    return replace(behaviour, holds=(*behaviour.holds, *known))
