"""What a loader cannot refuse and a reviewer wants to know of a stated contract."""

from collections.abc import Iterator

from hypabi.contract.lint.lint_remark import Remark
from hypabi.contract.located import located
from hypabi.contract.stated.model import Numbered, StatedCall, StatedConduit, StatedContract
from hypabi.contract.stated.validation import conduits_of

_CHECKABLE = StatedConduit | StatedCall | Numbered
"""What can name the checks that show it."""


def lint_stated(contract: StatedContract) -> Iterator[Remark]:
    """Yield what to look at in a stated contract that loads."""
    yield from _unsourced(contract)
    yield from _unused(contract)
    yield from _same_numbers(contract)


def _unsourced(contract: StatedContract) -> Iterator[Remark]:
    for each in _sourced(contract):
        if not each.source:
            yield Remark(each.place.below("source"), "nothing states it")
    for name, call in contract.calls.items():
        if not call.served_by and call.because is None:
            yield Remark(call.place.below("served-by"), f"nobody serves {name}, and nothing why")


def _sourced(contract: StatedContract) -> tuple[StatedConduit | StatedCall, ...]:
    return (*contract.conduits.values(), *contract.calls.values())


def _unused(contract: StatedContract) -> Iterator[Remark]:
    calls = contract.calls.values()
    checked = [each for each in located(contract) if isinstance(each, _CHECKABLE)]
    used = {
        "sources": {each.source for thing in _sourced(contract) for each in thing.source},
        "checks": {name for each in checked for name in each.checked_by},
        "providers": {name for each in calls for name in each.served_by},
        "conduits": {name for each in calls for name in conduits_of(contract, each)},
        "errors": {name for each in calls for name in each.errors}
        | {each.unserved for each in contract.conduits.values() if each.unserved},
    }
    tables = {
        "sources": contract.sources,
        "checks": contract.checks,
        "providers": contract.providers,
        "conduits": contract.conduits,
        "errors": contract.errors,
    }
    for table, names in tables.items():
        for name in names:
            if name not in used[table]:
                yield Remark(names[name].place, f"{name} is used by nothing")


def _same_numbers(contract: StatedContract) -> Iterator[Remark]:
    """Yield the calls whose number another has by the same conduit in the same kernel."""
    for architecture in contract.architectures:
        for version in contract.read_in:
            seen: dict[tuple[str, int], str] = {}
            for name, call in contract.calls.items():
                for each in contract.numbers_of(call, architecture, version):
                    for way in each.by or conduits_of(contract, call):
                        first = seen.setdefault((way, each.value), name)
                        if first != name:
                            what = f"{name} has the number of {first} at {version}"
                            yield Remark(each.place, what)
