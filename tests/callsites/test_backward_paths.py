"""Ways back to an instruction: what they pass, where they stop, and that they end."""

import random

from hypabi.arch.names import InstructionSet
from hypabi.callsites.backward_paths import ACROSS, LONGEST, MOST_WAYS, Stop, Wanted, ways_back
from hypabi.code.alternatives import NO_PATCHES
from hypabi.code.function_body import A64Body, Body, Kind, body_of
from hypabi.code.function_bounds import function_extent
from hypabi.image.load import load_image
from tests.inputs import Assemble

TEXT = 0x10000
IDENTIFIER = Wanted(first=1, also=0b11111110, lost_in_calls=0x4003FFFF)


def body(assemble: Assemble, source: str) -> Body:
    source = f".globl f\n.type f, %function\nf:\n{source}\n.size f, . - f\n"
    image = load_image(assemble(source, "arm64", text=TEXT)).images[-1]
    around = function_extent(image, TEXT, InstructionSet.A64)
    return body_of(image, NO_PATCHES, around, None, frozenset())


def site(of: Body) -> int:
    return next(a for a in range(of.start, of.end, 4) if of.step(a).word == 0xD4000002)


def test_a_way_goes_to_the_entry_while_nothing_joins(assemble: Assemble) -> None:
    found = body(assemble, "mov x1, x0; mov x0, #0; hvc #0; ret")
    (chain,), undecided = ways_back(found, site(found), IDENTIFIER)
    assert chain.steps == (TEXT, TEXT + 4, TEXT + 8)
    assert chain.stop is Stop.ENTRY and not undecided and not chain.shared


def test_a_way_stops_where_others_join_once_the_identifier_is_known(assemble: Assemble) -> None:
    far = "; nop" * ACROSS
    found = body(assemble, f"cbz x2, 1f; mov x1, #3; 1: mov x0, #0{far}; hvc #0; ret")
    (chain,), undecided = ways_back(found, site(found), IDENTIFIER)
    assert chain.stop is Stop.KNOWN
    assert chain.steps[0] == TEXT + 8 and not undecided


def test_near_the_call_ways_that_bring_other_arguments_are_two(assemble: Assemble) -> None:
    found = body(assemble, "cbz x2, 1f; mov x1, #3; 1: mov x0, #0; hvc #0; ret")
    chains, undecided = ways_back(found, site(found), IDENTIFIER)
    assert len(chains) == 2 and not undecided


def test_two_ways_that_set_the_identifier_are_two(assemble: Assemble) -> None:
    found = body(assemble, "mov x0, #1; cbz x2, 1f; mov x0, #2; 1: hvc #0; ret")
    chains, _ = ways_back(found, site(found), IDENTIFIER)
    assert [chain.steps[0] for chain in chains] == [TEXT + 8, TEXT] or len(chains) == 2


def test_two_ways_that_bring_the_same_are_one_and_say_so(assemble: Assemble) -> None:
    found = body(assemble, "cbz x2, 1f; nop; b 2f; 1: nop; 2: hvc #0; ret")
    (chain,), _ = ways_back(found, site(found), IDENTIFIER)
    assert chain.stop is Stop.ENTRY and chain.shared


def test_a_loop_that_changes_the_identifier_is_undecided(assemble: Assemble) -> None:
    found = body(assemble, "mov x0, #1; 1: add x0, x0, #1; subs x1, x1, #1; b.ne 1b; hvc #0; ret")
    chains, undecided = ways_back(found, site(found), IDENTIFIER)
    assert chains and any("loop" in reason for reason in undecided)


def test_code_that_nothing_leads_to_starts_a_way(assemble: Assemble) -> None:
    found = body(assemble, "br x3; add x0, x0, #1; hvc #0; ret")
    (chain,), _ = ways_back(found, site(found), IDENTIFIER)
    assert chain.stop is Stop.INDIRECT
    assert not found.reaches(site(found))


def test_more_ways_than_are_followed_are_said(assemble: Assemble) -> None:
    lines = "".join(f"tbz x1, #{n}, {n + 1}f; add x0, x0, #{n}; {n + 1}: " for n in range(40))
    found = body(assemble, f"{lines} hvc #0; ret")
    chains, undecided = ways_back(found, site(found), IDENTIFIER)
    assert len(chains) <= MOST_WAYS
    assert any("ways" in reason for reason in undecided)


def test_a_way_longer_than_the_limit_says_so(assemble: Assemble) -> None:
    found = body(assemble, f".rept {LONGEST + 9}; add x0, x0, #1; .endr; hvc #0; ret")
    (chain,), _ = ways_back(found, site(found), IDENTIFIER)
    assert chain.stop is Stop.LIMIT and str(LONGEST) in chain.reason


def test_random_code_ends() -> None:
    chance = random.Random(23)
    for _ in range(60):
        words = [chance.getrandbits(32) for _ in range(200)]
        for at in range(0, 200, 3):  # branches within, so that there is flow
            words[at] = 0x54000000 | (chance.randrange(-40, 40) & 0x7FFFF) << 5
        words[150] = 0xD4000002
        made = A64Body(TEXT, words)
        chains, _ = ways_back(made, TEXT + 600, IDENTIFIER)
        assert all(chain.steps[-1] == TEXT + 600 for chain in chains)
        for chain in chains:
            for here, there in zip(chain.steps, chain.steps[1:], strict=False):
                assert there in set(made.after(made.step(here)))


def test_flow_is_that_of_lifted_instructions(assemble: Assemble) -> None:
    """Decoding by encoding agrees with SLEIGH on which instructions turn."""
    source = "b f; bl f; cbz x0, f; tbz x0, #3, f; b.eq f; br x1; blr x1; ret; eret; hvc #0; nop"
    made = body(assemble, source)
    kinds = [made.step(a).kind for a in range(made.start, made.end, 4)]
    assert kinds == [
        Kind.BRANCH, Kind.CALL, Kind.BRANCH, Kind.BRANCH, Kind.BRANCH, Kind.COMPUTED,
        Kind.CALL_REGISTER, Kind.RETURN, Kind.END, Kind.ASK, Kind.NEXT,
    ]  # fmt: skip
    assert all(made.step(a).target == TEXT for a in range(made.start, made.start + 20, 4))
