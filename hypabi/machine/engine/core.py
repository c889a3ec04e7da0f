"""One concrete processor while it runs: the ``Context`` of its instructions."""

from collections.abc import Callable, Mapping, Sequence

from hypabi.arch.names import ByteOrder
from hypabi.machine.engine.memory import Memory
from hypabi.semantics.domain import Unmodelled
from hypabi.semantics.integers import Integers


class Core:
    """Registers and memory.  An instruction that ends in ``Unmodelled`` changes neither."""

    def __init__(
        self,
        registers: Mapping[str, int],
        memory: Memory,
        order: Callable[[Mapping[str, int]], ByteOrder],
        masks: Mapping[str, int],
    ) -> None:
        self.domain = Integers()
        self.registers = dict(registers)
        self.memory = memory
        self.accesses: list[tuple[int, int]] = []
        """Address and size of what the current instruction loads and stores."""
        self._order = order
        self._masks = masks
        self._before = dict(self.registers)
        self.marked: tuple[int | None, int] = (None, 0)
        """Address and size of the memory that is marked for exclusive access."""

    def begin(self) -> None:
        """Say that an instruction starts."""
        self._before = dict(self.registers)
        self.accesses.clear()
        self.memory.keep()

    def take_back(self) -> None:
        """Undo what the current instruction did."""
        self.registers = dict(self._before)
        self.memory.take_back()

    def read(self, name: str) -> int:
        """Return a register."""
        value = self.registers.get(name)
        if value is None:
            raise Unmodelled(f"reads {name}, which the state does not give")
        return value

    def write(self, name: str, value: int) -> None:
        """Set a register, as far as its bits can be set."""
        mask = self._masks.get(name)
        self.registers[name] = value if mask is None else value & mask

    def load(self, address: int, size: int) -> int:
        """Return memory in the data byte order of the moment."""
        self.accesses.append((address, size))
        return self.memory.load(address, size, self._order(self.registers))

    def store(self, address: int, size: int, value: int) -> None:
        """Set memory in the data byte order of the moment."""
        self.accesses.append((address, size))
        self.memory.store(address, size, value, self._order(self.registers))

    def decide(self, condition: int) -> bool:
        """Return the condition: nothing is open here."""
        return bool(condition)

    def havoc(self, reason: str, width: int) -> int:
        """Refuse: a concrete machine has no value about which nothing is known."""
        raise Unmodelled(reason)

    def mark(self, address: int | None, size: int) -> None:
        """Mark memory for exclusive access; ``None`` clears the mark."""
        self.marked = (address, size)

    def exclusive(self, address: int, size: int) -> int:
        """Return 1 where the memory is marked: nobody else is there.

        :raises Unmodelled: it is not
        """
        marked, self.marked = self.marked, (None, 0)
        if marked != (address, size):
            raise Unmodelled("an exclusive store may fail")
        return 1

    def sign(self, pointer: int, with_: Sequence[int]) -> int:
        """Refuse: what a code is, each CPU computes in its own way."""
        raise Unmodelled("pointer authentication")

    authenticate = sign

    def effect(self, name: str, operands: Sequence[int]) -> None:
        """Pass: barriers, TLB and cache operations show nowhere without caches and translation."""
