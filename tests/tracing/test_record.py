"""A recorded trace is read back as it was, and what is none is refused where it is wrong."""

import json

import pytest

from hypabi.decode.place import FileError
from hypabi.machine.crossing import Ended, EndKind, Event, Lost, Recognised
from hypabi.tracing.record import parse_record, spell_event, spell_header
from tests.tracing.events import HEADER, SET_VECTORS, STUB, back, entered

CALL = entered(SET_VECTORS, STUB, {"x0": (1 << 64) - 1})
EVENTS: tuple[Event, ...] = (
    Recognised(STUB, STUB),
    CALL,
    back(CALL, {}),
    Lost(None, 3),
    Ended(None, EndKind.HANG, "nothing moves"),
)


def text(*lines: str) -> bytes:
    return "".join((spell_header(HEADER), *lines)).encode()


def test_what_was_recorded_is_read_back() -> None:
    header, events = parse_record(text(*map(spell_event, EVENTS)), "t")
    assert (header, tuple(events)) == (HEADER, EVENTS)


def test_a_record_that_is_cut_off_is_what_was_written_whole() -> None:
    whole = text(*map(spell_event, EVENTS[:3]))
    for cut in (whole[:-1], whole[:-9]):
        _, events = parse_record(cut, "t")
        seen = list(events)
        assert seen[:2] == list(EVENTS[:2])
        said = Ended(None, EndKind.LOG, "the record is cut off in its line 4")
        assert seen[2:] == [EVENTS[2] if cut == whole[:-1] else said]


def changed(**fields: object) -> str:
    return json.dumps({**json.loads(spell_event(CALL)), **fields}) + "\n"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (changed(colour="red"), "t:3: colour: "),
        (changed(cpu=-1), "t:3: cpu: "),
        (changed(time=1 << 60), "t:3: time: "),
        (changed(instruction="svc"), "t:3: instruction: "),
        (changed(registers={"x0": 5}), "t:3: registers.x0: "),
        (changed(registers={"x0": "0x1" + 16 * "0"}), "t:3: registers.x0: "),
        ('{"event":"enter"\n', "t:3: this is no JSON"),
        ("[]\n", "t:3: "),
        ('{"event":"enter","text":"' + 70_000 * "a" + '"}\n', "the file is too large"),
    ],
)
def test_a_line_that_is_no_event_is_refused_with_its_place(line: str, says: str) -> None:
    _, events = parse_record(text(spell_event(CALL), line), "t")
    with pytest.raises(FileError) as refused:
        list(events)
    assert says in str(refused.value)


def test_a_file_without_a_header_is_refused() -> None:
    with pytest.raises(FileError, match="t:1"):
        parse_record(spell_event(CALL).encode(), "t")
    with pytest.raises(FileError, match="empty"):
        parse_record(b"", "t")
