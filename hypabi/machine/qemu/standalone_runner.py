"""Run a plan on QEMU and print what is seen.

Imports nothing of ours but the stub's client: the text of both modules is a standalone script.
"""

import base64
import os
import re
import signal
import subprocess
import sys
import zlib
from typing import Final, TypedDict

from hypabi.machine.qemu.gdb import Stub, StubError

PATIENCE: Final = 5.0


class Plan(TypedDict):
    """What to do, as JSON can say it; addresses and values are hexadecimal digits."""

    command: list[str]
    memory: list[tuple[str, str]]
    """Address, and bytes: compressed by zlib, then base 64."""
    pc: int
    """The number of ``pc`` in the stub's eyes; the numbers of other registers are keys below."""
    entry: str
    done: str
    failed: list[str]
    start: list[tuple[int, str, int]]
    """Number, value and size in bytes of what is set last."""
    ends: dict[str, str]
    """Addresses that end the run, and what arriving there means."""
    seconds: float
    core: dict[str, str]
    """Names of core registers by number."""
    system: list[str]
    cells: list[tuple[str, int]]
    expected: dict[str, str]
    claim: list[tuple[str, str]]
    """What it is about: first what is refuted, then labels with what the clause and we say."""
    about: list[str]
    """What of what is seen shows it."""


def main(plan: Plan) -> int:
    """Run a plan; return 0 if all is as expected, 4 if it is not, 1 if it cannot run."""
    try:
        process = subprocess.Popen(
            plan["command"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return _say(f"not run: {plan['command'][0]}: {error.strerror}", 1)
    try:
        seen = _run(plan, _stub(process))
    except StubError as error:
        return _say(f"not run: {error}", 1)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return _report(plan, seen)


def _say(line: str, status: int) -> int:
    sys.stdout.write(f"{line}\n")
    return status


def _stub(process: "subprocess.Popen[bytes]") -> Stub:
    assert process.stdin is not None and process.stdout is not None
    stub = Stub(process.stdout.fileno(), process.stdin.fileno(), PATIENCE)
    stub.ask("qSupported:xmlRegisters=arm")
    stub.document("target.xml")
    stub.demand("Qqemu.PhyMemMode:1")
    return stub


def _run(plan: Plan, stub: Stub) -> dict[str, str]:
    for address, content in plan["memory"]:
        stub.write(int(address, 16), zlib.decompress(base64.b64decode(content)))
    width = 8 if "x0" in plan["core"].values() else 4
    stub.set_register(plan["pc"], int(plan["entry"], 16), width)
    _until(stub, [plan["done"], *plan["failed"]], 2.0)
    if stub.register(plan["pc"]) != int(plan["done"], 16):
        raise StubError("this processor cannot hold the start of the state")
    for number, value, size in plan["start"]:
        stub.set_register(number, int(value, 16), size)
    arrived = _until(stub, list(plan["ends"]), plan["seconds"])
    place = f"{stub.register(plan['pc']):x}"
    end = plan["ends"].get(place, "control arrived there") if arrived else "still running"
    return {"end": f"{end}: {place}", **_seen(plan, stub)}


def _until(stub: Stub, ends: list[str], seconds: float) -> bool:
    addresses = sorted({int(end, 16) for end in ends})
    for address in addresses:
        stub.set_breakpoint(address)
    stopped = stub.resume(seconds)
    for address in addresses:
        stub.clear_breakpoint(address)
    return stopped


def _seen(plan: Plan, stub: Stub) -> dict[str, str]:
    seen = {}
    for number, name in plan["core"].items():
        seen[name] = f"{stub.register(int(number)):x}"
    document = stub.document("system-registers.xml")
    numbers = dict(re.findall(r'<reg name="(\w+)" bitsize="\d+" regnum="(\d{1,6})"', document))
    for names in plan["system"]:
        for name in names.split("/"):
            if name in numbers:
                seen[names.split("/")[0]] = f"{stub.register(int(numbers[name])):x}"
                break
    for cell, size in plan["cells"]:
        content = stub.read(int(cell, 16), size)
        if content is not None:
            seen[f"[{cell}]"] = content.hex()
    return seen


def _report(plan: Plan, seen: dict[str, str]) -> int:
    lines, status = _compared(plan, seen)
    word = "NOT REPRODUCED" if status else "CONFIRMED"
    for label, text in plan["claim"]:
        sys.stdout.write(f"{label:12} {text}\n" if label else f"{text}: {word}\n")
    shown = [f"{name} = {seen[name]}" for name in plan["about"] if name in seen]
    sys.stdout.write(f"{'seen':12} {', '.join([*shown, seen['end']])}\n\n")
    sys.stdout.writelines(lines)
    return status


def _compared(plan: Plan, seen: dict[str, str]) -> tuple[list[str], int]:
    """Return a line for each thing that was seen or expected, and the exit status."""
    lines, status = [], 0
    for name, value in seen.items():
        wanted = plan["expected"].get(name)
        mark = "" if wanted is None else "  as expected"
        if wanted is not None and wanted != value:
            mark, status = f"  expected {wanted}", 4
        lines.append(f"{name:12} {value}{mark}\n")
    for name in sorted(plan["expected"].keys() - seen.keys()):
        status = 4
        lines.append(f"{name:12} not seen; expected {plan['expected'][name]}\n")
    return lines, status
