"""The callers of an image and its live parties, as plain values for a report in JSON."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hypabi.callsites.model import CallSite, Unread
from hypabi.judgement.callers.findings import CallerAnswer, Violated
from hypabi.judgement.callers.schedule import CheckInContext, LifeCycle, MoveTaken
from hypabi.judgement.callers.summary import WORDS, count_checks, spell_verdict
from hypabi.judgement.suppression import Suppression
from hypabi.report.shared.json_values import Plain
from hypabi.report.shared.suppressed import suppressed_in_full

NOTHING: Final[Mapping[tuple[int, str], Suppression]] = MappingProxyType({})


LivedWith = Mapping[tuple[int, str], Suppression]
"""What suppresses a refutation, by address of the call site and live party."""


def document(cycle: LifeCycle, lived_with: LivedWith = NOTHING) -> dict[str, Plain]:
    """Return what comes of the callers, meeting by meeting, and the life cycle."""
    return {
        "counts": {name.replace(" ", "_"): count for name, count in count_checks(cycle).items()},
        "meetings": [_meeting(each, lived_with) for each in cycle.checks],
        "never_run": [_site(site) for site in cycle.dormant],
        "moves": [_move(each) for each in cycle.moves],
        "asking_for_something_else": cycle.elsewhere,
        "not_found_out": [{**_site(each), "why": each.why} for each in cycle.unread],
    }


def _meeting(meeting: CheckInContext, lived_with: LivedWith) -> dict[str, Plain]:
    met = meeting.check
    by = lived_with.get((met.site.address, met.party))
    return {
        "suppressed": suppressed_in_full(by),
        "caller": _site(met.site),
        "call": met.call,
        "party": met.party,
        "when": meeting.when.value.replace(" ", "_"),
        "verdict": WORDS[type(met.worst())].replace(" ", "_"),
        "points": [_point(point) for point in met.points],
    }


def _point(point: CallerAnswer) -> dict[str, Plain]:
    found: dict[str, Plain] = {
        "aspect": point.aspect.value.replace(" ", "_"),
        "verdict": WORDS[type(point.verdict)].replace(" ", "_"),
        "text": spell_verdict(point.verdict),
    }
    if isinstance(point.verdict, Violated) and point.verdict.model:
        found["entered_at"] = {n: f"{v:#x}" for n, v in sorted(point.verdict.model.items())}
    return found


def _site(site: CallSite | Unread) -> dict[str, Plain]:
    return {"function": site.function.name, "address": f"{site.address:#x}"}


def _move(taken: MoveTaken) -> dict[str, Plain]:
    return {
        "from": taken.move.source,
        "call": taken.move.call,
        "to": taken.move.to,
        "by": [_site(site) for site in taken.by],
    }
