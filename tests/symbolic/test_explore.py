"""All paths: each input takes exactly one, and each ends as the code says."""

import itertools

import pytest

from hypabi.code.vector_tables import find_vector_tables
from hypabi.image.load import load_image
from hypabi.image.model import Access
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.symbolic.entry import hvc_to_el2
from hypabi.symbolic.explore import Limits, Merging
from hypabi.symbolic.outcome import Fault, Faulted, Left, Returned, Stuck, Undecided
from hypabi.symbolic.path import Path
from hypabi.symbolic.setup import explorer_for
from hypabi.symbolic.state import walk_trail
from tests.inputs import Assemble, Kernel
from tests.symbolic.handler import (
    DATA,
    TEXT,
    always,
    at_exit,
    disjoint_and_covering,
    entry_of,
    explorer,
    guard,
    image_of,
    impossible,
    paths,
    same_value,
    with_access,
)

STUB = """
    cmp x0, #0
    b.ne 1f
    msr vbar_el2, x1
    b 9f
1:  cmp x0, #1
    b.ne 2f
    br x1
2:  cmp x0, #2
    b.eq 9f
    ldr x0, =0xbadca11
    eret
9:  mov x0, xzr
    eret
"""

FEATURES = """
    mrs x1, id_aa64pfr0_el1
    ubfx x2, x1, #32, #4
    cbz x2, 1f
    mov x3, #1
    orr x4, x4, #4
1:  ubfx x2, x1, #16, #4
    cbz x2, 2f
    add x3, x3, #2
    msr cptr_el2, xzr
    isb
2:  tbz x1, #5, 3f
    mov x3, xzr
3:  csel x5, x3, x6, eq
    cmp x3, x7
    cinc x8, x3, hi
    ldr x9, [x10]
    str x3, [x10]
    eret
"""


LOOP = "1: add x1, x1, #1\ncmp x1, x2\nb.ne 1b\neret"


def test_every_input_takes_exactly_one_path(assemble: Assemble) -> None:
    for source, merging in itertools.product((STUB, FEATURES), Merging):
        found = paths(source, assemble, merging)
        assert disjoint_and_covering(found), (source, merging)


def test_a_missing_path_would_be_noticed(assemble: Assemble) -> None:
    found = paths(STUB, assemble)
    for left_out in range(len(found)):
        assert not disjoint_and_covering(found[:left_out] + found[left_out + 1 :])


def test_outcomes_are_what_the_code_says(assemble: Assemble) -> None:
    ends = {
        "eret": Returned(),
        "br x1": Left(terms.symbol("x1", 64), "EL2h"),
        "msr spsel, #0\nbr x1": Left(terms.symbol("x1", 64), "EL2t"),
        "msr elr_el2, x1\neret": Left(
            terms.symbol("x1", 64), "the mode in SPSR", hvc_to_el2(TEXT).registers["SPSR_EL2"]
        ),
        "b .": Stuck(TEXT),
        "brk #0x30": Faulted(TEXT, "brk #0x30", Fault.BREAKPOINT),
        "svc #1": Faulted(TEXT, "svc #0x1", Fault.SUPERVISOR_CALL),
        "udf #2": Faulted(TEXT, "udf #0x2", Fault.UNDEFINED),
        "1: add x1, x1, #1\nsub x1, x1, #1\nb 1b": Stuck(TEXT),
        "bl 1f\neret\n1: stp x29, x30, [sp, #-16]!\nret": Returned(),
    }
    for source, outcome in ends.items():
        assert [path.outcome for path in paths(source, assemble)] == [outcome], source


def test_an_alias_of_el12_without_e2h_takes_the_exception_of_what_is_undefined(
    assemble: Assemble,
) -> None:
    """DDI 0487, D19.1.2: at EL2 the names of EL12 are there only while HCR_EL2.E2H is 1."""
    found = {type(p.outcome): p for p in paths(".arch armv8.1-a\nmrs x0, tcr_el12\neret", assemble)}
    assert found.keys() == {Returned, Faulted}
    faulted = found[Faulted].outcome
    assert isinstance(faulted, Faulted)
    assert (faulted.address, faulted.fault) == (TEXT, Fault.UNDEFINED)
    e2h = terms.eq(terms.extract(terms.symbol("HCR_EL2", 64), 34, 1, 64), 1, 1)
    assert impossible(guard(found[Faulted]), e2h)
    assert impossible(guard(found[Returned]), terms.lnot(e2h))


def test_what_has_no_meaning_ends_its_path_undecided(assemble: Assemble) -> None:
    for line in (
        "smc #0",
        "hvc #0",
        "autia x0, x1",
        "irg x0, x1",
        "fmov x0, d0",
        "mrs x1, icc_iar1_el1",
    ):
        source = f".arch armv8.5-a+memtag\ncbz x0, 1f\n{line}\n1: eret"
        returned, undecided = sorted(
            paths(source, assemble), key=lambda path: isinstance(path.outcome, Undecided)
        )
        assert isinstance(returned.outcome, Returned)
        assert isinstance(undecided.outcome, Undecided), line
        assert undecided.outcome.address == TEXT + 4


def test_a_loop_that_changes_something_is_never_called_stuck(assemble: Assemble) -> None:
    found = paths("1: add x1, x1, #1\nb 1b", assemble, limits=Limits(steps_of_a_path=64))
    assert [type(path.outcome) for path in found] == [Undecided]


def test_a_loop_that_ends_is_followed_to_its_end(assemble: Assemble) -> None:
    (path,) = paths("mov x1, #5\n1: add x0, x0, x1\nsubs x1, x1, #1\nb.ne 1b\neret", assemble)
    assert isinstance(path.outcome, Returned)
    assert always(terms.eq(at_exit(path, "x0"), terms.add(terms.symbol("x0", 64), 15, 64), 64))


def test_a_loop_of_unknown_length_is_followed_for_so_many_rounds(assemble: Assemble) -> None:
    found = paths(LOOP, assemble, limits=Limits(rounds_of_a_loop=5))
    ends = [type(path.outcome) for path in found]
    assert (ends.count(Returned), ends.count(Undecided)) == (6, 1)
    assert disjoint_and_covering(found)


def test_a_wait_for_what_differs_at_each_read_is_never_called_stuck(assemble: Assemble) -> None:
    source = "1: mrs x1, cntvct_el0\ncbz x1, 1b\neret"
    found = paths(source, assemble, limits=Limits(steps_of_a_path=40))
    assert {type(path.outcome) for path in found} == {Returned, Undecided}
    source = "1: mrs x1, cntvct_el0\ntbz x1, #0, 2f\nmov x1, #0\nb 1b\n2: eret"
    assert Stuck not in {type(p.outcome) for p in paths(source, assemble, limits=Limits(40))}


@pytest.mark.parametrize("merging", list(Merging))
@pytest.mark.parametrize(
    ("source", "limits"),
    [
        (STUB, Limits(paths=1)),
        (STUB, Limits(paths=3)),
        (FEATURES, Limits(steps=10)),
        (FEATURES, Limits(steps_of_a_path=6)),
        (LOOP, Limits(rounds_of_a_loop=3)),
    ],
)
def test_a_limit_loses_no_path(
    assemble: Assemble, source: str, limits: Limits, merging: Merging
) -> None:
    found = paths(source, assemble, merging, limits)
    assert any(isinstance(path.outcome, Undecided) for path in found)
    assert disjoint_and_covering(found)


def test_merged_paths_say_what_the_paths_apart_say(assemble: Assemble) -> None:
    image = image_of(FEATURES, assemble)
    merged = explorer(image).explore(entry_of(image))
    apart = explorer(image).explore(entry_of(image), Merging.NEVER)
    assert len(merged) < len(apart)
    entry = entry_of(image).registers
    names = sorted({n for p in (*merged, *apart) for n in p.state.registers})
    compared = 0
    for whole in merged:
        for part in apart:
            here = terms.land(guard(whole), guard(part))
            if impossible(here):
                continue
            compared += 1
            for name in names:
                differs = terms.lnot(same_value(whole, part, name, entry))
                assert impossible(here, differs), name
            assert whole.outcome == part.outcome
            assert len(whole.state.memory.stores) == len(part.state.memory.stores)
            for one, other in zip(whole.state.memory.stores, part.state.memory.stores, strict=True):
                assert (one.base, one.offset, one.size) == (other.base, other.offset, other.size)
                assert impossible(here, terms.ne(one.value, other.value, 8 * one.size))
            _same_effects(whole, part, here)
    assert compared >= len(apart)


def _same_effects(whole: Path, part: Path, here: terms.Value) -> None:
    """Compare effects: those of the merged path whose guard holds here are the other's."""
    expected = [(e.address, e.name, e.operands) for e in part.state.effects]
    found = []
    for effect in whole.state.effects:
        if not impossible(here, effect.guard):
            assert impossible(here, terms.lnot(effect.guard))
            found.append((effect.address, effect.name, effect.operands))
    assert found == expected


def test_calls_that_are_told_apart_by_number_are_never_merged(assemble: Assemble) -> None:
    found = paths("cbz x0, 1f\nmov x2, #1\n1: eret", assemble)
    assert len(found) == 2


def test_a_stack_pointer_that_depends_on_the_path_still_finds_its_own_words(
    assemble: Assemble,
) -> None:
    source = """
        str x3, [sp, #8]
        cbz x1, 1f
        sub sp, sp, #16
    1:  str x2, [sp, #8]
        ldr x4, [sp, #8]
        cbz x1, 2f
        add sp, sp, #16
    2:  ldr x5, [sp, #8]
        eret
    """
    found = paths(source, assemble)
    assert disjoint_and_covering(found)
    taken = terms.eq(terms.symbol("x1", 64), 0, 64)
    x2, x3 = terms.symbol("x2", 64), terms.symbol("x3", 64)
    for path in found:
        assert not isinstance(path.outcome, Undecided)
        assert impossible(guard(path), terms.ne(at_exit(path, "x4"), x2, 64))
        kept = terms.ite(taken, x2, x3, 64)
        assert impossible(guard(path), terms.ne(at_exit(path, "x5"), kept, 64))


def test_a_computed_branch_runs_its_instruction_once(assemble: Assemble) -> None:
    source = """
        adr x3, 1f
        adr x4, 2f
        cmp x1, #0
        csel x30, x3, x4, eq
        mov x5, #0
        blr x30
    1:  mov x6, x30
        eret
    2:  mov x6, x30
        mov x5, #1
        eret
    """
    found = paths(source, assemble)
    assert disjoint_and_covering(found) and len(found) == 2
    for path in found:
        assert at_exit(path, "x6") == TEXT + 24
        assert len(path_addresses(path)) == len(set(path_addresses(path)))


def path_addresses(path: Path) -> tuple[int, ...]:
    return walk_trail(path.state.trail, {})


def test_code_ends_where_the_image_has_none(assemble: Assemble) -> None:
    (path,) = paths("mov x1, #1\n.data\n.quad 0", assemble)
    assert isinstance(path.outcome, Undecided)


def test_writing_code_is_refused(assemble: Assemble) -> None:
    (path,) = paths("adr x1, 1f\nstr w2, [x1]\n1: nop\neret", assemble)
    assert path.outcome == Undecided(TEXT + 4, f"it writes code at {TEXT + 8:#x}")


def test_writable_data_is_unknown_and_constants_are_not(assemble: Assemble) -> None:
    source = (
        "ldr x1, =word\nldr x2, [x1]\nldr x3, =0x1234567890\neret\n.ltorg\n.data\nword: .quad 77"
    )
    image = image_of(source, assemble)
    (path,) = explorer(image).explore(entry_of(image))
    assert terms.symbols_of(at_exit(path, "x2"))
    assert at_exit(path, "x3") == 0x1234567890
    fixed = with_access(image, Access.READ_ONLY)
    (path,) = explorer(fixed).explore(entry_of(fixed))
    assert at_exit(path, "x2") == 77
    assert at_exit(path, "x1") == DATA


def test_a_path_of_a_merged_case_is_the_path_of_its_inputs(assemble: Assemble) -> None:
    source = "cbz x1, 1f\nmov x2, #1\n1: cbz x3, 2f\nmov x4, #1\n2: eret"
    (path,) = paths(source, assemble)
    for x1, x3 in itertools.product((0, 1), repeat=2):
        model = {"x1": x1, "x3": x3, "x2": 9, "x4": 9}
        expected = [0, *([4] if x1 else []), 8, *([12] if x3 else []), 16]
        assert walk_trail(path.state.trail, model) == tuple(TEXT + offset for offset in expected)
        assert evaluate(at_exit(path, "x2"), model) == (1 if x1 else 9)
        assert evaluate(at_exit(path, "x4"), model) == (1 if x3 else 9)


def test_the_6_1_stub_has_the_paths_counted_by_hand_and_by_another_engine(kernel: Kernel) -> None:
    image = load_image(kernel("6.1-arm64")).images[-1]
    tables = find_vector_tables(
        image, {"__hyp_stub_vectors": "stub"}, explorer_for(image).instruction
    )
    (entry,) = (hvc_to_el2(t.hvc_entry) for t in tables if t.name == "__hyp_stub_vectors")
    free = explorer_for(image).explore(entry, Merging.NEVER)
    fixed = explorer_for(with_access(image, Access.READ_ONLY)).explore(entry, Merging.NEVER)
    assert (len(free), len(fixed)) == (136, 46)
    assert disjoint_and_covering(fixed)
    merged = explorer_for(image).explore(entry)
    assert len(merged) < 10
    assert disjoint_and_covering(merged)


def test_exploring_twice_gives_the_same(assemble: Assemble) -> None:
    def seen() -> list[tuple[object, ...]]:
        return [
            (repr(p.outcome), [repr(c) for c in p.state.conditions], p.state.assumptions)
            for p in paths(FEATURES, assemble)
        ]

    assert seen() == seen()


def test_no_state_that_is_shared_is_ever_changed(assemble: Assemble) -> None:
    """Both sides of a fork share their registers' past; neither sees what the other wrote."""
    found = paths("mov x1, #1\ncbz x2, 1f\nmov x1, #2\nbr x3\n1: eret", assemble)
    values = {type(p.outcome): at_exit(p, "x1") for p in found}
    assert values == {Returned: 1, Left: 2}


def test_many_paths_that_cannot_merge_end_within_the_limits(assemble: Assemble) -> None:
    """Where each path returns elsewhere, none of them merge; what is tried stays bounded."""
    twice = "".join(f"tbz x1, #{n}, 1f\nadd x30, x30, #{1 << n}\n1: nop\n" for n in range(8))
    found = paths(f"mov x30, #0\n{twice}eret", assemble)
    assert len(found) == 256
    assert {at_exit(path, "x30") for path in found} == set(range(256))
