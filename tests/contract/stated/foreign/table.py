"""Read Debian's kernels of other architectures and write down what they show: ``readings.toml``.

usage: python -m tests.contract.stated.foreign.table [IMAGE...]

Each IMAGE is one of ``kernels/neighbours.toml`` and must be in the cache; all are read where none
is named.  What is not read keeps its entry.
"""

import sys
import tarfile
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from kernels import cache
from kernels.pins import NEIGHBOURS, read_pins
from tests.contract.stated.foreign import powerpc, s390, x86
from tests.contract.stated.foreign.kernels import Program, open_kernel, open_module
from tests.contract.stated.neighbours import stated

TABLE: Final = Path(__file__).with_name("readings.toml")
HEADER: Final = """\
# What Debian's kernels of other architectures show of KVM's hypercalls.  Written by
# `python -m tests.contract.stated.foreign.table`; test_foreign_images.py reads the images again
# where they are in the cache.  Each number is a hypercall's; how it is read say x86.py, powerpc.py
# and s390.py.
"""
CONTRACTS: Final = {
    "amd64": "kvm-x86-hypercalls",
    "ppc64el": "kvm-powerpc-hypercalls",
    "s390x": "kvm-s390-diagnose",
}

Reading = Mapping[str, Any]


def readings() -> dict[str, Reading]:
    """Return what was read, by image."""
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


def programs(path: Path) -> dict[str, Program]:
    """Return the kernel, called ``kernel``, and the modules of an image."""
    found = {}
    with tarfile.open(path) as collected:
        for member in collected:
            file = collected.extractfile(member)
            assert file is not None
            name, content = member.name.partition(".ko")[0], file.read()
            if ".ko" in member.name:
                found[name] = open_module(name, content)
            else:
                found["kernel"] = open_kernel("kernel", content)
    return found


def read(image: str, path: Path) -> Reading:
    """Return what an image shows, as the table has it."""
    held = programs(path)
    match image.split("-")[1]:
        case "amd64":
            return _x86(held)
        case "ppc64el":
            return _powerpc(held)
        case _:
            return _s390(held)


def numbers(name: str, conduit: str) -> dict[int, str]:
    """Return the calls of a contract by a conduit, by the number or code that selects them."""
    found: dict[int, str] = {}
    for call_name, call in stated(name).calls.items():
        if call.by is None or conduit in call.by:
            values = [call.number, call.immediate, *(each.value for each in call.numbers)]
            found |= {value: call_name for value in values if value is not None}
    return found


def _x86(held: Mapping[str, Program]) -> Reading:
    asked: dict[int, x86.Asked] = {}
    amd = set[int]()
    for name in sorted(set(held) - {"kvm"}):
        for number, each in x86.calls(held[name]).items():
            amd |= {number} if x86.replaced(held[name], each.sites) == each.sites else set()
            mine = asked.setdefault(number, x86.Asked())
            mine.callers |= each.callers
            mine.by_tdx |= each.by_tdx
            mine.passed &= each.passed
    made = {number: each for number, each in asked.items() if each.callers}
    found: dict[str, Any] = {
        "callers": {number: sorted(each.callers) for number, each in made.items()},
        "passed": {number: sorted(each.passed) for number, each in made.items()},
        "replaced": {"numbers": sorted(amd)},
    }
    tdx = x86.tdx(held["kernel"]) if "kernel" in held else None
    if tdx is not None:
        by_tdx = {number: sorted(each.by_tdx) for number, each in asked.items() if each.by_tdx}
        found |= {"tdx": by_tdx, "tdcall": tdx}
    if "kvm" in held:
        served = x86.served(held["kvm"])
        found["unserved"] = {"errors": sorted(served.pop(x86.NOBODY).errors)}
        found["served"] = {number: sorted(each.errors) for number, each in served.items()}
        found["used"] = {number: sorted(each.used) for number, each in served.items()}
        found["answered"] = {number: sorted(each.answered) for number, each in served.items()}
    return found


def _powerpc(held: Mapping[str, Program]) -> Reading:
    known = sorted(numbers(CONTRACTS["ppc64el"], "papr"))
    asked: dict[int, powerpc.Asked] = {}
    unread = 0
    for program in held.values():
        for wrapper in (powerpc.WRAPPER, powerpc.EPAPR):
            calls, missed = powerpc.calls(program, wrapper)
            unread += missed
            for number, each in calls.items():
                mine = asked.setdefault(number, powerpc.Asked())
                mine.callers |= each.callers
                mine.passed |= each.passed
    known_to_callers = [*known, *numbers(CONTRACTS["ppc64el"], "epapr")]
    found: dict[str, Any] = {
        "callers": {
            each: sorted(asked[each].callers) for each in known_to_callers if each in asked
        },
        "passed": {each: _named(asked[each].passed) for each in known if each in asked},
        "unread": {"callers": unread},
    }
    if "kernel" in held:
        found["wrapper"] = powerpc.wrapped(held["kernel"], "plpar_hcall9")
    if "kvm-hv" in held:
        hypervisor = powerpc.Hypervisor(held)
        served = hypervisor.served(known)
        found["served"] = {number: sorted(each.errors) for number, each in served.items()}
        found["used"] = {number: _named(each.used - {3}) for number, each in served.items()}
        found["answered"] = {number: _named(each.answered) for number, each in served.items()}
        found["paravirtual"] = {
            ("others" if number == powerpc.NOBODY else number): each
            for number, each in hypervisor.paravirtual(
                sorted(numbers(CONTRACTS["ppc64el"], "epapr"))
            ).items()
        }
    return found


def _named(registers: Iterable[int]) -> list[str]:
    return [f"r{each}" for each in sorted(registers)]


def _s390(held: Mapping[str, Program]) -> Reading:
    codes = frozenset(numbers(CONTRACTS["s390x"], "code")) | {s390.HYPERCALL}
    sites = [each for program in held.values() for each in s390.sites(program, codes)]
    by_code: dict[int, set[str]] = {}
    subcodes: dict[int, set[str]] = {}
    named: dict[int, set[str]] = {}
    for each in sites:
        by_code.setdefault(each.code, set()).add(each.function)
        named.setdefault(each.code, set()).add(f"r{each.first}, r{each.second}")
        if each.subcode is not None:
            subcodes.setdefault(each.subcode, set()).add(each.function)
    found: dict[str, Any] = {
        "callers": {code: sorted(each) for code, each in by_code.items()},
        "subcodes": {subcode: sorted(each) for subcode, each in subcodes.items()},
        "registers": {code: sorted(each) for code, each in named.items()},
    }
    kernel = held.get("kernel")
    if kernel is not None:
        asking = {each.function for each in sites if each.code == s390.HYPERCALL}
        found["set"] = {
            name: _named(s390.set_in_front(kernel, name))
            for name in sorted(asking & set(kernel.starts))
        }
    if "kvm" in held:
        found["compared"] = {"codes": sorted(codes & s390.compared(held["kvm"]))}
        read, written = s390.fixed(held["kvm"])
        found["fixed"] = {"read": _named(read), "written": _named(written)}
    return found


def write(found: Mapping[str, Reading]) -> None:
    """Replace the table."""
    lines = [HEADER]
    for image, reading in sorted(found.items()):
        for part, entries in reading.items():
            lines.append(f'["{image}".{part}]\n')
            pairs = sorted(entries.items(), key=lambda each: (len(str(each[0])), str(each[0])))
            lines += [f"{key} = {_spelled(value)}\n" for key, value in pairs]
            lines.append("\n")
    TABLE.write_text("".join(lines).rstrip("\n") + "\n", encoding="utf-8")


def _spelled(value: Any) -> str:  # noqa: ANN401 - what TOML has
    if isinstance(value, list):
        return f"[{', '.join(map(_spelled, value))}]"
    return str(value) if isinstance(value, int) else f'"{value}"'


def main() -> None:
    """Read what the command line names."""
    pins = read_pins(NEIGHBOURS)
    found = readings() if TABLE.is_file() else {}
    for image in sys.argv[1:] or pins:
        path = cache.image_path(pins[image])
        if not path.is_file():
            sys.exit(f"{image} is not in the cache: kernels/fetch {image}")
        sys.stderr.write(f"reading {image}\n")
        found[image] = read(image, path)
    write(found)


if __name__ == "__main__":
    main()
