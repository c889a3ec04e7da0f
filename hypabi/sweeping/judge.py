"""What becomes of one candidate: had, opened, recognised, judged; in a worker's process."""

import hashlib
import json
import os
import resource
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePath
from time import perf_counter
from typing import Final, TypeVar

from hypabi.analysis.examination import Examination
from hypabi.analysis.exit_status import Exit
from hypabi.analysis.options import named_contract
from hypabi.analysis.results.callers import CallersResult
from hypabi.analysis.results.check import CheckResult
from hypabi.analysis.results.derivation import DERIVED, UNDECIDED
from hypabi.analysis.results.plain import Plain
from hypabi.analysis.saved_form import save_image
from hypabi.analysis.session import Session, open_image
from hypabi.api import callers, check, trace
from hypabi.behaviour.saved.writer import write_saved
from hypabi.errors import HypabiError
from hypabi.image.load import kernel_file
from hypabi.image.model import NoKernelError
from hypabi.image.version import banner_of
from hypabi.records import replace
from hypabi.report.callers.json import NAME as CALLERS
from hypabi.report.callers.json import VERSION as CALLERS_VERSION
from hypabi.report.check.json import NAME, VERSION
from hypabi.report.shared.result_json import result_document
from hypabi.store.line import kernel_of
from hypabi.store.records import Answer, Fate, Item, Kernel, Outcome
from hypabi.sweeping.apt import FetchError
from hypabi.sweeping.items import items_of, items_of_callers, items_of_saved, items_of_trace
from hypabi.sweeping.records import Task
from hypabi.sweeping.versions import made_by
from hypabi.tracing.result import TraceResult
from hypabi.tracing.run import not_booted

Wanted = Callable[[str], bool]
"""Asks whether a kernel of this hash is to be judged."""

_Result = TypeVar("_Result", CheckResult, CallersResult, TraceResult)

BOOT: Final = 240.0
"""Seconds that a kernel may run that is watched."""
SILENCE: Final = 120.0
"""Seconds without a sign of life after which such a kernel hangs."""

LEVEL: Final = 6
"""Of compression: a tenth of the size in a hundredth of the time that the check took."""


def judge(task: Task, is_wanted: Wanted) -> Outcome:
    """Judge the kernel that a candidate holds, unless somebody has already.

    :param is_wanted: is asked once the kernel's hash is known
    """
    try:
        with _provided(task) as path:
            return _judge(task, path, is_wanted)
    except NoKernelError as none:
        return Outcome(Fate.NO_KERNEL, _without(none, task))
    except FetchError as absent:
        return Outcome(Fate.UNAVAILABLE, absent.what)
    except HypabiError as refused:
        return Outcome(Fate.REFUSED, _without(refused, task))
    except OSError as failed:
        return Outcome(Fate.UNAVAILABLE, failed.strerror or str(failed))
    except MemoryError:
        return Outcome(Fate.FAILED, "out of memory")
    except RecursionError:
        return Outcome(Fate.FAILED, "nested deeper than can be followed")
    except Exception as defect:  # noqa: BLE001 - one image is lost, not the sweep
        return Outcome(Fate.FAILED, f"a defect of hypabi: {type(defect).__name__}: {defect}")


def _without(refused: HypabiError, task: Task) -> str:
    """Return what a refusal says besides the name, which stands beside it."""
    where = refused.where
    for name in (task.candidate.path, task.candidate.name):
        where = where.removeprefix(name) if name else where
    if where.startswith(("/proc/self/fd/", task.folder or "\0")):
        where = where.partition(":")[2]
    said = where.strip(": ")
    return f"{said}: {refused.what}" if said else refused.what


@contextmanager
def _provided(task: Task) -> Iterator[str]:
    """Provide a candidate as a file, which is gone afterwards where it had to be fetched."""
    package = task.candidate.package
    if package is None:
        Path(task.candidate.path).open("rb").close()  # what cannot be had is no refusal
        yield task.candidate.path
        return
    from hypabi.sweeping.archive import fetch  # noqa: PLC0415 - most sweeps fetch nothing

    path = (
        Path(task.folder or tempfile.gettempdir()) / f"{os.getpid()}-{PurePath(package.file).name}"
    )
    try:
        fetch(package, path, task.retries)
        yield str(path)
    finally:
        path.unlink(missing_ok=True)


def _judge(task: Task, path: str, is_wanted: Wanted) -> Outcome:
    started = perf_counter()
    name, content = kernel_file(path)
    sha256 = hashlib.sha256(content).hexdigest()
    if not is_wanted(sha256):
        return Outcome(Fate.KNOWN, "", sha256)
    with _as_file(path, name, content) as image:
        session = open_image(image)
        kernel = _kernel(session, sha256, len(content))
        answers = tuple(
            _QUESTIONS[question](session, task, PurePath(name).name, started)
            for question in task.questions
        )
    return Outcome(Fate.JUDGED, "", sha256, kernel, answers)


@contextmanager
def _as_file(path: str, name: str, content: memoryview) -> Iterator[str]:
    """Show a kernel as a file: where it lies, or in memory where a package held it."""
    if name == path:
        yield path
        return
    descriptor = os.memfd_create("kernel", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _kernel(session: Session, sha256: str, size: int) -> Kernel:
    kernel = session.kernel
    release, architecture = kernel.version, kernel.architecture.value
    return kernel_of(sha256, architecture, banner_of(kernel), size, release)


def _check(session: Session, task: Task, name: str, started: float) -> Answer:
    result = _named(check(session, contract=task.contract), name)
    contract = result.contract
    held = (contract.name, contract.sha256, contract.version)
    document = _packed(result_document(result, NAME, VERSION))
    said = (result.verdict, result.exit_status)
    return _answer("check", held, said, document, items_of(result), started)


def _callers(session: Session, task: Task, name: str, started: float) -> Answer:
    result = _named(callers(session, contract=task.contract), name)
    held = (result.contract, _sha256_of(session, task), session.kernel.version)
    document = _packed(result_document(result, CALLERS, CALLERS_VERSION))
    said = (result.verdict, result.exit_status)
    return _answer("callers", held, said, document, items_of_callers(result), started)


def _derive(session: Session, task: Task, _name: str, started: float) -> Answer:
    """Answer with what ``derive --save`` writes, which names nothing by an address."""
    examination = session.examine(named_contract(task.contract))
    saved = save_image(examination)
    items = tuple(items_of_saved(saved))
    derived = all(each.word == DERIVED for each in items) and bool(items)
    said = (DERIVED, int(Exit.GOOD)) if derived else (UNDECIDED, int(Exit.UNDECIDED))
    document = zlib.compress(write_saved(saved).encode(), LEVEL)
    return _answer("derive", _held(examination), said, document, items, started)


def _trace(session: Session, task: Task, name: str, started: float) -> Answer:
    """Answer with what is seen while QEMU boots a kernel as far as it comes by itself."""
    from hypabi.report.trace.json import NAME as TRACE  # noqa: PLC0415 - most sweeps boot nothing
    from hypabi.report.trace.json import VERSION as TRACE_VERSION  # noqa: PLC0415

    examination = session.examine(named_contract(task.contract))
    result = _named(_watched(session, examination, task), name)
    conclusion = result.conclusion
    said = (conclusion.verdict, conclusion.exit_status)
    document = _packed(result_document(result, TRACE, TRACE_VERSION))
    return _answer("trace", _held(examination), said, document, items_of_trace(result), started)


def _held(examination: Examination) -> tuple[str, str, str]:
    """Return the contract that an image is held against: name, SHA-256, version."""
    contract = examination.contract
    return contract.name, contract.sha256, str(examination.revision.version)


def _answer(
    question: str,
    held: tuple[str, str, str],
    said: tuple[str, int],
    document: bytes,
    items: Iterable[Item],
    started: float,
) -> Answer:
    """Return an answer.

    :param held: name, SHA-256 and version of the contract
    :param said: verdict and exit status
    """
    contract, sha256, version = held
    verdict, exit_status = said
    return Answer(
        question=question,
        contract=contract,
        contract_sha256=sha256,
        contract_version=version,
        made_by=made_by(),
        verdict=verdict,
        exit_status=exit_status,
        seconds=round(perf_counter() - started, 3),
        megabytes=_megabytes(),
        document=document,
        items=tuple(items),
    )


def _watched(session: Session, examination: Examination, task: Task) -> TraceResult:
    before = tempfile.tempdir
    if task.folder:  # a worker that is killed leaves there what the sweep removes
        Path(task.folder).mkdir(exist_ok=True)
        tempfile.tempdir = task.folder
    try:
        return trace(session, contract=task.contract, seconds=BOOT, silence=SILENCE)
    except HypabiError as refused:
        return not_booted(examination, str(refused))
    finally:
        tempfile.tempdir = before


def _sha256_of(session: Session, task: Task) -> str:
    return session.examine(named_contract(task.contract)).contract.sha256


def _megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def _packed(document: Mapping[str, Plain]) -> bytes:
    return zlib.compress(json.dumps(document, sort_keys=True).encode(), LEVEL)


def _named(result: _Result, name: str) -> _Result:
    """Say of a result the kernel's own name, wherever it lay: the same kernel, the same bytes."""
    image = replace(result.image, path=name, name=name)
    program, question, _, *options = result.reproduce.command
    command = (program, question, name, *options)
    return replace(result, image=image, reproduce=replace(result.reproduce, command=command))


_QUESTIONS: Final = {"check": _check, "callers": _callers, "derive": _derive, "trace": _trace}
