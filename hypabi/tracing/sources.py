"""A file of events, told by what it holds: a recorded trace, or somebody's log."""

from collections.abc import Iterable
from pathlib import Path

from hypabi.arch.names import Architecture
from hypabi.decode.bounds import read_bounded
from hypabi.decode.place import Place
from hypabi.machine.crossing import Event
from hypabi.tracing.hyp_events import is_hyp_events, read_hyp_events
from hypabi.tracing.qemu_log import is_qemu_log, read_qemu_log
from hypabi.tracing.record import BOUNDS, Header, parse_record


def read_events(
    path: str, architecture: Architecture, image: str
) -> tuple[Header, Iterable[Event]]:
    """Read a file of events; of one that we wrote, an event is read when it is asked for.

    :param architecture: of the image that they are of
    :param image: its SHA-256
    :raises FileError: the file is none of those that are known, or of another image
    """
    text = read_bounded(Path(path), BOUNDS)
    if text.startswith(b"{"):
        header, events = parse_record(text, path)
        _of_this_image(header, path, architecture, image)
        return header, events
    if is_qemu_log(text):
        return read_qemu_log(text, path, architecture)
    if is_hyp_events(text):
        return read_hyp_events(text, path, architecture)
    hint = "it takes what --record wrote, QEMU's -d int log, or the kernel's hyp trace events"
    raise Place(path, 0, "").refuse("this is no trace", hint)


def _of_this_image(header: Header, path: str, architecture: Architecture, image: str) -> None:
    place = Place(path, 1, "")
    if header.architecture is not architecture:
        what = f"it was recorded on {header.architecture.value}, and the image is "
        raise place.below("architecture").refuse(what + architecture.value)
    if header.image not in (None, image):
        raise place.below("image").refuse("it was recorded of another image", "name that one")
