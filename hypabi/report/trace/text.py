"""A trace as text: a line for each crossing, as strace has one for each system call.

The lines of crossings are as long as they are, so that one stays one for ``grep``.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final

from hypabi.analysis.results.conclusion import spell_counts
from hypabi.records import frozen
from hypabi.report.shared.footer import repeat_section
from hypabi.report.shared.text_layout import filled, labelled, labelled_list, printable, titled
from hypabi.tracing.result import (
    CrossingWord,
    DerivedWord,
    DrivenStep,
    TracedArgument,
    TracedCrossing,
    TraceResult,
)

SHOWN: Final = 8
"""Arguments of a call that nobody names."""


@frozen
class Options:
    """What of a crossing is printed."""

    durations: bool = False
    callers: bool = False
    all_cpus: bool = False
    """Whether crossings are printed of CPUs but the first; those that are amiss always are."""
    patterns: tuple[str, ...] = ()
    """Of calls, functions, parties and verdicts, as a shell has them; all where there is none."""


def is_shown(crossing: TracedCrossing, options: Options) -> bool:
    """Tell whether a crossing is printed."""
    patterns = options.patterns
    fits = not patterns or any(_fits(crossing, each) for each in patterns)
    return fits and (options.all_cpus or _is_of_first(crossing) or _is_named(crossing, patterns))


def _fits(crossing: TracedCrossing, pattern: str) -> bool:
    function = (crossing.place or "").partition("+")[0]
    names = [crossing.call or "", function, crossing.party or "", crossing.verdict.value]
    names += [crossing.instruction.value, f"cpu{crossing.cpu}"]
    return any(fnmatchcase(name, pattern) for name in names)


def _is_of_first(crossing: TracedCrossing) -> bool:
    return crossing.cpu == 0 or is_amiss(crossing)


def _is_named(crossing: TracedCrossing, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(f"cpu{crossing.cpu}", pattern) for pattern in patterns)


def is_amiss(crossing: TracedCrossing) -> bool:
    """Tell whether something is said of a crossing below its line."""
    told = (CrossingWord.VIOLATED, CrossingWord.UNSCHEDULED)
    found = any(each.verdict in told for each in crossing.findings)
    return found or crossing.derived is DerivedWord.DIFFERS


def write_crossing(crossing: TracedCrossing, options: Options) -> str:
    """Return the line of a crossing, and a line for each thing that is amiss."""
    return "".join(f"{printable(line)}\n" for line in _lines(crossing, options))


def _lines(crossing: TracedCrossing, options: Options) -> Iterator[str]:
    what = "  " * crossing.depth + spell_call(crossing)
    words = [_time(crossing.time), f"cpu{crossing.cpu}", crossing.party or "?"]
    words += [crossing.mode or "?", crossing.instruction.value + _immediate(crossing)]
    words += [crossing.place or crossing.caller or "?", what, spell_answer(crossing)]
    if options.durations and crossing.duration is not None:
        words.append(f"<{crossing.duration / 1e6:.6f}>")
    if crossing.goes_to is not None:
        words.append(f"-> {crossing.goes_to}")
    if crossing.live is not None:
        words.append(f"=> live: {crossing.live}")
    yield " ".join(word for word in words if word)
    for caller in crossing.callers or () if options.callers else ():
        yield f"    > {caller}"
    if crossing.vectors_set and not crossing.returned:
        yield f"    wrote VBAR_EL2: {', '.join(crossing.vectors_set)}"
    for finding in crossing.findings:
        if finding.verdict in (CrossingWord.VIOLATED, CrossingWord.UNSCHEDULED):
            yield f"    {finding.verdict.value.upper()} {finding.question}: {finding.text}"
    if crossing.derived is DerivedWord.DIFFERS:
        yield f"    DIFFERS from the derived case: {crossing.derived_text}"


def _time(time: int | None) -> str:
    return "" if time is None else f"{time / 1e6:.6f}"


def _immediate(crossing: TracedCrossing) -> str:
    return f"#{crossing.immediate:#x}" if crossing.immediate else ""


def spell_call(crossing: TracedCrossing) -> str:
    """Spell what is asked for, with its arguments."""
    name = crossing.call or crossing.identifier or "?"
    arguments = ", ".join(map(_argument, crossing.arguments[:SHOWN]))
    return f"{name}({arguments})"


def _argument(argument: TracedArgument) -> str:
    return f"{argument.name}={argument.value or '?'}"


def spell_answer(crossing: TracedCrossing) -> str:
    """Spell what comes back."""
    if not crossing.returned:
        return "= not seen to return"
    return f"= {crossing.result or '?'}"


def write_end(traced: TraceResult, options: Options) -> str:
    """Return what follows the crossings: why it ended, the verdict, what was not seen."""
    return "".join(f"{printable(line)}\n" for line in _end(traced, options))


def _end(traced: TraceResult, options: Options) -> Iterator[str]:
    yield from filled(f"--- {traced.end.kind.value}: {traced.end.text}", indent="    ")
    yield ""
    yield traced.conclusion.answer
    yield from filled(spell_counts(traced.conclusion.counts))
    yield ""
    for step in traced.steps:
        yield from labelled("driven", spell_step(step))
    if traced.control is not None:
        yield from labelled("control", f"alone, {spell_step(traced.control.step)}")
    others = sum(not _is_of_first(each) for each in traced.crossings)
    if others and not (options.all_cpus or options.patterns):
        yield from labelled("not shown", f"crossings of other CPUs than cpu0: {others} (-f)")
    for pattern in options.patterns:
        if not any(_fits(each, pattern) for each in traced.crossings):
            yield from labelled("-e", f"no crossing fits {pattern}")
    yield from labelled("source", traced.source)
    for each in traced.assumed:
        yield from labelled("assumed", each)
    for each in traced.unknown:
        yield from labelled("not seen", each)
    unseen = dict.fromkeys(name for each in traced.crossings for name in each.unseen)
    if unseen:
        yield from labelled("not judged", "clauses that speak of what was not seen:")
        yield from labelled_list("", unseen)
    of = traced.reproduce
    yield from repeat_section(of, (("image", of.image_sha256), ("contract", of.contract_sha256)))


def spell_step(step: DrivenStep) -> str:
    """Spell what came of a step."""
    return f"{step.name}: {step.word.value}" + (f": {step.text}" if step.text else "")


def write_summary(traced: TraceResult) -> str:
    """Return a table: how often each call was made, of whom, and with what answers."""
    return "".join(f"{printable(line)}\n" for line in _summary(traced))


def _summary(traced: TraceResult) -> Iterator[str]:
    rows: dict[tuple[str, str], list[TracedCrossing]] = {}
    for each in traced.crossings:
        rows.setdefault((each.party or "?", each.call or each.identifier or "?"), []).append(each)
    yield from titled("Calls")
    yield f"{'calls':>6} {'amiss':>6} {'seconds':>10}  {'live':<16} call"
    for (party, call), of in sorted(rows.items(), key=lambda row: (-len(row[1]), row[0])):
        amiss = sum(each.verdict is CrossingWord.VIOLATED for each in of)
        took = sum(each.duration or 0 for each in of) / 1e6
        yield f"{len(of):>6} {amiss:>6} {took:>10.6f}  {party:<16} {call}"


def write(traced: TraceResult, options: Options) -> str:
    """Return a whole trace."""
    shown = [each for each in traced.crossings if is_shown(each, options)]
    return "".join(write_crossing(each, options) for each in shown) + write_end(traced, options)
