"""A client of GDB's remote serial protocol over a pair of pipes, with a deadline for every answer.

Imports nothing of ours: the text of this module is part of a standalone script.
"""

import os
import select
import time
from typing import Final

MOST_ANSWER: Final = 1 << 20
"""Longest answer taken, in bytes; QEMU promises packets of 4 KiB."""
PIECE: Final = 1024
"""Bytes of memory in one packet."""
MOST_REGISTER: Final = 256
"""Bytes of the widest register: SVE's."""


LIFETIME: Final = 120.0
"""Seconds that one connection may last, whatever the other side says meanwhile."""
ATOMIC: Final = 512
"""Bytes that a pipe takes at once if it takes any (POSIX: PIPE_BUF is at least this)."""


class StubError(Exception):
    """The other side is gone, does not answer in time, or makes no sense."""


class StubRefusal(StubError):
    """The other side is there, and does not do what it was asked."""


class Stub:
    """One connection.

    :param source: descriptor to read answers from
    :param sink: descriptor to write packets to
    :param patience: seconds that an answer may take, other than to :meth:`resume`
    :param lifetime: seconds that the connection may last
    """

    def __init__(self, source: int, sink: int, patience: float, lifetime: float = LIFETIME) -> None:
        self._source = source
        self._sink = sink
        self._patience = patience
        self._end = time.monotonic() + lifetime
        self._buffer = b""

    @property
    def source(self) -> int:
        """The descriptor that answers come from."""
        return self._source

    def ask(self, packet: str) -> str:
        """Send a packet and return the answer."""
        self._send(packet)
        answer = self._receive(self._patience)
        if answer is None:
            raise StubError(f"no answer to {packet[:20]} within {self._patience} s")
        return answer

    def demand(self, packet: str) -> None:
        """Send a packet that must be answered with OK."""
        answer = self.ask(packet)
        if answer != "OK":
            raise StubRefusal(f"{packet[:20]} is answered with {answer[:40] or 'nothing'}")

    def document(self, name: str) -> str:
        """Return a part of the target's description."""
        text = ""
        while len(text) < MOST_ANSWER:
            answer = self.ask(f"qXfer:features:read:{name}:{len(text):x},ff0")
            if answer[:1] not in ("m", "l"):
                raise StubRefusal(f"no {name} in the target's description: {answer[:40]}")
            text += answer[1:]
            if answer == "m":
                raise StubError(f"{name} does not go on")
            if answer[0] == "l":
                return text
        raise StubError(f"{name} has no end")

    def registers(self) -> bytes:
        """Return the core registers, as the ``g`` packet has them."""
        return _bytes(self.ask("g"))

    def register(self, number: int) -> int:
        """Return one register."""
        content = _bytes(self.ask(f"p{number:x}"))
        if not 0 < len(content) <= MOST_REGISTER:
            raise StubError(f"register {number} is answered with {len(content)} bytes")
        return int.from_bytes(content, "little")

    def set_register(self, number: int, value: int, size: int) -> None:
        """Set one register of ``size`` bytes."""
        self.demand(f"P{number:x}={value.to_bytes(size, 'little').hex()}")

    def read(self, address: int, size: int) -> bytes | None:
        """Return memory, ``None`` where there is none."""
        content = b""
        while len(content) < size:
            count = min(PIECE, size - len(content))
            answer = self.ask(f"m{address + len(content):x},{count:x}")
            if answer[:1] == "E":
                return None
            piece = _bytes(answer)
            if len(piece) != count:
                raise StubError(f"{count} bytes were asked for, and the answer has {len(piece)}")
            content += piece
        return content

    def write(self, address: int, content: bytes) -> None:
        """Set memory."""
        for start in range(0, len(content), PIECE):
            piece = content[start : start + PIECE]
            self.demand(f"M{address + start:x},{len(piece):x}:{piece.hex()}")

    def set_breakpoint(self, address: int) -> None:
        """Stop before the instruction at ``address``."""
        self.demand(f"Z1,{address:x},4")

    def clear_breakpoint(self, address: int) -> None:
        """Forget :meth:`set_breakpoint`."""
        self.demand(f"z1,{address:x},4")

    def go(self) -> None:
        """Let the target run; :meth:`stopped` tells when it stands still."""
        self._send("c")

    def stopped(self, seconds: float) -> str | None:
        """Return why the target stopped, ``None`` where it still runs after some seconds."""
        return self._receive(seconds)

    def interrupt(self) -> str:
        """Make a running target stand still, and return what it says of it."""
        self._write(b"\x03")
        answer = self._receive(self._patience)
        if answer is None:
            raise StubError("the target does not stop")
        return answer

    def resume(self, seconds: float) -> bool:
        """Let the target run, and return whether it stopped of itself in time.

        The target stands still when this returns.
        """
        return self._run("c", seconds)

    def step(self, seconds: float) -> bool:
        """Run one instruction, and return whether it came to its end in time."""
        return self._run("s", seconds)

    def step_thread(self, thread: int, seconds: float) -> bool:
        """Run one instruction of one CPU while the others stand still; return as :meth:`step`."""
        return self._run(f"vCont;s:{thread:x}", seconds)

    def _run(self, packet: str, seconds: float) -> bool:
        self._send(packet)
        if self._receive(seconds) is not None:
            return True
        self.interrupt()
        return False

    def _send(self, packet: str) -> None:
        content = packet.encode("ascii")
        self._write(b"$%s#%02x" % (content, sum(content) & 0xFF))

    def _write(self, content: bytes) -> None:
        """Write, but for no longer than an answer may take: who does not read may be stuck."""
        deadline = min(time.monotonic() + self._patience, self._end)
        try:
            for start in range(0, len(content), ATOMIC):
                left = max(0.0, deadline - time.monotonic())
                if not select.select([], [self._sink], [], left)[1]:
                    raise StubError(f"nothing is read within {self._patience} s")
                os.write(self._sink, content[start : start + ATOMIC])
        except OSError as error:
            raise StubError(f"the connection is gone: {error.strerror}") from None

    def _receive(self, seconds: float) -> str | None:
        """Return the next packet, ``None`` if it does not come in time."""
        deadline = min(time.monotonic() + seconds, self._end)
        while True:
            start = self._buffer.find(b"$")
            end = self._buffer.find(b"#", start)
            if start >= 0 and 0 <= end <= len(self._buffer) - 3:
                content = self._buffer[start + 1 : end]
                checksum = self._buffer[end + 1 : end + 3]
                self._buffer = self._buffer[end + 3 :]
                if checksum.lower() != b"%02x" % (sum(content) & 0xFF):
                    raise StubError(f"an answer has the wrong checksum {checksum!r}")
                self._write(b"+")
                return _expanded(content)
            if not self._wait(deadline):
                return None

    def _wait(self, deadline: float) -> bool:
        left = max(0.0, deadline - time.monotonic())
        try:
            if not select.select([self._source], [], [], left)[0]:
                return False
            received = os.read(self._source, 65536)
        except OSError as error:
            raise StubError(f"the connection is gone: {error.strerror}") from None
        if not received:
            raise StubError("the connection is gone")
        if b"$" not in self._buffer:
            self._buffer = b""  # acknowledgements and noise
        if len(self._buffer) > MOST_ANSWER:
            raise StubError(f"an answer has more than {MOST_ANSWER} bytes")
        self._buffer += received
        return True


def _expanded(content: bytes) -> str:
    """Undo run-length encoding (``x*n`` repeats x) and escapes (``}`` and a byte XOR 0x20)."""
    text = ""
    index = 0
    while index < len(content):
        byte = content[index]
        more = content[index + 1] if index + 1 < len(content) else 0
        if byte in b"*}" and not more:
            raise StubError("an answer ends within a run or an escape")
        if byte == 0x2A and text:
            index += 1
            text += text[-1] * (more - 29)
        elif byte == 0x7D:
            index += 1
            text += chr(more ^ 0x20)
        else:
            text += chr(byte)
        index += 1
        if len(text) > MOST_ANSWER:
            raise StubError(f"an answer has more than {MOST_ANSWER} characters")
    return text


def _bytes(answer: str) -> bytes:
    """Return hexadecimal digits as bytes."""
    try:
        return bytes.fromhex(answer)
    except ValueError:
        raise StubError(f"bytes were asked for, and the answer is {answer[:20]}") from None
