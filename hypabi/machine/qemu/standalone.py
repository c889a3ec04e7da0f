"""Write a run out as a script that needs nothing but Python and QEMU."""

import base64
import json
import zlib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Final

from hypabi.arch import aarch32, aarch64
from hypabi.arch.names import Architecture
from hypabi.machine.qemu import target_a32, target_a64
from hypabi.machine.qemu.gdb import Stub
from hypabi.machine.qemu.machine import RAM, processor_name, ram_for, target_for
from hypabi.machine.qemu.process import FIXED
from hypabi.machine.qemu.standalone_runner import Plan
from hypabi.machine.qemu.target import PAGE_SIZE
from hypabi.machine.state import Extent, Limits, MachineState, Request, placed

OTHER_NAMES: Final[Mapping[str, str]] = {"HSR": "ESR_EL2", "HVBAR": "VBAR_EL2"}
"""What QEMU calls a register that it shows under its AArch64 name."""


Claim = tuple[tuple[tuple[str, str], ...], tuple[str, ...]]


class _Recorder(Stub):
    """A stub that only remembers which registers were set."""

    def __init__(self) -> None:
        super().__init__(-1, -1, 0.0)
        self.set: list[tuple[int, str, int]] = []

    def set_register(self, number: int, value: int, size: int) -> None:
        """Remember it."""
        self.set.append((number, f"{value:x}", size))


def script(
    state: MachineState,
    limits: Limits,
    request: Request | None = None,
    expected: Mapping[str, int | str] | None = None,
    title: str = "A machine state, run on QEMU.",
    claim: Claim = ((("", "a machine state"),), ()),
) -> str:
    """Return the text of a script that runs ``state`` and prints what is seen.

    It exits with 0 where all that is ``expected`` is seen, with 4 where it is not, and with 1 where
    it cannot run.

    :param expected: values by the name of a register, or ``[ADDRESS]`` (hexadecimal) for a cell as
        its bytes in hexadecimal digits; ``end`` is what the line ``end`` says (:func:`end_text`)
    :param claim: what is said of it, as label and text, the first without a label; and which
        registers show it
    :raises Refused: QEMU cannot hold the state
    """
    plan = _plan(state, limits, request or Request(), expected or {}, claim)
    document = json.dumps(plan, indent=1, sort_keys=True)
    package = files("hypabi.machine.qemu")
    modules = ("gdb.py", "standalone_runner.py")
    texts = [package.joinpath(name).read_text("utf-8") for name in modules]
    body = "\n\n".join(_without_our_imports(text) for text in texts)
    return (
        f'#!/usr/bin/env python3\n"""{title}"""\n\n{body}\n\n'
        f"PLAN = {document}\n\nif __name__ == '__main__':\n    raise SystemExit(main(PLAN))\n"
    )


def end_text(meaning: str, address: int) -> str:
    """Return what the script prints as the end of a run.

    :param meaning: ``returned``, ``stop address``, ``fault vector``
    """
    return f"{meaning}: {address:x}"


def _without_our_imports(text: str) -> str:
    """Return a module without its docstring and what it imports from us."""
    rest = text.split('"""\n', 1)[1]
    return "\n".join(line for line in rest.splitlines() if not line.startswith("from hypabi"))


def _plan(
    state: MachineState,
    limits: Limits,
    request: Request,
    expected: Mapping[str, int | str],
    claim: Claim,
) -> Plan:
    state.check()
    target = target_for(state.architecture)
    extents = placed(state.memory)
    ram = ram_for(state.architecture, extents)
    page = RAM + ram - PAGE_SIZE
    setup = target.setup(state, page)
    recorder = _Recorder()
    target.start(recorder, state)
    command = [target.executable, "-M", target.machine, "-cpu", processor_name(state)]
    wide = state.architecture is Architecture.ARM64
    core = (*aarch64.GENERAL, "sp", "pc", "cpsr") if wide else aarch32.GENERAL
    numbers = {str(number): name for number, name in enumerate(core)}
    if not wide:
        numbers[str(target_a32.CPSR)] = "cpsr"
    names = request.system or tuple(n for n in state.registers if n not in numbers.values())
    return {
        "command": [*command, "-m", str(ram >> 20), *FIXED],
        "memory": [_packed(e) for e in (*extents, Extent(page, setup.content))],
        "pc": target_a64.PC if wide else target_a32.PC,
        "entry": f"{setup.entry:x}",
        "done": f"{setup.done:x}",
        "failed": [f"{address:x}" for address in setup.failed],
        "start": recorder.set,
        "ends": _ends(limits),
        "seconds": limits.seconds,
        "core": numbers,
        "system": [_with_other_names(name) for name in sorted({*names, *_always(state)})],
        "cells": [(f"{cell.address:x}", cell.size) for cell in request.memory],
        "expected": {n: v if isinstance(v, str) else f"{v:x}" for n, v in expected.items()},
        "claim": list(claim[0]),
        "about": list(claim[1]),
    }


def _packed(extent: Extent) -> tuple[str, str]:
    content = base64.b64encode(zlib.compress(extent.content, 9)).decode("ascii")
    return f"{extent.address:x}", content


def _ends(limits: Limits) -> dict[str, str]:
    ends = {f"{address:x}": "stop address" for address in limits.stops}
    ends |= {f"{address:x}": "fault vector" for address in limits.faults}
    if limits.back is not None:
        ends[f"{limits.back:x}"] = "returned"
    return ends


def _always(state: MachineState) -> Iterable[str]:
    if state.architecture is Architecture.ARM64:
        return target_a64.OTHERS
    return ("HSR", "HVBAR")


def _with_other_names(name: str) -> str:
    other = OTHER_NAMES.get(name) or name.removesuffix("_EL1").removesuffix("_EL0")
    return name if other == name else f"{name}/{other}"
