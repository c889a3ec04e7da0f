"""Exclusive loads and stores, which A64, A32 and T32 have alike (DDI 0487, B2.9)."""

from typing import Final, TypeVar

from hypabi.lifter.instruction import Constant, Op
from hypabi.semantics.interpret import Frame

S = TypeVar("S")

CLEAR: Final = "CLREX"
"""Clears the mark, and is recorded besides."""


def exclusive_load(frame: Frame[S], op: Op) -> None:
    """Mark what is loaded."""
    frame.context.mark(*_place(frame, op))


def exclusive_store(frame: Frame[S], op: Op) -> None:
    """Say whether the store happens, which is for the monitor to decide."""
    assert op.output is not None
    passes = frame.context.exclusive(*_place(frame, op))
    frame.put(op.output, frame.domain.zext(passes, 1, 8))


def _place(frame: Frame[S], op: Op) -> tuple[int | S, int]:
    address, size = op.inputs
    assert isinstance(size, Constant)
    return frame.get(address), size.value
