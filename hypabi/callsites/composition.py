"""A call path through the function that issues the ``hvc``, entered as one of its callers does."""

from hypabi.behaviour.outcome import Condition
from hypabi.behaviour.request import Request
from hypabi.callsites.model import CallPath, Start
from hypabi.records import replace
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value


def composed(inner: CallPath, outer: CallPath) -> CallPath | None:
    """Return what a path brings to a call site that starts in the function's caller.

    Terms are over the entry of the caller then.

    :param inner: from the function's entry to the ``hvc``
    :param outer: from the caller's entry to its branch to the function
    :return: ``None`` where ``inner`` starts in the function's midst
    """
    if inner.start is not Start.ENTRY:
        return None
    # A plain register name is that register at the function's entry, in conditions as well.
    passed: dict[Term, Value] = {
        terms.symbol(name, _width(name)): value for name, value in outer.request.registers.items()
    }
    registers = {
        name: terms.substitute(value, passed) for name, value in inner.request.registers.items()
    }
    guard = [
        Condition(each.address, terms.substitute(each.term, passed)) for each in inner.request.guard
    ]
    request = Request(
        inner.request.site,
        inner.request.immediate,
        registers,
        (*outer.request.guard, *guard),
        tuple(dict.fromkeys((*outer.request.assumptions, *inner.request.assumptions))),
    )
    own = {name: each for name, each in inner.sources.items() if each.register != name}
    return replace(
        outer,
        request=request,
        path=(*outer.path, *inner.path),
        sources={**own, **outer.sources},
        calls=(*outer.calls, *inner.calls),
        pointers={},
        privileged=inner.privileged if outer.privileged is None else outer.privileged,
    )


def _width(name: str) -> int:
    """Return the bits of a general register."""
    return 64 if name.startswith("x") else 32
