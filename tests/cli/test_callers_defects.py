"""Callers that look right and are wrong, or look wrong and are right, each against its party.

Kernels of one page for what a hasty reader of code would say falsely.
"""

import json
from typing import Any

import pytest

from tests.cli.door import hypabi
from tests.cli.kernel import stub
from tests.cli.matrix_report import caller, points, report
from tests.inputs import Assemble

RESET = "__hyp_reset_vectors"
SAVE, RESTORE = "stp x29, x30, [sp, #-16]!", "ldp x29, x30, [sp], #16"


def said(
    assemble: Assemble,
    *body: str,
    name: str = RESET,
    others: str = "",
    version: str = "5.10.0-made",
    success: str = "nop",
) -> dict[str, tuple[str, str]]:
    """Return what was answered of a function's checks against the stub."""
    code = caller(name, *body) + others
    return points(report(stub(assemble, version, success, callers=code)), name)


def test_a_halfword_put_into_w0_takes_the_upper_half_away(assemble: Assemble) -> None:
    found = said(assemble, "movz x0, #1, lsl #32", "movk w0, #2", "hvc #0", "ret")
    assert found["served"] == ("satisfied", "as HVC_RESET_VECTORS")


def test_code_behind_a_functions_end_may_read_what_is_lost(assemble: Assemble) -> None:
    behind = caller("behind", "mov x0, x4", "ret")
    found = said(assemble, "mov x0, #2", "hvc #0", "nop", others=behind, success="mov x4, #0")
    assert found["survives"][0] == "undecided" and "x4 is lost" in found["survives"][1]


def test_padding_behind_a_trap_leads_nowhere(assemble: Assemble) -> None:
    behind = caller("behind", "mov x0, x4", "ret")
    body = ("mov x0, #2", "hvc #0", "cbz x0, 1f", "brk #0x800", "nop", "b 1f", "1: ret")
    ends = ("mov x0, #2", "hvc #0", "cbnz x0, 1f", "ret", "1: brk #0x800", "nop")
    for each in (body, ends):
        found = said(assemble, *each, others=behind, success="mov x4, #0")
        assert found["survives"][0] == "satisfied"


def test_a_leaf_in_assembly_leaves_a_lost_register_to_its_caller(assemble: Assemble) -> None:
    body = ("mov x9, x30", "mov x0, #2", "hvc #0", "bl leaf", "mov x0, x4", "ret x9")
    found = said(assemble, *body, others=caller("leaf", "nop", "ret"), success="mov x4, #0")
    assert found["survives"][0] == "violated"
    sets = caller("leaf", "mov x4, #1", "ret")
    assert said(assemble, *body, others=sets, success="mov x5, #0")["survives"][0] != "violated"


def test_an_answer_that_a_callee_looks_at_is_not_called_ignored(assemble: Assemble) -> None:
    looks = caller("looks", "cbnz x0, 1f", "bl looks", "1: mov x0, #0", "ret")
    body = (SAVE, "mov x0, #3", "hvc #0", "bl looks", RESTORE, "ret")
    found = said(assemble, *body, name="_asks", others=looks, version="6.1.0-made")
    assert found["understood"][0] == "undecided"
    found = said(assemble, "mov x0, #3", "hvc #0", "br x9", name="_asks", version="6.1.0-made")
    assert found["understood"][0] == "undecided"


def test_a_path_that_was_not_followed_refutes_nobody(assemble: Assemble) -> None:
    found = said(assemble, "mov x0, #2", "hvc #0", "ret", success="smc #0")
    assert found["served"][0] == "undecided" and "smc" in found["served"][1]


def test_a_call_that_never_comes_back_is_not_served(assemble: Assemble) -> None:
    found = said(assemble, "mov x0, #2", "hvc #0", "ret", success="br x4")
    assert found["served"] == ("violated", "control goes to x4 at EL2h")


@pytest.mark.parametrize(
    ("computed", "verdict"),
    [("orr x1, x1, #1", "violated"), ("add x1, x1, #1", "violated"),
     ("add x1, x1, #2048", "depends on its caller")],
)  # fmt: skip
def test_an_alignment_that_a_function_spoils_itself_is_refuted(
    assemble: Assemble, computed: str, verdict: str
) -> None:
    body = (computed, "mov x0, #0", "hvc #0", "ret")
    assert said(assemble, *body, name="__hyp_set_vectors")["preconditions"][0] == verdict


def test_the_platforms_register_is_nobodys_for_sure(assemble: Assemble) -> None:
    body = ("mov x0, #2", "hvc #0", "ret")
    assert said(assemble, *body, success="mov x18, #0")["survives"][0] == "undecided"
    assert said(assemble, *body, success="mov x19, #0")["survives"][0] == "violated"


def test_a_function_longer_than_is_read_is_undecided(assemble: Assemble) -> None:
    long = caller("long", "b 1f", ".rept 40000", "nop", ".endr", "1: mov x0, #2", "hvc #0", "ret")
    found = report(stub(assemble, callers=long + caller(RESET, "mov x0, #2", "hvc #0", "ret")))
    assert [each["caller"]["function"] for each in found["cells"]] == [RESET]


CHOOSES = ("cmp x1, #0", "mov x0, #2", "mov x3, #{other}", "csel x0, x0, x3, eq", "hvc #0", "ret")


def asked(found: dict[str, Any], function: str) -> set[str]:
    return {
        each["call"]
        for each in found["callers"]["checks"]
        if each["caller"]["function"] == function
    }


def test_each_of_two_calls_that_a_caller_chooses_from_is_judged(assemble: Assemble) -> None:
    """The choice is made without a branch."""
    both = caller(RESET, *(each.format(other=1) for each in CHOOSES))
    found = report(stub(assemble, callers=both))
    assert asked(found, RESET) == {"HVC_RESET_VECTORS", "HVC_SOFT_RESTART"}
    one = caller(RESET, *(each.format(other=77) for each in CHOOSES))
    found = report(stub(assemble, callers=one))
    assert asked(found, RESET) == {"HVC_RESET_VECTORS", None}, "77 is refused, and judged as that"


def test_who_may_ask_for_what_was_not_found_out_is_named(assemble: Assemble) -> None:
    known = caller(RESET, "mov x0, #2", "hvc #0", "ret")
    passes = caller("passes", "hvc #0", "ret")
    loops = caller("loops", "mov x0, #0", "1: add x0, x0, #1", "cbz x1, 1b", "hvc #0", "ret")
    long = caller("long", "b 1f", ".rept 40000", "nop", ".endr", "1: mov x0, #2", "hvc #0", "ret")
    other = caller("other", "hvc #1", "ret")
    found = report(stub(assemble, callers=known + passes + loops + other + long))
    unread = {each["function"]: each["why"] for each in found["callers"]["not_found_out"]}
    assert set(unread) == {"passes", "loops", "long"}
    assert unread["passes"] == "x0 is not a constant"
    assert "loop" in unread["loops"] and "bytes" in unread["long"]


ON_EACH_ROUND = {
    "x23": ("mov x23, #2", "1: bl other", "mov x0, x23", "hvc #0", "cbnz x0, 1b", "ret"),
    "x0": ("1: bl other", "mov x0, #2", "hvc #0", "cbnz x0, 1b", "ret"),
}


@pytest.mark.parametrize("made", ON_EACH_ROUND.values(), ids=ON_EACH_ROUND)
def test_a_call_that_is_the_same_on_each_round_is_found_out(
    made: tuple[str, ...], assemble: Assemble
) -> None:
    others = caller("other", "ret")
    assert not report(stub(assemble, callers=caller(RESET, *made) + others))["callers"][
        "not_found_out"
    ]


@pytest.mark.parametrize(
    ("ends", "undecided"),
    [
        (("mov x0, #2", "hvc #0"), 0),
        (("1: add x0, x0, #1", "cbz x1, 1b", "hvc #0"), 1),
        (("mov x0, x2", "cbz x1, 1f", "mov x0, #2", "1: hvc #0"), 1),
        (("mov x8, #2", "csel x0, x2, x8, eq", "hvc #0"), 1),
        (("mov x0, #2", ".inst 0xf4000002", "hvc #0"), 1),
    ],
    ids=("constant", "counted up", "now and then", "chosen", "behind no instruction"),
)
def test_a_call_site_whose_ways_are_not_all_known_is_undecided(
    ends: tuple[str, ...], undecided: int, assemble: Assemble
) -> None:
    image = stub(assemble, callers=caller(RESET, "mov x0, #1", *ends, "ret"))
    ran = hypabi("check", image, "--format", "json")
    found = json.loads(ran.stdout)
    assert found["counts"]["call sites"]["undecided"] == undecided
    assert found["verdict"] == ("undecided" if undecided else "proved")
    assert (f"HYP-UNDECIDED-CALLER  {RESET}" in hypabi("check", image).stdout) == bool(undecided)
