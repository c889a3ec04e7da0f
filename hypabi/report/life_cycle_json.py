"""The callers of an image and its live parties, as plain values for a report in JSON."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hypabi.behaviour.call_site import CallSite, Unread
from hypabi.judgement.life_cycle import LifeCycle, Meeting, Taken
from hypabi.judgement.said import Bad, Point
from hypabi.judgement.suppression import Suppression
from hypabi.report.life_cycle import WORDS, counts, spoken
from hypabi.report.plain import Plain
from hypabi.report.suppressed import suppressed_in_full

NOTHING: Final[Mapping[tuple[int, str], Suppression]] = MappingProxyType({})


LivedWith = Mapping[tuple[int, str], Suppression]
"""What suppresses a refutation, by address of the call site and live party."""


def document(cycle: LifeCycle, lived_with: LivedWith = NOTHING) -> dict[str, Plain]:
    """Return what comes of the callers, meeting by meeting, and the life cycle."""
    return {
        "counts": {name.replace(" ", "_"): count for name, count in counts(cycle).items()},
        "meetings": [_meeting(each, lived_with) for each in cycle.meetings],
        "never_run": [_site(site) for site in cycle.dormant],
        "moves": [_move(each) for each in cycle.moves],
        "asking_for_something_else": cycle.elsewhere,
        "not_found_out": [{**_site(each), "why": each.why} for each in cycle.unread],
    }


def _meeting(meeting: Meeting, lived_with: LivedWith) -> dict[str, Plain]:
    met = meeting.encounter
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


def _point(point: Point) -> dict[str, Plain]:
    found: dict[str, Plain] = {
        "aspect": point.aspect.value.replace(" ", "_"),
        "verdict": WORDS[type(point.said)].replace(" ", "_"),
        "text": spoken(point.said),
    }
    if isinstance(point.said, Bad) and point.said.model:
        found["entered_at"] = {n: f"{v:#x}" for n, v in sorted(point.said.model.items())}
    return found


def _site(site: CallSite | Unread) -> dict[str, Plain]:
    return {"function": site.function.name, "address": f"{site.address:#x}"}


def _move(taken: Taken) -> dict[str, Plain]:
    return {
        "from": taken.move.source,
        "call": taken.move.call,
        "to": taken.move.to,
        "by": [_site(site) for site in taken.by],
    }
