"""Hold what an image does against a contract, its callers with it: one result."""

from typing import TYPE_CHECKING

from hypabi.analysis.callers import with_callers
from hypabi.analysis.entries import judge_slots, with_entries
from hypabi.analysis.examination import Examination, Provider
from hypabi.analysis.findings.check import Check
from hypabi.analysis.placement import judge_places
from hypabi.analysis.provenance import provenance
from hypabi.analysis.results.check import CheckResult
from hypabi.analysis.results.vector_table import Table
from hypabi.analysis.summaries.check import summarize_check
from hypabi.analysis.tools import TOOLS
from hypabi.contract.version import Version
from hypabi.errors import HypabiError
from hypabi.judgement.verification.verdict import Refuted
from hypabi.records import frozen, replace

if TYPE_CHECKING:
    from hypabi.judgement.suppression import Suppression, Suppressions


@frozen(kw_only=True)
class CheckWanted:
    """What a check shall do besides judging clauses and callers."""

    suppressions: "Suppressions | None" = None
    """What has been decided to live with."""
    machine: str | None = None
    """``engine`` or ``qemu``, to run a witness of each refutation on; ``None`` for none."""
    witnesses: str | None = None
    """Folder to write the witnesses of refutations to; ``None`` for none."""
    entries: bool = False
    """Whether to say what else than a hypercall reaches the code that answers hypercalls."""
    second_opinion: bool = False
    """Whether to ask z3 too for every obligation."""
    obligations: str | None = None
    """Folder to write every obligation to, as SMT-LIB 2; ``None`` for none."""


def check(examination: Examination, wanted: CheckWanted, command: tuple[str, ...]) -> CheckResult:
    """Judge every clause and every caller of an image.

    :param command: what a reader types to repeat it
    :raises HypabiError: a witness cannot be written
    """
    found = judged(examination, command)
    if wanted.suppressions is not None:
        found = _with_suppressions(found, wanted.suppressions)
    found = with_callers(found, examination)
    if wanted.machine or wanted.witnesses:
        from hypabi.analysis.confirmation import confirmed

        found = confirmed(found, examination, wanted.machine, wanted.witnesses)
    if wanted.entries:
        found = with_entries(found, examination)
    if wanted.second_opinion or wanted.obligations:
        from hypabi.analysis.solver_queries import with_second_opinion, write_queries

        if wanted.obligations:
            write_queries(examination, wanted.obligations)
        if wanted.second_opinion:
            found = with_second_opinion(found, examination)
    return summarize_check(found)


def judged(examination: Examination, command: tuple[str, ...]) -> Check:
    """Return what was found of an image's parties and clauses, and nothing of its callers yet.

    :raises HypabiError: it is a module of a kernel, and holds none of the parties
    """
    if not examination.providers and _is_module(examination):
        raise HypabiError(
            examination.loaded.path,
            f"module of a kernel, which holds no vectors of {examination.contract.name}",
            "hold its callers against a kernel: hypabi callers MODULE --against VMLINUZ",
        )
    return Check(
        examination.loaded,
        examination.contract,
        examination.revision,
        tuple(map(_table, examination.providers)),
        examination.missing,
        examination.sought_installers,
        judge_places(examination.revision, examination.programs),
        judge_slots(examination),
        examination.judgement,
        examination.capabilities,
        examination.text,
        provenance(command, TOOLS),
        examination.expected,
    )


def _is_module(examination: Examination) -> bool:
    """Tell whether a file is a module: each has its struct module (linux/module.h)."""
    return any(image.symbols.find("__this_module") for image in examination.loaded.images)


def _table(provider: Provider) -> Table:
    found = provider.table
    kind, how = found.kind.value, found.how.value
    return Table(provider.role, found.address, kind, found.name, how, provider.parties)


def _with_suppressions(check: Check, suppressions: "Suppressions") -> Check:
    """Return a check in which what is suppressed does not count; it is still listed."""
    suppressions = suppressions.of_checks()
    found: dict[tuple[str, str | None, str], Suppression] = {}
    losses: dict[tuple[str, str | None, str, str], Suppression] = {}
    version = Version.parse(check.kernel.version) or check.revision.version
    for each in check.judgement.findings:
        if not isinstance(each.verdict, Refuted):
            continue
        key = (each.party, each.call, each.clause.name)
        if by := suppressions.of_clause(*key, check.loaded.sha256, version):
            found[key] = by
        for lost in each.verdict.every:
            of = (lost.lost, *key)
            if lost.lost and (by := suppressions.of_register(*of, check.loaded.sha256, version)):
                losses[*key, lost.lost] = by
    return replace(check, suppressions=suppressions, suppressed=found, suppressed_losses=losses)
