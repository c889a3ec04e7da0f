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


def packet(content: bytes) -> bytes:
    """Frame what the other side says."""
    return b"$%s#%02x" % (content, sum(content) & 0xFF)


def test_a_packet_is_framed_and_summed() -> None:
    stub, written = answering(b"+$OK#9a")
    stub.demand("Z1,40200000,4")
    assert os.read(written, 100) == b"$Z1,40200000,4#%02x+" % (sum(b"Z1,40200000,4") % 256)


def test_runs_and_escapes_are_expanded() -> None:
    # `0* ` is 0 and three more (0x20 - 29); `}` and a byte is that byte with 0x20 flipped.
    assert answering(packet(b"0* 1}\x03"))[0].ask("g") == "00001#"


def test_a_packet_may_come_in_pieces_after_noise() -> None:
    stub, _ = answering(b"++$a", b"b#c", b"3$c#63")
    assert (stub.ask("x"), stub.ask("y")) == ("ab", "c")


def test_memory_is_read_in_pieces_and_its_end_is_seen() -> None:
    stub, _ = answering(packet(b"11" * 1024), packet(b"2222"))
    assert stub.read(0, 1026) == b"\x11" * 1024 + b"\x22\x22"
    assert answering(packet(b"E14"))[0].read(0, 4) is None


@pytest.mark.parametrize("answer", [b"", b"$E01#a6", b"$#00"])
def test_what_is_not_ok_is_an_error(answer: bytes) -> None:
    with pytest.raises(StubError):
        answering(answer)[0].demand("G00")


def test_bytes_that_are_none_are_an_error() -> None:
    with pytest.raises(StubError, match="bytes were asked for"):
        answering(packet(b"xyz"))[0].registers()


def test_an_endless_description_is_an_error(tmp_path: Path) -> None:
    said = tmp_path / "said"
    said.write_bytes(packet(b"m" + b"x" * 4000) * 300)
    seen = ""
    with said.open("rb") as source, Path(os.devnull).open("wb") as sink:
        stub = Stub(source.fileno(), sink.fileno(), 5.0)
        try:
            stub.document("target.xml")
        except StubError as error:
            seen = str(error)
    assert seen.endswith("has no end")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "the connection is gone"),
        (b"$OK", "the connection is gone"),
        (b"$OK#9b", "wrong checksum"),
        (b"$OK#", "the connection is gone"),
        (packet(b"0*"), "ends within a run"),
        (packet(b"ab}"), "ends within a run or an escape"),
        (b"\xff" * 4000, "the connection is gone"),
        (packet(b"0*~" * 20000), "more than"),
    ],
    ids=["closed", "half", "wrong sum", "no sum", "half run", "half escape", "noise", "bomb"],
)
def test_an_answer_that_makes_no_sense_is_an_error(answer: bytes, says: str) -> None:
    with pytest.raises(StubError, match=says):
        answering(answer)[0].ask("g")


def test_memory_of_another_size_than_asked_for_is_an_error() -> None:
    with pytest.raises(StubError, match="4 bytes were asked for, and the answer has 0"):
        answering(packet(b""))[0].read(0, 4)
    with pytest.raises(StubError, match="4 bytes were asked for, and the answer has 5"):
        answering(packet(b"11" * 5))[0].read(0, 4)


@pytest.mark.parametrize("answer", [b"", b"00" * 300])
def test_a_register_of_no_size_that_one_has_is_an_error(answer: bytes) -> None:
    with pytest.raises(StubError, match="register 3 is answered with"):
        answering(packet(answer))[0].register(3)


def test_a_description_that_does_not_go_on_is_an_error() -> None:
    with pytest.raises(StubError, match=r"target.xml does not go on"):
        answering(packet(b"m"))[0].document("target.xml")


def test_who_has_closed_its_ears_is_an_error() -> None:
    stub, written = answering(packet(b"OK"))
    os.close(written)
    with pytest.raises(StubError, match="the connection is gone: Broken pipe"):
        stub.ask("g")


def test_who_does_not_read_is_not_waited_for() -> None:
    stub, _ = answering()
    with pytest.raises(StubError, match="nothing is read within"):
        stub.ask("x" * (1 << 20))


def test_silence_is_an_error() -> None:
    source, other = os.pipe()
    stub = Stub(source, os.open(os.devnull, os.O_WRONLY), 0.1)
    with pytest.raises(StubError, match="no answer to g"):
        stub.ask("g")
    os.close(other)
