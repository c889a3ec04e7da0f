"""Callers against live parties, over the reference images: what facts/interface says they do."""

from dataclasses import replace

import pytest

from hypabi.analysis.summaries.matrix import cell_word
from hypabi.arch.names import InstructionSet
from hypabi.behaviour.outcome import Left, Undecided
from hypabi.behaviour.request import Request, Requests
from hypabi.contract.file.load import parse_contract
from hypabi.contract.resolve import revision_of
from hypabi.judgement.matrix.applicable_row import Caller
from hypabi.judgement.matrix.cell_model import Broken, Cell, Kept, NotDecided, Open, Promise
from hypabi.judgement.matrix.cells import judge_cell
from hypabi.judgement.matrix.reference_index import Reference, folder
from hypabi.smt import terms
from tests.reference.library import Where, caller, cells, library, live, of_kind, reference, solver

STUB1, STUB5, POSTED, STUB6 = "arm-stub-a1", "arm-stub-a5", "arm-stub-a5-posted", "arm-stub-a6"
STUB7 = "arm-stub-a7"
KVM4, PATCHED, KVM5, KVM6 = "arm-kvm-a4", "arm-kvm-a4-patchlet", "arm-kvm-a5", "arm-kvm-a6"
GET, SET, RESTART, RESET, CALL = (
    "__hyp_get_vectors",
    "__hyp_set_vectors",
    "__hyp_soft_restart",
    "__hyp_reset_vectors",
    "kvm_call_hyp",
)


def broken(cell: Cell) -> Broken:
    assert isinstance(cell, Broken), cell
    return cell


# ------------------------------------------------------------------------------------- the break


@pytest.mark.parametrize("asking", [STUB5, POSTED, "arm-break-2016-12"])
def test_the_callers_of_2016_send_running_kvm_to_address_zero(asking: str) -> None:
    answering = "arm-break-2016-12" if asking == "arm-break-2016-12" else KVM4
    for form, cell in cells(Where(asking, GET, answering, "kvm-run")):
        state = "T32" if form.instruction_set is InstructionSet.T32 else "A32"
        assert broken(cell).instead == (
            f"control goes to address 0 at HYP, as to a function, in {state} state"
        )
        assert broken(cell).pinned["r0"] == 0
        assert [each.text for each in broken(cell).row.clauses][:2] == [
            "result == old(HVBAR)",
            "returns to the caller",
        ]


def test_the_patchlet_keeps_what_the_callers_of_2016_are_promised() -> None:
    for _, cell in cells(Where(PATCHED, GET, PATCHED, "kvm-run")):
        assert isinstance(cell, Kept)
        assert cell.promise is Promise.SERVED


def test_the_callers_of_2012_get_their_answer_of_the_same_kvm() -> None:
    for _, cell in cells(Where(KVM4, GET, KVM4, "kvm-run")):
        assert isinstance(cell, Kept)


# ------------------------------------------------------------------------- every revision's own

EVERY = [
    (each, caller.name, party.name)
    for each in of_kind("stub", "kvm", "life")
    if library().revision(each.revision, each) is not None
    for caller in each.callers
    for party in each.parties
    if (revision := library().revision(party.revision, each)) is not None
    # Nobody calls the others: their vectors take one bare hvc.
    if any(party.name in call.served_by for call in revision.calls)
]


@pytest.mark.parametrize(
    ("image", "function", "party"), EVERY, ids=lambda each: getattr(each, "name", each)
)
def test_a_revision_keeps_to_its_own_callers_what_it_says_it_serves(
    image: Reference, function: str, party: str
) -> None:
    for _, cell in cells(Where(image.name, function, image.name, party)):
        if isinstance(cell, Broken):
            assert cell.promise is Promise.ELSEWHERE, cell.instead
        else:
            assert isinstance(cell, Kept | Open), cell


OWN_HAZARDS = {
    (KVM4, CALL, "stub"): "it returns to the caller; HVBAR becomes function",
    (KVM4, GET, "kvm-init"): "r0 is 0xffffffff and not old(HVBAR)",
    (KVM4, SET, "kvm-init"): "HVBAR is r1 and not vectors",
    (PATCHED, GET, "kvm-init"): "r0 is 0 and not old(HVBAR)",
    (PATCHED, RESTART, "kvm-run"): "control goes to address 2 at HYP, as to a function",
}
"""What a caller gets of a party of its own kernel that does not serve it: it is obeyed."""


@pytest.mark.parametrize(("image", "function", "party"), OWN_HAZARDS)
def test_before_there_was_an_error_value_a_wrong_caller_is_obeyed(
    image: str, function: str, party: str
) -> None:
    for _, cell in cells(Where(image, function, image, party)):
        assert broken(cell).instead.startswith(OWN_HAZARDS[image, function, party])


def test_once_there_was_an_error_value_a_wrong_caller_is_refused() -> None:
    for where in (
        Where(KVM6, SET, KVM6, "kvm-init"),
        Where(KVM6, SET, KVM6, "kvm-run"),
        Where(KVM6, CALL, KVM6, "stub"),
        Where(KVM5, SET, KVM5, "kvm-run"),
    ):
        for _, cell in cells(where):
            assert isinstance(cell, Kept), cell
            assert cell.promise is Promise.UNSERVED


# --------------------------------------------------------------------------- between revisions

BETWEEN = {
    # 2012 callers: -1 gets, an address sets.
    Where(STUB1, GET, STUB5, "stub"): "r0 is 0xffffffff and not old(HVBAR)",
    Where(STUB1, GET, STUB6, "stub"): "r0 is 0xbadca11 and not old(HVBAR)",
    Where(STUB1, SET, STUB7, "stub"): "HVBAR is what it was and not vectors",
    # 2016: numbers 0 to 2.
    Where(STUB5, SET, STUB1, "stub"): "HVBAR is 1 and not vectors",
    Where(STUB5, SET, STUB6, "stub"): "control goes to vectors & 0xfffffffe at HYP",
    Where(STUB5, RESTART, STUB1, "stub"): "it returns to the caller; HVBAR becomes 2",
    Where(POSTED, RESTART, STUB5, "stub"): "control goes to r1 & 0xfffffffe at HYP",
    Where(STUB5, GET, STUB6, "stub"): "r0 is 0 and not old(HVBAR)",
    # 2017: the same numbers for other calls.
    Where(STUB6, SET, STUB5, "stub"): "HVBAR is what it was and not vectors",
    Where(STUB6, RESET, STUB5, "stub"): "control goes to r1 & 0xfffffffe at HYP",
    Where(STUB6, RESTART, STUB1, "stub"): "it returns to the caller; HVBAR becomes 1",
    Where(STUB6, RESET, STUB7, "stub"): "r0 is 0xbadca11 and not 0",
    Where(STUB6, SET, KVM4, "kvm-run"): "control goes to address 0 at HYP, as to a function",
}
"""By facts/interface.md: what the answering revision does with the asking one's numbers."""


@pytest.mark.parametrize("where", BETWEEN, ids=lambda where: "-".join(_words(where)))
def test_a_revision_does_with_another_s_numbers_what_its_own_say(where: Where) -> None:
    for _, cell in cells(where):
        assert broken(cell).instead.startswith(BETWEEN[where])


def _words(where: Where) -> tuple[str, ...]:
    return (where.asking, where.function, where.answering, where.party)


SAME = [
    Where(STUB5, GET, PATCHED, "kvm-run"),
    Where(STUB5, SET, POSTED, "stub"),
    Where(STUB6, RESTART, STUB7, "stub"),
    Where("arm-zimage-a7", SET, STUB6, "stub"),
    Where(KVM4, CALL, KVM6, "kvm-run"),
]


@pytest.mark.parametrize("where", SAME, ids=lambda where: "-".join(_words(where)))
def test_what_two_revisions_have_in_common_is_kept_between_them(where: Where) -> None:
    for _, cell in cells(where):
        assert isinstance(cell, Kept), cell


def test_a_call_that_may_be_refused_may_be_served_as_well() -> None:
    # A7's contract lets the kernel's stub refuse SET; that of 4.12 still sets.
    for _, cell in cells(Where("arm-zimage-a7", SET, STUB6, "stub")):
        assert isinstance(cell, Kept)
        assert cell.promise is Promise.ELSEWHERE


def test_the_forms_of_an_image_agree() -> None:
    for where in (*BETWEEN, *SAME):
        found = [cell for _, cell in cells(where)]
        promises = [each.promise if isinstance(each, Kept) else None for each in found]
        assert len(set(zip(map(cell_word, found), promises, strict=True))) == 1


# ------------------------------------------------------------------------------- never by chance


def asking(requests: Requests) -> Caller:
    form = reference(STUB1).forms[0]
    return replace(caller(STUB1, form, GET), requests=requests)


def judged(requests: Requests) -> Cell:
    form = reference(STUB1).forms[0]
    return judge_cell(asking(requests), live(STUB1, form, "stub"), solver())


def request(identifier: int) -> Request:
    registers = {f"r{n}": terms.symbol(f"r{n}", 32) for n in range(1, 13)}
    return Request(0x100, 0, {"r0": identifier, **registers}, (), ())


def test_a_caller_that_was_not_followed_is_undecided() -> None:
    asked = (request(0xFFFFFFFF),)
    assert isinstance(judged(Requests(asked, ())), Kept)
    assert isinstance(judged(Requests(asked, (Left(0, "svc"),))), Kept)
    undecided = judged(Requests(asked, (Undecided(0x104, "why"),)))
    assert undecided == NotDecided("__hyp_get_vectors was not followed beyond 0x104: why")


def test_a_caller_that_asks_nothing_is_undecided() -> None:
    assert isinstance(judged(Requests((), ())), NotDecided)


def test_a_caller_that_asks_for_another_number_than_its_contract_says_is_undecided() -> None:
    cell = judged(Requests((request(7),), ()))
    assert isinstance(cell, NotDecided)
    assert "nothing was tested" in cell.reason


def test_the_worst_of_several_requests_is_the_cell() -> None:
    both = Requests((request(0xFFFFFFFF), request(7)), ())
    assert isinstance(judged(both), NotDecided)


MUTATIONS = [
    ("ensures: result == old(HVBAR)", "ensures: result == 0"),
    ("ensures: result == old(HVBAR)", "ensures: result == old(HVBAR) and HVBAR == 0"),
    ("ensures: result == old(HVBAR)", "leaves-to: r1\n        at: hyp"),
    ("may-change: {arm: [r0-r3, ip]}", "may-change: {arm: [r1-r3, ip]}"),
]


@pytest.mark.parametrize(("promised", "instead"), MUTATIONS)
def test_a_changed_promise_is_broken(promised: str, instead: str) -> None:
    text = (folder().parent / "contracts" / "arm-hyp-stub-2012.yaml").read_text()
    assert text.count(promised) == 1
    form = reference(STUB1).forms[0]
    asks = caller(STUB1, form, GET)
    revision = asks.revision
    changed = parse_contract(text.replace(promised, instead).encode(), "changed")
    asks = replace(asks, revision=revision_of(changed, revision.version, revision.architecture))
    assert isinstance(judge_cell(asks, live(STUB1, form, "stub"), solver()), Broken)
