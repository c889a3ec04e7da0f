"""Of the names of one address the function's own is the one that is told."""

import itertools

import pytest

from hypabi.image.model import Symbol
from hypabi.image.symbols import rank

OWN = "arm64_relocate_new_kernel"


@pytest.mark.parametrize(
    "others",
    [
        # vmlinux.lds.S of arm64, with hibernation and without.
        ("__hibernate_exit_text_end", "__relocate_new_kernel_start"),
        ("__end_rodata", "__entry_tramp_text_end", "__relocate_new_kernel_start"),
        ("__stop___ex_table", "__start_rodata"),
        ("$x", "_text", f"__kvm_nvhe_{OWN}"),
    ],
)
def test_a_function_comes_before_the_boundaries_that_lie_where_it_does(
    others: tuple[str, ...],
) -> None:
    symbols = [Symbol(name, 0x1000) for name in (OWN, *others)]
    for order in itertools.permutations(symbols):
        assert min(order, key=rank).name == OWN
