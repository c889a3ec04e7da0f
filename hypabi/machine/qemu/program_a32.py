"""Small A32 programs that set and read registers of QEMU's processor in Hyp mode."""

from collections.abc import Mapping
from typing import Final

from hypabi.machine.qemu.gdb import Stub, StubError
from hypabi.machine.qemu.target import PAGE_SIZE
from hypabi.records import frozen

CODE: Final = 0x100
VALUES: Final = 0x4000
RESULTS: Final = 0x6000

ISB: Final = 0xF57FF06F
ERET: Final = 0xE160006E
LOAD_NEXT: Final = 0xE490_0004
"""ldr rT, [rN], #4"""
STORE_NEXT: Final = 0xE480_0004
"""str rT, [rN], #4"""
SET_SAVED_STATUS: Final = 0xE16FF001
"""msr SPSR_fsxc, r1"""
GET_SAVED_STATUS: Final = 0xE14F1000
"""mrs r1, SPSR"""
GET_LINK: Final = 0xE10E4300
"""mrs r4, ELR_hyp"""
BRANCH_HERE: Final = 0xEAFFFFFE

SECONDS: Final = 2.0
"""How long a program of ours may run."""


@frozen
class Narrow:
    """A register that MCR and MRC reach."""

    coprocessor: int
    opc1: int
    crn: int
    crm: int
    opc2: int

    def write(self, register: int) -> int:
        """Return ``mcr`` from a register."""
        fields = self.opc1 << 21 | self.crn << 16 | self.coprocessor << 8 | self.opc2 << 5
        return 0xEE000010 | fields | self.crm | register << 12

    def read(self, register: int) -> int:
        """Return ``mrc`` to a register."""
        return self.write(register) | 1 << 20


@frozen
class Wide:
    """A register that MCRR and MRRC reach; the upper half goes through r3."""

    coprocessor: int
    opc1: int
    crm: int

    def write(self, register: int) -> int:
        """Return ``mcrr`` from a register and r3."""
        fields = self.coprocessor << 8 | self.opc1 << 4 | self.crm
        return 0xEC400000 | fields | 3 << 16 | register << 12

    def read(self, register: int) -> int:
        """Return ``mrrc`` to a register and r3."""
        return self.write(register) | 1 << 20


Access = Narrow | Wide


class Program:
    """Words of A32 and the table of values that they load, in one page.

    r0 points to the next value, r2 to the next result; r1 and r3 hold what moves.
    """

    def __init__(self, page: int, accesses: Mapping[str, Access]) -> None:
        self._page = page
        self._accesses = accesses
        self._words: list[int] = []
        self._values: list[int] = []
        self.entry = page + CODE
        self.undefined = page + 8
        # The value tables, by movw and movt: r0, then r2.
        for register, address in ((0, page + VALUES), (2, page + RESULTS)):
            self.append(_move_half(0xE3000000, register, address & 0xFFFF))
            self.append(_move_half(0xE3400000, register, address >> 16))

    def append(self, word: int) -> None:
        """Append an instruction."""
        self._words.append(word)

    def here(self) -> int:
        """Return the address of the next instruction."""
        return self.entry + 4 * len(self._words)

    def set(self, name: str, value: int) -> None:
        """Set a system register."""
        access = self._accesses[name]
        self._load(1, value & 0xFFFF_FFFF)
        if isinstance(access, Wide):
            self._load(3, value >> 32)
        self.append(access.write(1))

    def read_back(self, name: str) -> None:
        """Append a system register to the results."""
        access = self._accesses[name]
        self.append(access.read(1))
        self._store(1)
        if isinstance(access, Wide):
            self._store(3)

    def set_banked(self, key: tuple[int, int], value: int) -> None:
        """Set a banked register, by R and SYSm."""
        self._load(1, value)
        spsr, number = key
        self.append(0xE120F201 | spsr << 22 | (number & 15) << 16 | number >> 4 << 8)

    def read_banked(self, key: tuple[int, int]) -> None:
        """Append a banked register to the results."""
        spsr, number = key
        self.append(0xE1001200 | spsr << 22 | (number & 15) << 16 | number >> 4 << 8)
        self._store(1)

    def set_general(self, number: int, value: int) -> None:
        """Set R<number> as the current mode sees it: ``mov`` from r1."""
        self._load(1, value)
        self.append(0xE1A00001 | number << 12)

    def set_saved_status(self, value: int) -> None:
        """Set the current mode's SPSR."""
        self._load(1, value)
        self.append(SET_SAVED_STATUS)

    def read_saved_status(self) -> None:
        """Append the current mode's SPSR to the results."""
        self.append(GET_SAVED_STATUS)
        self._store(1)

    def content(self) -> bytes:
        """Return the page."""
        page = bytearray(PAGE_SIZE)
        _place(page, 4, [GET_LINK, BRANCH_HERE])
        _place(page, CODE, self._words)
        _place(page, VALUES, self._values)
        assert CODE + 4 * len(self._words) <= VALUES
        assert VALUES + 4 * len(self._values) <= RESULTS
        return bytes(page)

    def run(self, stub: Stub) -> bool:
        """Run to the end of the program, and say whether it got there."""
        end = self.here()
        stub.write(self._page, self.content())
        stub.set_register(15, self.entry, 4)
        stub.set_breakpoint(end)
        stub.resume(SECONDS)
        stub.clear_breakpoint(end)
        return stub.register(15) == end

    def results(self, stub: Stub, names: list[str]) -> dict[str, int]:
        """Return the results under their names, in the order in which they were read."""
        sizes = [8 if isinstance(self._accesses.get(name), Wide) else 4 for name in names]
        content = stub.read(self._page + RESULTS, sum(sizes))
        if content is None:
            raise StubError(f"the memory at {self._page:#x} is gone")
        found, start = {}, 0
        for name, size in zip(names, sizes, strict=True):
            found[name] = int.from_bytes(content[start : start + size], "little")
            start += size
        return found

    def _load(self, register: int, value: int) -> None:
        self._values.append(value)
        self.append(LOAD_NEXT | register << 12)

    def _store(self, register: int) -> None:
        self.append(STORE_NEXT | 2 << 16 | register << 12)


def _move_half(opcode: int, register: int, value: int) -> int:
    """Return movw or movt."""
    return opcode | value >> 12 << 16 | register << 12 | value & 0xFFF


def _place(page: bytearray, start: int, words: list[int]) -> None:
    content = b"".join(word.to_bytes(4, "little") for word in words)
    page[start : start + len(content)] = content
