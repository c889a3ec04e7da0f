"""Put an explorer together for an image: lifter, profile, solver, patch sites."""

from collections.abc import Callable
from functools import cache

from hypabi.arch.names import Architecture, ByteOrder, InstructionSet
from hypabi.code.alternatives import Patches, find_alternatives
from hypabi.code.compiled_functions import is_compiled
from hypabi.image.model import Image, Role
from hypabi.lifter.sleigh import Lifter
from hypabi.semantics.interpret import Profile
from hypabi.smt import terms
from hypabi.smt.allowance import Allowance, counted
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.terms import Term
from hypabi.symbolic.explore import Code, Explorer, Limits, Theory
from hypabi.symbolic.lifting import image_lifter, thumb_lifter

Lifters = Callable[[InstructionSet, ByteOrder], Lifter]
"""Makes a lifter.  One takes a tenth of a second, so who reads many images makes each once."""


def explorer_for(
    image: Image,
    limits: Limits | None = None,
    lifters: Lifters = Lifter,
    allowance: Allowance | None = None,
    compiled: Callable[[int], str | None] | None = None,
    patches: Patches | None = None,
) -> Explorer:
    """Return an explorer of an image's EL2 or HYP code.

    :param allowance: what all that it explores may cost, shared with whoever judges it
    :param compiled: names the compiled function at an address where paths end; what
        :func:`~hypabi.code.compiled_functions.is_compiled` says by itself where ``None``
    :param patches: those of the image, where they are known
    """
    allowance = allowance or Allowance()
    arm64 = image.architecture is Architecture.ARM64
    state = InstructionSet.A64 if arm64 else InstructionSet.A32
    usual = cache(lambda: lifters(state, image.byte_order))
    thumb = cache(lambda: lifters(InstructionSet.T32, image.byte_order))
    patches = find_alternatives(image) if patches is None else patches
    code = Code(
        image,
        image_lifter(image, lambda *where: usual().lift(*where)),
        lambda *where: usual().text(*where),
        patches,
        compiled or is_compiled(image),
        _unpatched(image, patches),
        None if arm64 else thumb_lifter(image, lambda *where: thumb().lift(*where)),
        None if arm64 else lambda *where: thumb().text(*where),
    )
    solver = counted(BitwuzlaSolver, allowance)
    theory = Theory(_profile(image.architecture), terms, solver, allowance)
    return Explorer(code, theory, limits)


def _unpatched(image: Image, patches: Patches) -> tuple[str, ...]:
    """Return what has to be assumed of code that a kernel patches while it boots."""
    if image.role is not Role.KERNEL or len(patches):
        return ()
    if image.architecture is Architecture.ARM:
        return ("no code on the way is patched at boot (SMP on UP, physical offset)",)
    return ("no code on the way is patched at boot: no table of alternatives was found",)


def _profile(architecture: Architecture) -> Profile[Term]:
    if architecture is Architecture.ARM64:
        from hypabi.semantics.aarch64 import AArch64  # noqa: PLC0415 - one of two is needed

        return AArch64()
    from hypabi.semantics.aarch32 import AArch32  # noqa: PLC0415

    return AArch32()
