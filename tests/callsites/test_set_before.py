"""Whether a function has set a register where it counts on it."""

import pytest

from hypabi.callsites.model import CallSite
from tests.callsites.programs import call_sites
from tests.inputs import Assemble


def site_in(assemble: Assemble, body: str) -> CallSite:
    sites = call_sites(assemble, f=body, g="ret").find()
    return next(each for each in sites if each.function.name == "f")


def lost(assemble: Assemble, body: str) -> int | None:
    return site_in(assemble, body).link_lost


def test_a_call_before_it_loses_the_link_register(assemble: Assemble) -> None:
    assert lost(assemble, "bl g; hvc #0; ret") == 0x10000
    assert lost(assemble, "cbz x0, 1f; bl g; 1: hvc #0; ret") == 0x10004
    assert lost(assemble, "hvc #0; bl g; ret") is None


def test_what_is_set_again_is_not_lost(assemble: Assemble) -> None:
    assert lost(assemble, "mov x19, x30; bl g; mov x30, x19; hvc #0; ret") is None
    assert (
        lost(assemble, "stp x29, x30, [sp, #-16]!; bl g; ldp x29, x30, [sp], #16; hvc #0; ret")
        is None
    )


def test_what_answers_an_hvc_loses_no_link_register(assemble: Assemble) -> None:
    assert lost(assemble, "hvc #0; hvc #0; ret") is None


@pytest.mark.parametrize(
    ("body", "register"),
    [
        ("hvc #0; mov x0, x9; ret", "x9"),
        ("hvc #0; ret x11", "x11"),
        ("hvc #0; ret x19", "x19"),
        ("hvc #0; ret x4", "x4"),
        ("hvc #0; br x19", "x19"),
        ("mov x9, x30; bl g; hvc #0; ret x9", "x9"),
        ("cbz x0, 1f; mov x1, #1; 1: hvc #0; ret x28", "x28"),
    ],
)
def test_what_nothing_sets_is_not_to_be_read(body: str, register: str, assemble: Assemble) -> None:
    assert [read.register for read in site_in(assemble, body).never_set] == [register]


@pytest.mark.parametrize(
    "body",
    [
        "hvc #0; ret",
        "mov x9, x30; hvc #0; ret x9",
        "bl g; mov x9, x20; hvc #0; mov x0, x9; ret",
        "hvc #0; mov x9, #1; mov x0, x9; ret",
        "hvc #0; br x4",
        "hvc #0; mov x0, x19; ret",
        "hvc #0; mov x0, x4; mov x1, x8; ret",
        "cbz x0, 1f; mov x9, x30; 1: hvc #0; ret x9",
    ],
)
def test_what_something_may_have_set_may_be_read(body: str, assemble: Assemble) -> None:
    assert site_in(assemble, body).never_set == ()
