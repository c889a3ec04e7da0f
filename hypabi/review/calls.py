"""What a patch does to calls by their names: other numbers, and calls that were not there."""

from collections.abc import Iterator
from typing import Final

from hypabi.analysis.results.review import (
    AsksOtherwise,
    FindingWord,
    ForgottenCaller,
    NewCall,
    Renumbered,
    ReviewFinding,
)
from hypabi.review.judge import Judged
from hypabi.review.numbers import ERROR, FORMER, former

OWED: Final = "call"
"""Rule of a new call that a party does not serve though the document says that it must."""


def renumberings(old: Judged, new: Judged) -> Iterator[Renumbered]:
    """Yield the calls, and the error, that a patch gives another number, and who knows which."""
    if old.error is not None and new.error is not None and old.error != new.error:
        yield Renumbered(new.name, new.architecture, ERROR, f"{old.error:#x}", f"{new.error:#x}")
    for call, number in new.calls.items():
        before = old.calls.get(call)
        if before is not None and before != number:
            yield _renumbered(old, new, call, before, number)


def _renumbered(old: Judged, new: Judged, call: str, before: int, number: int) -> Renumbered:
    served = _serving(old, before)
    broken = {
        party
        for each in new.findings
        if each.rule.startswith("clause ") and each.call == call
        and each.word is FindingWord.REFUTED and each.key not in {e.key for e in old.findings}
        for party in each.parties
    }  # fmt: skip
    follow = [each for each in served if each in _serving(new, number) and each not in broken]
    still = [each for each in served if each not in follow and each in _serving(new, before)]
    return Renumbered(
        new.name,
        new.architecture,
        call,
        f"{before:#x}",
        f"{number:#x}",
        tuple(follow),
        tuple(still),
        tuple(each for each in served if each not in (*follow, *still)),
        tuple(_forgotten(new, call, before, number)),
        None if new.error is None else f"{new.error:#x}",
    )


def _forgotten(new: Judged, call: str, before: int, number: int) -> Iterator[ForgottenCaller]:
    """Yield who asks a party for a call by a number that it does not know the call by."""
    asks = {call: number, former(call): before}
    for each in new.findings:
        if each.rule.startswith("caller ") and each.call in asks and each.function is not None:
            number_ = asks[each.call]
            for party in each.parties:
                if party not in _serving(new, number_):
                    yield ForgottenCaller(each.function, party, f"{number_:#x}")


def _serving(of: Judged, number: int) -> tuple[str, ...]:
    return tuple(each.party for each in of.served if each.number == number)


def new_calls(old: Judged, new: Judged) -> Iterator[NewCall]:
    """Yield the calls that a patch defines, and of which the contract knows nothing."""
    for call, number in new.added.items():
        if call not in old.added:
            serving = _serving(new, number)
            yield NewCall(
                new.name,
                call,
                f"{number:#x}",
                serving,
                tuple(each for each in new.parties if each not in serving),
                tuple(dict.fromkeys(e.function for e in new.asked if e.call == call)),
            )


def asks_otherwise(old: Judged, new: Judged) -> Iterator[AsksOtherwise]:
    """Yield the functions that make other calls than before, by the calls' names.

    One that asks by a number that its call had before is told with the renumbering.
    """
    before, now = _asked(old), _asked(new)
    for function in dict.fromkeys((*before, *now)):
        gone = before.get(function, {}).keys() - now.get(function, {}).keys()
        come = now.get(function, {}).keys() - before.get(function, {}).keys()
        if (gone or come) and not any(each.endswith(FORMER) for each in gone | come):
            yield AsksOtherwise(new.name, function, tuple(sorted(gone)), tuple(sorted(come)))


def _asked(of: Judged) -> dict[str, dict[str, None]]:
    """Return by function the calls that it makes; not what a symbol does not name."""
    found: dict[str, dict[str, None]] = {}
    for each in of.asked:
        if each.function:
            found.setdefault(each.function, {})[each.call] = None
    return found


def owed(new: Judged, call: NewCall, *, spoken_of: bool | None) -> Iterator[ReviewFinding]:
    """Yield the parties that the document obliges to serve a new call, and that do not.

    :param spoken_of: whether the document has an entry for it, which may say otherwise; ``None``
        where the document cannot be read
    """
    for party in call.refused_by:
        duty = new.duties.get(party)
        if duty is None or spoken_of:
            continue
        word = FindingWord.UNDECIDED if spoken_of is None else FindingWord.REFUTED
        what = f'it does not serve the new call, and "{duty.text}"'
        if spoken_of is None:
            what += "; whether the document says otherwise of this call is not known"
        yield ReviewFinding(
            program=new.name,
            rule=f"{OWED} {party} {call.call} served",
            word=word,
            text=what,
            must_agree=(duty.owner,),
            shown=(),
            parties=(party,),
            call=call.call,
        )
