"""What a store holds as a whole: kernels by party and call, and what differs between neighbours."""

import json
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from hypabi.analysis.results.shared import Reproduction
from hypabi.store.database import GOOD, Store
from hypabi.store.history import history_of
from hypabi.store.news import news_of
from hypabi.store.records import (
    Difference,
    Item,
    KernelCells,
    KernelFinding,
    NewFinding,
    Overview,
    PartyCall,
    SweptKernel,
    worst_weight,
)

CHECK = "check"


def swept_kernels(store: Store, images: Collection[str]) -> Iterator[SweptKernel]:
    """Yield kernels of a store, with what is said of each, line by line."""
    found_in = store.found_in()
    for kernel in store.kernels():
        if kernel.sha256 not in images:
            continue
        newest = store.newest(kernel.sha256)
        yield SweptKernel(
            sha256=kernel.sha256,
            architecture=kernel.architecture,
            series=kernel.series,
            flavour=kernel.flavour,
            version=kernel.version,
            release=kernel.release,
            found_in=found_in.get(kernel.sha256, ()),
            verdicts={question: verdict for question, verdict, _, _ in newest},
            findings=store.findings(kernel.sha256),
            seconds=f"{max((seconds for _, _, seconds, _ in newest), default=0.0):.2f}",
            megabytes=max((each for _, _, _, each in newest), default=0),
        )


def overview_of(store: Store, reproduce: Reproduction) -> Overview:
    """Return everything that a store holds.

    :raises HypabiError: it has no kernel
    """
    history = history_of(store, "", "", reproduce)
    kernels = list(swept_kernels(store, {each.sha256 for each in store.kernels()}))
    cells = [_cells(store.items(kernel.sha256)) for kernel in kernels]
    columns = dict.fromkeys(column for of in cells for column in of)
    return Overview(
        columns=tuple(columns),
        kernels=tuple(
            KernelCells(kernel, tuple(map(of.get, columns)))
            for kernel, of in zip(kernels, cells, strict=True)
        ),
        history=history,
        differences=tuple(_differences(store, kernels)),
    )


def _cells(items: Iterable[Item]) -> Mapping[tuple[str, str], PartyCall]:
    """Return what there is of each party and call, in the order in which they come."""
    by: dict[tuple[str, str], list[Item]] = {}
    for item in items:
        if item.party:
            by.setdefault((item.party, item.call), []).append(item)
    return {
        column: PartyCall(
            words=Counter(item.word for item in own),
            weight=worst_weight({item.weight for item in own}),
            amiss=sum(item.weight != GOOD for item in own),
        )
        for column, own in by.items()
    }


def _differences(store: Store, kernels: list[SweptKernel]) -> Iterator[Difference]:
    """Yield what each kernel says otherwise than the one before it; a line's first has none."""
    for new in news_of(store, {each.sha256 for each in kernels}):
        if new.before_sha256 is not None:
            image = new.before_sha256 if new.what == "mended" else new.kernel
            yield Difference(new, witness_of(store, image, new))


def witness_of(store: Store, image: str, new: NewFinding) -> tuple[str, ...]:
    """Return what the report of a kernel shows of a finding; nothing where it shows nothing."""
    packed = store.document(image, CHECK)
    if not packed:
        return ()
    document: dict[str, Any] = json.loads(zlib.decompress(packed))
    if new.finding.unit == "clauses":
        return tuple(_of_clause(document, new.finding))
    return tuple(_of_caller(document, new.finding))


def _of_clause(document: Mapping[str, Any], finding: KernelFinding) -> Iterator[str]:
    for clause in document["verdicts"]:
        if (clause["party"], clause["clause"], _call(clause["call"])) == (
            finding.party, finding.name, finding.call
        ):  # fmt: skip
            yield f"clause: {clause['text']}"
            for name, value in clause["counterexample"].items():
                yield f"at entry: {name} = {value}"
            for step in clause["disassembly"]:
                yield f"{step['place']}: {step['text']}"
            return


def _of_caller(document: Mapping[str, Any], finding: KernelFinding) -> Iterator[str]:
    checks = (document["callers"] or {"checks": ()})["checks"]
    for check in checks:
        name = check["caller"]["function"]
        if (check["party"], _call(check["call"])) == (finding.party, finding.call) and (
            not name or name == finding.name
        ):
            yield f"at {check['caller']['name']}, {check['caller']['address']}: {check['request']}"
            if check["called_by"]:
                yield f"called by {', '.join(check['called_by'])}"
            for answer in check["answers"]:
                yield f"{answer['question']} {answer['verdict']}: {answer['text']}"


def _call(name: str | None) -> str:
    return "any other" if name is None else name
