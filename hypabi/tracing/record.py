"""A recorded trace: JSON lines, one event a line, behind one that says what it is."""

import io
import json
from collections.abc import Iterable, Iterator
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.decode.bounds import Bounds
from hypabi.decode.decoder import decode
from hypabi.decode.encoder import encode
from hypabi.decode.json import compose_json
from hypabi.decode.place import FileError, Place
from hypabi.decode.shape import (
    ANY_TEXT,
    SHA256,
    Key,
    ListOf,
    Nullable,
    Number,
    TableOf,
    Text,
    identity,
    number_text,
    record,
    tagged,
    words_of,
)
from hypabi.machine.crossing import (
    MOST_TEXT,
    Back,
    Callers,
    Ended,
    EndKind,
    Entered,
    Event,
    Instruction,
    Lost,
    Recognised,
    Side,
    Step,
    StepWord,
    VectorsSet,
)
from hypabi.records import frozen

NAME: Final = "hypabi-events"
VERSION: Final = 1
BOUNDS: Final = Bounds(bytes=1 << 28, parts=4_000_000, depth=4)
LINE: Final = Bounds(bytes=1 << 16, parts=1000, depth=4)
MOST_REGISTERS: Final = 200
MOST_CPUS: Final = 4096
MOST_CALLERS: Final = 64
LATEST: Final = 1 << 53
"""Microseconds; what readers of JSON can hold."""

_TIME: Final = Nullable(Number(0, LATEST))
_CPU: Final = Number(0, MOST_CPUS - 1)
_VALUE: Final = number_text(64)
_REGISTERS: Final = TableOf(_VALUE, MOST_REGISTERS)
_MODE: Final = Nullable(Text(most=16))


@frozen
class Header:
    """Where events come from."""

    source: str
    architecture: Architecture
    image: str | None
    """SHA-256 of the image that was booted, where it is known."""
    command_line: str | None
    """Of the kernel."""
    unknown: tuple[str, ...]
    """What such a source cannot know, in sentences."""


_HEADER: Final = record(
    Header,
    Key("schema", None, identity(NAME, VERSION)),
    ("source", ANY_TEXT),
    ("architecture", words_of(Architecture)),
    ("image", Nullable(SHA256)),
    ("command-line", Nullable(ANY_TEXT)),
    ("unknown", ListOf(ANY_TEXT, 20)),
)
_EVENTS: Final = tagged(
    "event",
    {
        "enter": record(
            Entered,
            ("time", _TIME, "Microseconds since the start."),
            ("cpu", _CPU),
            ("instruction", words_of(Instruction)),
            ("caller", Nullable(_VALUE)),
            ("mode", _MODE),
            ("immediate", Nullable(Number(0, 0xFFFF))),
            ("entry", Nullable(_VALUE)),
            ("vectors", Nullable(_VALUE)),
            ("registers", _REGISTERS),
            ("side", Nullable(words_of(Side))),
        ),
        "leave": record(
            Back,
            ("time", _TIME),
            ("cpu", _CPU),
            ("to", Nullable(_VALUE)),
            ("mode", _MODE),
            ("vectors", Nullable(_VALUE)),
            ("registers", _REGISTERS),
        ),
        "lost": record(Lost, ("time", _TIME), ("cpu", _CPU)),
        "vectors": record(
            VectorsSet,
            ("time", _TIME),
            ("cpu", _CPU),
            ("vectors", _VALUE),
        ),
        "callers": record(
            Callers,
            ("time", _TIME),
            ("cpu", _CPU),
            ("returns", ListOf(_VALUE, MOST_CALLERS)),
        ),
        "table": record(Recognised, ("address", _VALUE), ("link", _VALUE)),
        "step": record(
            Step,
            ("time", _TIME),
            ("name", Text(most=20)),
            ("word", words_of(StepWord)),
            ("text", Text(most=MOST_TEXT)),
        ),
        "end": record(Ended, ("time", _TIME), ("kind", words_of(EndKind)), ("text", ANY_TEXT)),
    },
)


def spell_header(header: Header) -> str:
    """Return the first line of a recorded trace."""
    return _line(encode(header, _HEADER))


def spell_event(event: Event) -> str:
    """Return the line of an event."""
    return _line(encode(event, _EVENTS))


def _line(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":")) + "\n"


def parse_record(text: bytes, file: str) -> tuple[Header, Iterator[Event]]:
    """Read a recorded trace from its text, its events one by one as they are asked for.

    A last line that nothing ended, as a full disk or a killed process leaves it, ends the trace.

    :param file: what refusals call it
    :raises FileError: it is none; of an event, where that is asked for
    """
    lines = io.BytesIO(text)
    first = lines.readline()
    if not first:
        raise Place(file, 0, "").refuse("the file is empty")
    header = decode(compose_json(first.rstrip(b"\r\n"), file, LINE, 1), _HEADER, Header)
    return header, _events(lines, file)


def _events(lines: Iterable[bytes], file: str) -> Iterator[Event]:
    for number, line in enumerate(lines, 2):
        found: object
        try:
            found = decode(compose_json(line.rstrip(b"\r\n"), file, LINE, number), _EVENTS, object)
        except FileError:
            if line.endswith(b"\n"):
                raise
            found = Ended(None, EndKind.LOG, f"the record is cut off in its line {number}")
        assert isinstance(found, Event)
        yield found
