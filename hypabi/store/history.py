"""What became of a call, a party, a caller or a rule, from kernel to kernel."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from hypabi.analysis.results.shared import Reproduction
from hypabi.errors import HypabiError
from hypabi.records import frozen
from hypabi.store.database import GOOD, Store
from hypabi.store.line import line_of
from hypabi.store.records import (
    BEHAVIOURS,
    Alike,
    FindingHistory,
    FindingLine,
    HistoryResult,
    Item,
    Kernel,
    KernelFinding,
    LineHistory,
    Span,
)

EVERYTHING: Final = "everything"
LONGEST: Final = 60
"""Characters of a misspelt word that are compared."""


@frozen
class _State:
    """What one kernel says of what was asked for."""

    words: tuple[tuple[str, int], ...]
    digests: tuple[tuple[str, str], ...]
    """By party, of what it does."""
    findings: tuple[KernelFinding, ...]


_Line = Sequence[tuple[Kernel, _State]]


def history_of(store: Store, asked: str, series: str, reproduce: Reproduction) -> HistoryResult:
    """Return the history of a call, party, caller or rule; of everything where nothing is asked.

    :param series: only this one, as ``6.1``; all where empty
    :raises HypabiError: no kernel in the store has anything of that name
    """
    kernels = [each for each in store.kernels() if series in ("", each.series)]
    if not kernels:
        what = f"it has no kernel of series {series}" if series else "it has no kernel"
        raise HypabiError(store.path, what, "`hypabi sweep` brings some")
    items = {each.sha256: store.items(each.sha256) for each in kernels}
    kind, asked = _kind(asked, items)
    lines: list[_Line] = []
    for _, line in groupby(kernels, key=line_of):
        states = [(kernel, _state(items[kernel.sha256], kind, asked)) for kernel in line]
        lines.append(states)
    return HistoryResult(
        store=store.path,
        asked=asked,
        kind=kind,
        kernels=len(kernels),
        lines=tuple(_line_history(line) for line in lines),
        findings=tuple(_finding_histories(lines)),
        newest=tuple(_alike([line[-1] for line in lines])),
        reproduce=reproduce,
    )


def _kind(asked: str, items: Mapping[str, Sequence[Item]]) -> tuple[str, str]:
    """Return what a word names, and how it is spelled."""
    if not asked:
        return EVERYTHING, ""
    known: dict[str, tuple[str, str]] = {}
    for each in items.values():
        for item in each:
            named = (("rule", item.rule), ("call", item.call), ("party", item.party))
            for kind, name in (*named, ("caller", _caller(item))):
                if name:
                    known.setdefault(name.lower(), (kind, name))
    found = known.get(asked.lower())
    if found is None:
        from difflib import get_close_matches  # noqa: PLC0415 - only of a refusal

        close = get_close_matches(asked[:LONGEST].lower(), known, n=1)
        hint = f"did you mean {known[close[0]][1]}?" if close else "leave it out to see everything"
        raise HypabiError(asked, "no kernel in the store has a call, party or caller so", hint)
    return found


def _caller(item: Item) -> str:
    return item.name if item.unit in ("call sites", "moves", "hvc", "crossings") else ""


def _is_of(item: Item, kind: str, asked: str) -> bool:
    name = {"rule": item.rule, "call": item.call, "party": item.party, "caller": _caller(item)}
    return kind == EVERYTHING or name[kind] == asked


def _state(items: Sequence[Item], kind: str, asked: str) -> _State:
    own = [item for item in items if _is_of(item, kind, asked)]
    words = Counter(item.word for item in own)
    findings = {
        KernelFinding(*(getattr(item, name) for name in KernelFinding.__match_args__)): None
        for item in own
        if item.weight != GOOD
    }
    digests = {(item.party, item.name) for item in own if item.unit == BEHAVIOURS}
    return _State(
        tuple(sorted(words.items())), tuple(sorted(digests)), tuple(sorted(findings, key=_order))
    )


def _order(finding: KernelFinding) -> tuple[str, ...]:
    return (*_subject(finding), finding.text)


def _subject(finding: KernelFinding) -> tuple[str, ...]:
    """Return what makes findings of two kernels the same: never an address or a text."""
    return (
        finding.unit, finding.party, finding.call, finding.name, finding.rule, finding.word
    )  # fmt: skip


def _same(state: _State) -> object:
    return (state.words, state.digests, tuple(_subject(each) for each in state.findings))


def _line_history(line: _Line) -> LineHistory:
    spans = []
    for _, group in groupby(line, key=lambda each: _same(each[1])):
        alike = list(group)
        kernel, state = alike[0]
        spans.append(
            Span(
                kernel.version,
                alike[-1][0].version,
                len(alike),
                dict(state.words),
                state.findings,
            )
        )
    kernel = line[0][0]
    return LineHistory(kernel.architecture, kernel.series, kernel.flavour, tuple(spans))


def _finding_histories(lines: Sequence[_Line]) -> Iterator[FindingHistory]:
    told: dict[tuple[str, ...], KernelFinding] = {}
    for line in lines:
        for _, state in line:
            for finding in state.findings:
                told[_subject(finding)] = finding
    for subject in sorted(told):
        spans = tuple(each for line in lines for each in _stretches(line, subject))
        yield FindingHistory(told[subject], spans)


def _stretches(line: _Line, subject: tuple[str, ...]) -> Iterator[FindingLine]:
    """Yield each stretch of a line's kernels that have a finding."""
    having = [
        (kernel, any(_subject(each) == subject for each in state.findings))
        for kernel, state in line
    ]
    at = 0
    for has, group in groupby(having, key=lambda each: each[1]):
        stretch = [kernel for kernel, _ in group]
        if has:
            after = at + len(stretch)
            yield FindingLine(
                architecture=stretch[0].architecture,
                series=stretch[0].series,
                flavour=stretch[0].flavour,
                first=stretch[0].version,
                since=having[at - 1][0].version if at else None,
                last=stretch[-1].version,
                mended_in=having[after][0].version if after < len(having) else None,
                kernels=len(stretch),
            )
        at += len(stretch)


def _alike(newest: Sequence[tuple[Kernel, _State]]) -> Iterator[Alike]:
    groups: dict[object, list[tuple[Kernel, _State]]] = {}
    for kernel, state in newest:
        groups.setdefault(_same(state), []).append((kernel, state))
    for members in sorted(groups.values(), key=len, reverse=True):
        names = tuple(
            f"{kernel.architecture} {kernel.series} {kernel.name}" for kernel, _ in members
        )
        yield Alike(dict(members[0][1].words), names)
