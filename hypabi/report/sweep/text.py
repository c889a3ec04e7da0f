"""A sweep as text: the answer, the kernels line by line, what is new, what was not judged."""

from collections.abc import Iterator, Sequence

from hypabi.analysis.results.conclusion import spell_counts
from hypabi.report.news.text import news_lines, not_judged_lines
from hypabi.report.shared.footer import repeat_section
from hypabi.report.shared.text_layout import columns, cut, filled, labelled, printable, titled
from hypabi.store.records import SweepResult, SweptKernel


def write(result: SweepResult) -> str:
    """Return a sweep as text."""
    return "\n".join(map(printable, _lines(result))) + "\n"


def _lines(result: SweepResult) -> Iterator[str]:
    yield f"sweep: {result.conclusion.verdict.upper()}"
    yield from filled(spell_counts(result.conclusion.counts))
    kernels = "kernel" if result.new_kernels == 1 else "kernels"
    yield from labelled("store", f"{result.store}, {result.new_kernels} {kernels} new in it")
    yield from _kernels(result.kernels)
    yield from _findings(result.kernels)
    yield from news_lines(result.news)
    yield from not_judged_lines(result)
    yield from repeat_section(result.reproduce, ())


def _kernels(kernels: Sequence[SweptKernel]) -> Iterator[str]:
    if not kernels:
        return
    yield from titled("Kernels")
    yield f"{'':5} {'series':6} {'version':18} {'flavour':12} {'verdict':16}     s   MB"
    for each in kernels:
        verdict = "/".join(dict.fromkeys(each.verdicts.values()))
        yield cut(
            f"{each.architecture:5} {each.series:6} {cut(each.version, 18):18} "
            f"{cut(each.flavour, 12):12} {verdict:16} {each.seconds:>5} {each.megabytes:>4}",
            columns(),
        )


def _findings(kernels: Sequence[SweptKernel]) -> Iterator[str]:
    """Yield each finding once, with the kernels that have it."""
    told: dict[tuple[str, ...], list[SweptKernel]] = {}
    texts: dict[tuple[str, ...], str] = {}
    for kernel in kernels:
        for each in kernel.findings:
            subject = (each.word, each.rule, each.party, each.call, each.name)
            told.setdefault(subject, []).append(kernel)
            texts.setdefault(subject, each.text)
    if not told:
        return
    yield from titled("Findings")
    for key in sorted(told):
        word, rule, *where = key
        yield from filled(f"{word.upper()} {', '.join(filter(None, where))}  [{rule}]")
        yield from labelled("what", texts[key])
        yield from labelled("in", _named(told[key]))


def _named(kernels: Sequence[SweptKernel]) -> str:
    first, last = kernels[0], kernels[-1]
    name = f"{first.architecture} {first.version} {first.flavour}".rstrip()
    if len(kernels) == 1:
        return name
    return f"{len(kernels)} kernels, from {name} to {last.version} {last.flavour}".rstrip()
