import os
from pathlib import Path

import pytest

from hypabi.machine.qemu.gdb import Stub, StubError


def answering(*answers: bytes) -> tuple[Stub, int]:
    """Return a client whose other side has said these packets already, and what it wrote to."""
    source, other = os.pipe()
    written, sink = os.pipe()
    for answer in answers:
        os.write(other, answer)
    os.close(other)
    return Stub(source, sink, 0.2), written


def test_a_packet_is_framed_and_summed() -> None:
    stub, written = answering(b"+$OK#9a")
    stub.demand("Z1,40200000,4")
    assert os.read(written, 100) == b"$Z1,40200000,4#%02x+" % (sum(b"Z1,40200000,4") % 256)


def test_runs_and_escapes_are_expanded() -> None:
    # `0* ` is 0 and three more (0x20 - 29); `}` and a byte is that byte with 0x20 flipped.
    assert answering(b"$0* 1}\x03#00")[0].ask("g") == "00001#"


def test_a_packet_may_come_in_pieces_after_noise() -> None:
    stub, _ = answering(b"++$a", b"b#0", b"0$c#00")
    assert (stub.ask("x"), stub.ask("y")) == ("ab", "c")


def test_memory_is_read_in_pieces_and_its_end_is_seen() -> None:
    stub, _ = answering(b"$" + b"11" * 1024 + b"#00", b"$2222#00")
    assert stub.read(0, 1026) == b"\x11" * 1024 + b"\x22\x22"
    assert answering(b"$E14#00")[0].read(0, 4) is None


@pytest.mark.parametrize("answer", [b"", b"$E01#00", b"$#00"])
def test_what_is_not_ok_is_an_error(answer: bytes) -> None:
    with pytest.raises(StubError):
        answering(answer)[0].demand("G00")


def test_bytes_that_are_none_are_an_error() -> None:
    with pytest.raises(StubError, match="bytes were asked for"):
        answering(b"$xyz#00")[0].registers()


def test_an_endless_description_is_an_error(tmp_path: Path) -> None:
    said = tmp_path / "said"
    said.write_bytes((b"$m" + b"x" * 4000 + b"#00") * 300)
    seen = ""
    with said.open("rb") as source, Path(os.devnull).open("wb") as sink:
        stub = Stub(source.fileno(), sink.fileno(), 5.0)
        try:
            stub.document("target.xml")
        except StubError as error:
            seen = str(error)
    assert seen.endswith("has no end")
