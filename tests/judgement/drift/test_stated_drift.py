"""A document against a stated contract: each kind of change is found, on its line, and no other.

The pages that hypabi writes of its own contracts say what these say; pages in the manner of the
kernel's, in our words, say it as prose, lists and tables do.
"""

import functools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import hypabi
from hypabi.contract.file.load import shipped_contracts
from hypabi.contract.stated.model import StatedContract
from hypabi.contract.version import Version
from hypabi.errors import HypabiError
from hypabi.judgement.drift.findings import Drifted, Kind
from hypabi.judgement.drift.rst_reader import read_document
from hypabi.judgement.drift.stated_drift import find_stated_drift
from tests.contract.shipped import shipped
from tests.contract.stated.neighbours import stated

STATED = [name for name in shipped_contracts() if isinstance(shipped(name), StatedContract)]


def held(folder: Path, text: str, name: str, version: str = "7.2") -> Drifted:
    """Hold a text against a shipped contract."""
    file = folder / "page.rst"
    file.write_text(text, encoding="utf-8")
    contract, at = stated(name), Version.exact(version)
    assert at is not None
    return find_stated_drift(read_document(str(file)), contract, contract.architectures, at)


@functools.cache
def _own(name: str) -> str:
    return hypabi.document(contract=name).text


def own(name: str) -> list[str]:
    """Return the lines of the page that is written of a contract."""
    return _own(name).split("\n")


@pytest.mark.parametrize("name", STATED)
def test_page_of_a_contract_has_no_drift_from_it(tmp_path: Path, name: str) -> None:
    facts = sum(bool(call.number or call.numbers) for call in stated(name).calls.values())
    for version in map(str, stated(name).read_in):
        found = held(tmp_path, _own(name), name, version)
        assert [(each.line, each.what) for each in found.drifts] == []
        assert found.coverage.facts > facts


Change = Callable[[list[str]], Iterator[int]]
"""Changes lines in place and yields which, from 1."""


def numbers(lines: list[str]) -> Iterator[int]:
    for at, line in enumerate(lines):
        if re.match(r":(Number|Immediate): ``", line):
            lines[at] = re.sub(
                r"``(\w+)``", lambda m: f"``{int(m[1], 0) ^ 0x5050:#x}``", line, count=1
            )
            yield at + 1


def errors(lines: list[str]) -> Iterator[int]:
    for at, line in enumerate(lines):
        if line.startswith(":Errors: "):
            lines[at] = re.sub(r"``(\w+)\w``", r"``\1Q``", line, count=1)
            yield at + 1


def registers(lines: list[str]) -> Iterator[int]:
    """Change the first register of each table."""
    for at, line in enumerate(lines):
        row = lines[at + 2] if re.match(r"(Argument|Result)\s+In\s", line) else ""
        found = re.search(r"``([a-z]+\d*)``", row)
        if found is not None:
            lines[at + 2] = row.replace(found[1], other(found[1]))
            yield at + 3


def other(register: str) -> str:
    """Return a register of the same length that no call uses."""
    if not register[-1].isdigit():
        return "rbp"
    if len(register) > 2:
        return register[:-1] + "5"
    return register[0] + ("9" if register[1] == "0" else "0")


def identifiers(lines: list[str]) -> Iterator[int]:
    for at, line in enumerate(lines):
        found = re.match(r"  :Identifier in: ``(\w+)``$", line)
        if found is not None:
            lines[at] = line.replace(found[1], other(found[1]))
            yield at + 1


CHANGES = {"numbers": numbers, "errors": errors, "registers": registers, "identifiers": identifiers}


@pytest.mark.parametrize("name", STATED)
def test_every_change_of_a_kind_is_found_on_its_line(tmp_path: Path, name: str) -> None:
    lines, expected = own(name), set[int]()
    for kind, change in CHANGES.items():
        changed = set(change(lines))
        assert bool(changed) != ((name, kind) in NONE), kind
        expected |= changed
    found = held(tmp_path, "\n".join(lines), name)
    assert {each.kind for each in found.drifts} == {Kind.DIFFERS}
    assert {each.line for each in found.drifts} == expected


NONE = {
    ("hyperv-arm64", "errors"), ("kvm-s390-diagnose", "errors"), ("arm-psci", "identifiers"),
    ("arm-smccc", "identifiers"), ("xen-arm", "identifiers"),
}  # fmt: skip
"""Contracts that state none, or whose pages give one for each architecture."""


def titles(lines: list[str]) -> Iterator[int]:
    """Yield the lines of the calls' titles."""
    for at, line in enumerate(lines):
        if re.fullmatch(r"``\w+``", line) and set(lines[at + 1]) == {"="}:
            yield at + 1


def served(name: str, version: str = "7.2") -> set[str]:
    contract, at = stated(name), Version.exact(version)
    assert at is not None
    return {
        each
        for on in contract.architectures
        for each, call in contract.calls_at(on, at).items()
        if call.served_by
    }


@pytest.mark.parametrize("name", STATED)
def test_renamed_call_is_unknown_on_its_line_and_absent(tmp_path: Path, name: str) -> None:
    lines = own(name)
    places = list(titles(lines))
    for line in places:
        lines[line - 1] = lines[line - 1].removesuffix("``") + "_QQ``"
        lines[line] += "==="
    found = held(tmp_path, "\n".join(lines), name)
    unknown = {each.line for each in found.drifts if each.kind is Kind.UNKNOWN}
    absent = {each.call for each in found.drifts if each.kind is Kind.ABSENT}
    assert (unknown, absent) == (set(places), served(name))


@pytest.mark.parametrize("name", [name for name in STATED if len(stated(name).calls) > 1])
def test_call_that_is_left_out_is_absent(tmp_path: Path, name: str) -> None:
    lines = own(name)
    start, end = list(titles(lines))[:2]
    left_out = lines[start - 1].strip("`")
    del lines[start - 1 : end - 1]
    found = held(tmp_path, "\n".join(lines), name)
    expected = {left_out} & served(name)
    assert {(each.kind, each.call) for each in found.drifts} == {
        (Kind.ABSENT, each) for each in expected
    }


X86 = """\
===================
Linux KVM Hypercall
===================

X86:
 The number is in rax.  Arguments are in rbx, rcx, rdx, and rsi, and the return value
 is in rax.

S390:
 Arguments are in R2-R7, and the hypercall number in R1.  The return value is in R2.
 The instruction makes a hypercall (0x500).

1. KVM_HC_VAPIC_POLL_IRQ
------------------------

:Architecture: x86
:Status: active

2. KVM_HC_MMU_OP
----------------

:Architecture: x86
:Status: obsolete

3. KVM_HC_FEATURES
------------------

:Architecture: PPC

4. KVM_HC_KICK_CPU
------------------

:Architecture: x86
:Number: 5

a0: must be 0
a1: the one to wake

Returns KVM_ENOSYS where nobody has asked for it (KVM_ENOSYS (-1000)).

5. KVM_HC_CLOCK_PAIRING
-----------------------

:Architecture: x86

* a0: address
* a1: clock

6. KVM_HC_SEND_IPI
------------------

:Architecture: x86

The destinations (a0) and (a1), from one on (a2), get what (a3) says.

7. KVM_HC_SCHED_YIELD (11)
--------------------------

:Architecture: x86

8. KVM_HC_MAP_GPA_RANGE
-----------------------

:Architecture: x86
"""


def first_change(text: str, old: str, new: str) -> int:
    """Return the first line that differs where the one place of a text is changed."""
    assert text.count(old) == 1
    pairs = zip(text.split("\n"), text.replace(old, new).split("\n"), strict=True)
    return next(at for at, (before, after) in enumerate(pairs, 1) if before != after)


@pytest.mark.parametrize("name", ["kvm-x86-hypercalls", "kvm-s390-diagnose"])
def test_page_in_the_manner_of_the_kernel_s_holds(tmp_path: Path, name: str) -> None:
    found = held(tmp_path, X86, name)
    assert (found.drifts, found.opens) == ((), ())


CASES: dict[str, tuple[str, str, str, Kind]] = {
    "number": ("x86", ":Number: 5", ":Number: 6", Kind.DIFFERS),
    "number of a title": ("x86", "YIELD (11)", "YIELD (10)", Kind.DIFFERS),
    "register of the number": ("x86", "number is in rax", "number is in rbx", Kind.DIFFERS),
    "register of an argument": ("x86", "rdx, and rsi", "rdx, and rdi", Kind.DIFFERS),
    "register of the answer": ("x86", "\n is in rax", "\n is in rdx", Kind.DIFFERS),
    "argument": ("x86", "a1: the one", "a2: the one", Kind.DIFFERS),
    "argument in a list": ("x86", "* a1: clock", "* a3: clock", Kind.DIFFERS),
    "argument in a sentence": ("x86", " (a3) says", " (a4) says", Kind.DIFFERS),
    "error": ("x86", "Returns KVM_ENOSYS", "Returns KVM_EINVAL", Kind.DIFFERS),
    "error that nobody has": ("x86", "Returns KVM_ENOSYS", "Returns KVM_ENOWAY", Kind.DIFFERS),
    "value of an error": ("x86", "(-1000)", "(-1001)", Kind.DIFFERS),
    "status": ("x86", "obsolete", "active", Kind.DIFFERS),
    "architecture": ("x86", "POLL_IRQ\n------------------------\n\n:Architecture: x86",
                     "POLL_IRQ\n------------------------\n\n:Architecture: PPC", Kind.DIFFERS),
    "call": ("x86", "6. KVM_HC_SEND_IPI\n-", "6. KVM_HC_SEND_IPX\n-", Kind.UNKNOWN),
    "s390's number": ("s390", "number in R1", "number in R2", Kind.DIFFERS),
    "s390's arguments": ("s390", "R2-R7", "R2-R6", Kind.DIFFERS),
    "s390's answer": ("s390", "value is in R2", "value is in R3", Kind.DIFFERS),
    "s390's code": ("s390", "(0x500)", "(0x501)", Kind.DIFFERS),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_one_change_of_a_page_is_found_on_its_line(tmp_path: Path, case: str) -> None:
    of, old, new, kind = CASES[case]
    line = first_change(X86, old, new)
    name = {"x86": "kvm-x86-hypercalls", "s390": "kvm-s390-diagnose"}[of]
    found = held(tmp_path, X86.replace(old, new), name)
    assert [(e.kind, e.line) for e in found.drifts if e.kind is not Kind.ABSENT] == [(kind, line)]


CODES = """\
=============================
The s390 DIAGNOSE call on KVM
=============================

DIAGNOSE function code 'X'500 - calls of KVM
--------------------------------------------

General register 1 has the subcode.  There are the subcodes 0-2 and subcode 3.  When it is
done, general register 2 contains the function's return code.

Subcode 3 - notification
    General register 2 contains the device, general register 3 the queue, and
    general register 4 what the last one answered.

    After completion of it, general register 2 has more.

DIAGNOSE function code 'X'501 - breakpoint
------------------------------------------

If the function code specifies 0x501, it stops.
"""

CODE_CASES: dict[str, tuple[str, str, Kind]] = {
    "code": ("'X'501 -", "'X'502 -", Kind.UNKNOWN),
    "code in a sentence": ("specifies 0x501", "specifies 0x502", Kind.DIFFERS),
    "subcode": ("Subcode 3 -", "Subcode 7 -", Kind.UNKNOWN),
    "subcodes in a sentence": ("subcodes 0-2", "subcodes 0-6", Kind.DIFFERS),
    "register of a subcode": ("General register 1 has", "General register 3 has", Kind.DIFFERS),
    "register of the answer": (
        "general register 2 contains the f", "general register 5 contains the f", Kind.DIFFERS
    ),
    "register of an argument": ("general register 4", "general register 5", Kind.DIFFERS),
    "register of a result": ("it, general register 2", "it, general register 3", Kind.DIFFERS),
}  # fmt: skip


def beyond_absent(found: Drifted) -> list[tuple[Kind, int | None]]:
    return [(each.kind, each.line) for each in found.drifts if each.kind is not Kind.ABSENT]


def test_page_of_codes_holds_but_for_what_it_lacks(tmp_path: Path) -> None:
    found = held(tmp_path, CODES, "kvm-s390-diagnose")
    assert beyond_absent(found) == []
    named = {"KVM_S390_VIRTIO_CCW_NOTIFY", "DIAG_BREAKPOINT"}
    assert {each.call for each in found.drifts} == served("kvm-s390-diagnose") - named


@pytest.mark.parametrize("case", CODE_CASES)
def test_one_change_of_a_page_of_codes_is_found_on_its_line(tmp_path: Path, case: str) -> None:
    old, new, kind = CODE_CASES[case]
    line = first_change(CODES, old, new)
    found = held(tmp_path, CODES.replace(old, new), "kvm-s390-diagnose")
    assert beyond_absent(found) == [(kind, line)]


TABLES = """\
========
Hidden time
========

* PV_TIME_FEATURES: 0xC5000020

PV_TIME_ST
    ============= ========    ==========
    Function ID:  (uint32)    0xC5000021
    Return value: (int64)     an address, or NOT_SUPPORTED (-1)
    ============= ========    ==========

``ARM_SMCCC_KVM_FUNC_MEM_SHARE``
--------------------------------

+----------------+----------+----+----------------------------+
| Function ID:   | (uint32) | 0xC6000003                      |
+----------------+----------+----+----------------------------+
| Arguments:     | (uint64) | R1 | address                    |
|                +----------+----+----------------------------+
|                | (uint64) | R2 | must be zero               |
|                +----------+----+----------------------------+
|                | (uint64) | R3 | must be zero               |
+----------------+----------+----+----------------------------+
| Return Values: | (int64)  | R0 | ``INVALID_PARAMETER (-3)`` |
+----------------+----------+----+----------------------------+
"""

TABLE_CASES: dict[str, tuple[str, str, Kind]] = {
    "number of a list": ("0xC5000020", "0xC5000022", Kind.DIFFERS),
    "number of a table": ("0xC5000021", "0xC5000020", Kind.DIFFERS),
    "number of a grid": ("0xC6000003", "0xC6000004", Kind.DIFFERS),
    "value of an error": ("(-3)``", "(-2)``", Kind.DIFFERS),
    "error": ("or NOT_SUPPORTED", "or NOT_REQUIRED ", Kind.DIFFERS),
    "register of an argument": ("| R2 |", "| R4 |", Kind.DIFFERS),
    "register of the answer": ("| R0 |", "| R1 |", Kind.DIFFERS),
    "name of a list": ("PV_TIME_FEATURES", "PV_TIME_FEATURED", Kind.UNKNOWN),
    "name of a term": ("PV_TIME_ST\n", "PV_TIME_SX\n", Kind.UNKNOWN),
    "name of a title": ("FUNC_MEM_SHARE", "FUNC_MEM_SHAKE", Kind.UNKNOWN),
}


def test_page_of_tables_holds_but_for_what_it_lacks(tmp_path: Path) -> None:
    assert beyond_absent(held(tmp_path, TABLES, "arm-smccc")) == []


@pytest.mark.parametrize("case", TABLE_CASES)
def test_one_change_of_a_page_of_tables_is_found_on_its_line(tmp_path: Path, case: str) -> None:
    old, new, kind = TABLE_CASES[case]
    line = first_change(TABLES, old, new)
    found = held(tmp_path, TABLES.replace(old, new), "arm-smccc")
    assert set(beyond_absent(found)) == {(kind, line)}


def test_page_of_another_interface_is_refused_and_one_that_names_a_call_is_not(
    tmp_path: Path,
) -> None:
    page = "Clocks\n======\n\nThey tick. SOME_OTHER_CALL does not.\n"
    with pytest.raises(HypabiError, match="names no call of kvm-x86-hypercalls"):
        held(tmp_path, page, "kvm-x86-hypercalls")
    found = held(tmp_path, page + "\nKVM_HC_KICK_CPU\n---------------\n\n:Number: 5\n", X86_NAME)
    assert beyond_absent(found) == []


X86_NAME = "kvm-x86-hypercalls"


def test_name_of_which_nothing_says_that_it_is_a_call_is_undecided(tmp_path: Path) -> None:
    page = "KVM_HC_KICK_CPU\n===============\n\nWakes.\n\nKVM_REG_OF_IT\n=============\n\nHolds.\n"
    found = held(tmp_path, page, X86_NAME)
    assert [(each.what, each.line) for each in found.opens] == [("KVM_REG_OF_IT", 6)]
    called = held(tmp_path, page + "\n:Number: 77\n", X86_NAME)
    assert (called.opens, beyond_absent(called)) == ((), [(Kind.UNKNOWN, 6)])


def test_kernel_that_the_contract_was_not_read_in_is_undecided(tmp_path: Path) -> None:
    assert held(tmp_path, X86, X86_NAME, "6.1").opens == ()
    (doubt,) = held(tmp_path, X86, X86_NAME, "6.6").opens
    assert doubt.what == "kernel 6.6" and "5.10, 6.1, 6.12, 7.2" in doubt.reason
