"""What a kernel says otherwise than the one before it in its line."""

from collections.abc import Collection, Iterator
from itertools import groupby

from hypabi.store.database import Store
from hypabi.store.line import line_of
from hypabi.store.records import Kernel, KernelFinding, NewFinding


def news_of(store: Store, kernels: Collection[str]) -> Iterator[NewFinding]:
    """Yield what is otherwise in some kernels than in the one before each, line by line.

    In the first kernel of a line every finding is new.
    """
    for _, line in groupby(store.kernels(), key=line_of):
        before: Kernel | None = None
        for kernel in line:
            if kernel.sha256 in kernels:
                yield from _between(store, before, kernel)
            before = kernel


def _between(store: Store, before: Kernel | None, kernel: Kernel) -> Iterator[NewFinding]:
    old = {} if before is None else {_subject(e): e for e in store.findings(before.sha256)}
    new = {_subject(e): e for e in store.findings(kernel.sha256)}
    line = f"{kernel.architecture} {kernel.series} {kernel.flavour}".strip()
    for subject in sorted(old.keys() | new.keys()):
        was, now = old.get(subject), new.get(subject)
        what = "mended" if now is None else "new" if was is None else "changed"
        if was is not None and now is not None and was.word == now.word:
            continue
        told = now or was
        assert told is not None
        yield NewFinding(
            kernel=kernel.sha256,
            version=kernel.version,
            line=line,
            before=None if before is None else before.version,
            before_sha256=None if before is None else before.sha256,
            what=what,
            finding=told,
        )


def _subject(finding: KernelFinding) -> tuple[str, ...]:
    return (finding.unit, finding.party, finding.call, finding.name, finding.rule)
