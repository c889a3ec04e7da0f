"""Whether the link register was lost to a call on some way to an ``hvc``."""

from tests.callsites.programs import call_sites
from tests.inputs import Assemble


def lost(assemble: Assemble, body: str) -> int | None:
    sites = call_sites(assemble, f=body, g="ret").find()
    return next(each.link_lost for each in sites if each.function.name == "f")


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
