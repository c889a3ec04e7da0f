"""A trace from its first event to its result."""

import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from hypabi.analysis.examination import Examination
from hypabi.analysis.provenance import Provenance, provenance
from hypabi.analysis.summaries.shared import identify_image
from hypabi.analysis.tools import TOOLS
from hypabi.errors import HypabiError
from hypabi.machine.crossing import Ended, EndKind, Event
from hypabi.tracing.record import Header, spell_event, spell_header
from hypabi.tracing.result import TracedCrossing, TraceReproduction, TraceResult
from hypabi.tracing.session import Tracer

Listener = Callable[[TracedCrossing], None]


class Recorder:
    """Writes events to a file as they come."""

    def __init__(self, path: str, header: Header) -> None:
        self._path = path
        try:
            self._file = open(path, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - closed by close
        except OSError as failed:
            raise HypabiError(path, failed.strerror or str(failed)) from failed
        self._write(spell_header(header))

    def take(self, event: Event) -> None:
        """Write an event.

        :raises HypabiError: the file cannot be written
        """
        self._write(spell_event(event))

    def _write(self, line: str) -> None:
        try:
            self._file.write(line)
            self._file.flush()
        except OSError as failed:
            with suppress(OSError):
                self._file.close()
            raise HypabiError(self._path, failed.strerror or str(failed)) from failed

    def close(self) -> None:
        """Close the file."""
        try:
            self._file.close()
        except OSError as failed:
            raise HypabiError(self._path, failed.strerror or str(failed)) from failed


_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let signals wait, so that an event is taken whole or not at all."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def ignore(_crossing: TracedCrossing) -> None:
    """Listen to nothing."""


def trace_events(
    examination: Examination,
    header: Header,
    events: Iterable[Event],
    provenance: Provenance,
    listener: Listener = ignore,
    recorder: Recorder | None = None,
) -> TraceResult:
    """Return what comes of events; an interrupt ends them, and what was seen is kept.

    :param listener: is told of each crossing when it is back
    """
    tracer = Tracer(examination, header)
    found: list[TracedCrossing] = []
    waiting: list[TracedCrossing] = []

    def take(event: Event) -> None:
        with _undisturbed():
            if recorder is not None:
                recorder.take(event)
            waiting.extend(tracer.feed(event))
        while waiting:
            listener(waiting[0])
            found.append(waiting.pop(0))

    try:
        for event in events:
            take(event)
    except KeyboardInterrupt:
        take(Ended(None, EndKind.INTERRUPTED, "interrupted"))
    return TraceResult(
        identify_image(examination.loaded),
        header.source,
        header.unknown,
        tuple(tracer.assumed),
        tuple(sorted(found, key=_number)),
        tracer.end,
        tracer.steps(),
        None,
        TraceReproduction(
            command=provenance.command,
            versions=dict(provenance.versions),
            image_sha256=examination.loaded.sha256,
            contract_sha256=examination.contract.sha256,
        ),
    )


def not_booted(examination: Examination, why: str) -> TraceResult:
    """Return the result of a kernel that nothing boots: nothing was seen, which is undecided."""
    loaded = examination.loaded
    architecture = examination.kernel.architecture
    header = Header("nothing", architecture, loaded.sha256, None, ("whatever it does",))
    command = ("hypabi", "trace", *loaded.paths)
    ended = Ended(None, EndKind.NOT_BOOTED, why)
    return trace_events(examination, header, (ended,), provenance(command, TOOLS))


def _number(crossing: TracedCrossing) -> int:
    return crossing.number
