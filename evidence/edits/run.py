"""Make edits, build and judge the kernel with each, on several processes."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from evidence.edits.edit import Edit, EditError
from evidence.edits.verdict import Fate, Verdict, verdict_on
from hypabi import api
from hypabi.arch.names import Architecture
from hypabi.errors import HypabiError
from hypabi.kbuild.tree import Prepared, build, kernel_version
from hypabi.records import frozen
from hypabi.review.findings import Finding, findings_of


@frozen
class Base:
    """A kernel without edits, and what is said of it."""

    prepared: Prepared
    findings: frozenset[Finding]


def base_of(prepared: Prepared) -> Base:
    """Return a kernel as it is."""
    with tempfile.TemporaryDirectory(prefix="hypabi-") as scratch:
        found = judge(prepared.over(Path(scratch) / "layer"), Path(scratch))
    return Base(prepared, found)


def judge(prepared: Prepared, scratch: Path) -> frozenset[Finding]:
    """Return what is said of the programs of a tree.

    :raises HypabiError: it does not build
    """
    version = kernel_version(prepared.layers)
    linked = build(prepared, scratch)
    return frozenset(
        finding
        for _, program in linked
        for finding in findings_of(api.check(program.path, kernel_version=version))
    )


def judge_edit(base: Base, edit: Edit, keep: Path | None = None) -> Verdict:
    """Make an edit over a kernel, and say what became of it.

    :param keep: folder for the programs with it
    """
    with tempfile.TemporaryDirectory(prefix="hypabi-") as folder:
        scratch = Path(folder)
        edited = base.prepared.over(scratch / "layer")
        try:
            edit.apply(_reader(edited), edited.layers.write)
            after = judge(edited, scratch)
        except (EditError, HypabiError) as failed:
            return Verdict(edit, Fate.FAILED, (str(failed),))
        if keep is not None:
            for program in scratch.glob("*.elf"):
                shutil.copy(program, keep / f"{edit.name}.{program.name}")
        return verdict_on(edit, base.findings, after)


def _reader(prepared: Prepared) -> Callable[[str], str]:
    return lambda name: prepared.layers.file(name).read_text(encoding="utf-8")


def judge_edits(
    bases: Mapping[Architecture, Base], edits: Sequence[Edit], jobs: int, keep: Path | None = None
) -> tuple[Verdict, ...]:
    """Return what became of edits, in their order."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as pool:
        asked = [pool.submit(judge_edit, bases[each.architecture], each, keep) for each in edits]
        found = []
        for edit, answer in zip(edits, asked, strict=True):
            found.append(answer.result())
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{len(found)} of {len(edits)}: {edit.name:60.60}")
        return tuple(found)
