"""Which parties a program ought to have, by the symbols that name them."""

import json

import pytest

from tests.cli.door import hypabi
from tests.cli.stub import STUB64
from tests.inputs import Assemble

SECTION = """
        .balign 2048
        .global __hyp_idmap_text_start
__hyp_idmap_text_start:
{content}
        .global __hyp_idmap_text_end
__hyp_idmap_text_end:
        nop
"""


@pytest.mark.parametrize(("content", "expected"), [("", False), ("        b .", True)])
def test_a_kernel_without_kvm_has_the_borders_of_its_text_and_nothing_between(
    assemble: Assemble, content: str, expected: object
) -> None:
    image = assemble(STUB64 + SECTION.format(content=content), "arm64", text=0x40080000)
    ran = hypabi("check", image, "--kernel-version", "6.1", "--format", "json")
    parties = {each["name"]: each for each in json.loads(ran.stdout)["parties"]}
    assert not parties["kvm-init"]["found"]
    assert bool(parties["kvm-init"]["expected"]) == expected
