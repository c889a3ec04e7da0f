"""The kernel's own pages of hypercalls, of four kernels, against the stated contracts.

What is expected of each was read in the pages beside the kernels' sources; a page that changes from
one kernel to the next is expected to say what that kernel has.
"""

from pathlib import Path

import pytest

from hypabi.analysis.results.drift import DriftResult
from hypabi.errors import HypabiError
from hypabi.judgement.drift.findings import Kind
from kernels.pins import DOCUMENTS, read_pins
from tests.cli.door import hypabi, one_line
from tests.cli.drift_report import held
from tests.inputs import Kernel

Found = tuple[Kind, int | None, str]

NOT_IN_DIAG = (
    "DIAG_RELEASE_PAGES (0x10)", "DIAG_TIME_SLICE_END (0x44)", "DIAG_PAGE_REFERENCE (0x258)",
    "DIAG_WATCHDOG (0x288)", "DIAG_IPL (0x308)",
)  # fmt: skip
"""KVM serves these codes, or hands them on, and no page of any kernel has them."""


def absent(*calls: str) -> set[Found]:
    return {(Kind.ABSENT, None, each) for each in calls}


def left(line: int) -> set[Found]:
    return {(Kind.LEFT_BEHIND, line, "the kernel goes against it")}


def mmio(line: int) -> set[Found]:
    """Return what holds of a call that no kernel serves and whose page gives it an error."""
    said = "an error of KVM_MMIO_GUARD is INVALID_PARAMETER, and NOT_SUPPORTED in the contract"
    return {(Kind.DIFFERS, line, said)}


PPC = absent("EV_IDLE (0x10010)", "KVM_HC_FEATURES (0x2a0003)") | left(78)

EXPECTED: dict[tuple[str, str], set[Found]] = {
    ("x86-hypercalls-5.10.rst", "kvm-x86-hypercalls"): set(),
    ("x86-hypercalls-6.1.rst", "kvm-x86-hypercalls"): set(),
    ("x86-hypercalls-6.12.rst", "kvm-x86-hypercalls"): set(),
    ("x86-hypercalls-7.2.rst", "kvm-x86-hypercalls"): set(),
    ("x86-hypercalls-5.10.rst", "kvm-s390-diagnose"): set(),
    ("x86-hypercalls-6.1.rst", "kvm-s390-diagnose"): set(),
    ("x86-hypercalls-7.2.rst", "kvm-s390-diagnose"): set(),
    ("x86-hypercalls-5.10.rst", "kvm-powerpc-hypercalls"): set(),
    ("x86-hypercalls-6.1.rst", "kvm-powerpc-hypercalls"): set(),
    ("x86-hypercalls-7.2.rst", "kvm-powerpc-hypercalls"): set(),
    ("s390-diag-5.10.rst", "kvm-s390-diagnose"): absent(
        *NOT_IN_DIAG, "DIAG_TIME_SLICE_END_DIRECTED (0x9c)"
    ),
    ("s390-diag-6.1.rst", "kvm-s390-diagnose"): absent(*NOT_IN_DIAG) | left(92),
    ("s390-diag-6.12.rst", "kvm-s390-diagnose"): absent(*NOT_IN_DIAG) | left(92),
    ("s390-diag-7.2.rst", "kvm-s390-diagnose"): absent(*NOT_IN_DIAG) | left(113),
    ("ppc-pv-5.10.rst", "kvm-powerpc-hypercalls"): PPC,
    ("ppc-pv-6.1.rst", "kvm-powerpc-hypercalls"): PPC,
    ("ppc-pv-6.12.rst", "kvm-powerpc-hypercalls"): PPC,
    ("ppc-pv-7.2.rst", "kvm-powerpc-hypercalls"): PPC,
    ("pvtime-5.10.rst", "arm-smccc"): set(),
    ("pvtime-6.1.rst", "arm-smccc"): set(),
    ("pvtime-6.12.rst", "arm-smccc"): set(),
    ("pvtime-7.2.rst", "arm-smccc"): set(),
    ("ptp_kvm-6.1.rst", "arm-smccc"): set(),
    ("ptp_kvm-6.12.rst", "arm-smccc"): set(),
    ("ptp_kvm-7.2.rst", "arm-smccc"): set(),
    ("arm-hypercalls-6.12.rst", "arm-smccc"): mmio(143),
    ("arm-hypercalls-7.2.rst", "arm-smccc"): mmio(143),
}  # fmt: skip


def page_held(path: Path, contract: str, name: str) -> DriftResult:
    return held(path, contract, kernel_version=name.removesuffix(".rst").rpartition("-")[2])


def found_in(report: DriftResult) -> set[Found]:
    return {(each.kind, each.line, each.what) for each in report.findings}


@pytest.mark.parametrize(("name", "contract"), EXPECTED)
def test_page_of_a_kernel_says_what_is_expected(
    kernel_document: Kernel, name: str, contract: str
) -> None:
    report = page_held(kernel_document(name), contract, name)
    expected = EXPECTED[name, contract]
    assert found_in(report) == expected
    assert (report.undecided, report.coverage.facts > 1) == ((), True)
    assert report.exit_status == (4 if expected else 0)


PHYP = {
    "5.10": 9,  # H_SCM_READ_METADATA to H_SCM_PERFORMANCE_STATS
    "6.1": 10,  # and H_SCM_FLUSH
    "6.12": 10,
    "7.2": 14,  # and H_HTM, H_PKS_GEN_KEY, H_PKS_WRAP_OBJECT, H_PKS_UNWRAP_OBJECT
}


@pytest.mark.parametrize("version", PHYP)
def test_page_of_calls_that_kvm_does_not_serve_names_none_that_it_serves(
    kernel_document: Kernel, version: str
) -> None:
    """Its table of registers says r4-r10 where its own text says r4-r12."""
    name = f"papr_hcalls-{version}.rst"
    report = page_held(kernel_document(name), "kvm-powerpc-hypercalls", name)
    unknown = [each for each in report.findings if each.kind is Kind.UNKNOWN]
    assert len(unknown) == PHYP[version] and all(e.line and e.line > 140 for e in unknown)
    absent_ones = {each.what for each in report.findings if each.kind is Kind.ABSENT}
    assert {"H_ENTER (0x8)", "H_REMOVE (0x4)", "H_CEDE (0xe0)"} <= absent_ones
    assert {e.line for e in report.findings if e.kind is Kind.DIFFERS} == {71}


CHANGES: dict[str, tuple[str, str, str, str, Kind]] = {
    "number": ("pvtime-6.1.rst", "arm-smccc", "FEATURES: 0xC5000020", "FEATURES: 0xC5000024",
               Kind.DIFFERS),
    "number of a table": ("ptp_kvm-7.2.rst", "arm-smccc", "0x86000001", "0x86000002",
                          Kind.DIFFERS),
    "name": ("pvtime-6.1.rst", "arm-smccc", "\nPV_TIME_ST\n", "\nPV_TIME_SQ\n", Kind.UNKNOWN),
    "name of x86": ("x86-hypercalls-6.1.rst", "kvm-x86-hypercalls", "5. KVM_HC_KICK_CPU",
                    "5. KVM_HC_KICK_CPW", Kind.UNKNOWN),
    "register of x86": ("x86-hypercalls-6.1.rst", "kvm-x86-hypercalls", "placed in rax and",
                        "placed in rcx and", Kind.DIFFERS),
    "arguments of x86": ("x86-hypercalls-6.1.rst", "kvm-x86-hypercalls", "- a3: APIC ICR",
                         "- a4: APIC ICR", Kind.DIFFERS),
    "error of x86": ("x86-hypercalls-6.1.rst", "kvm-x86-hypercalls", "Returns KVM_EOPNOTSUPP",
                     "Returns KVM_EINVAL", Kind.DIFFERS),
    "code of s390": ("s390-diag-7.2.rst", "kvm-s390-diagnose", "specifies 0x501",
                     "specifies 0x502", Kind.DIFFERS),
    "code in a title": ("s390-diag-7.2.rst", "kvm-s390-diagnose", "'X'501 -", "'X'511 -",
                        Kind.UNKNOWN),
    "subcode": ("s390-diag-7.2.rst", "kvm-s390-diagnose", "Subcode 4 -", "Subcode 5 -",
                Kind.UNKNOWN),
    "register of s390": ("s390-diag-7.2.rst", "kvm-s390-diagnose",
                         "General register 3 contains the number",
                         "General register 5 contains the number", Kind.DIFFERS),
    "register in the list of s390": ("x86-hypercalls-6.1.rst", "kvm-s390-diagnose", "R2-R7",
                                     "R2-R6", Kind.DIFFERS),
    "register of PowerPC": ("x86-hypercalls-6.1.rst", "kvm-powerpc-hypercalls",
                            "hypercall number in R11", "hypercall number in R12", Kind.DIFFERS),
    "row of a table of registers": ("ppc-pv-6.1.rst", "kvm-powerpc-hypercalls",
                                    "r11\t\thypercall number", "r12\t\thypercall number",
                                    Kind.DIFFERS),
    "vendor": ("ppc-pv-6.1.rst", "kvm-powerpc-hypercalls", "(42 << 16)", "(43 << 16)",
               Kind.DIFFERS),
    "return code": ("ppc-pv-6.1.rst", "kvm-powerpc-hypercalls", "12\t\tHypercall not",
                    "13\t\tHypercall not", Kind.DIFFERS),
    "register of a grid": ("arm-hypercalls-7.2.rst", "arm-smccc",
                           "R1 | Base IPA of memory region to share",
                           "R5 | Base IPA of memory region to share", Kind.DIFFERS),
    "identity": ("arm-hypercalls-7.2.rst", "arm-smccc", "28b46fb6-2ec5", "28b46fb6-2ec6",
                 Kind.DIFFERS),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGES)
def test_one_change_of_a_page_of_a_kernel_is_found_on_its_line(
    kernel_document: Kernel, tmp_path: Path, case: str
) -> None:
    name, contract, old, new, kind = CHANGES[case]
    text = kernel_document(name).read_text(encoding="utf-8")
    assert text.count(old) == 1
    changed = tmp_path / name
    changed.write_text(text.replace(old, new), encoding="utf-8")
    before, after = text.split("\n"), text.replace(old, new).split("\n")
    line = next(
        at for at, pair in enumerate(zip(before, after, strict=True), 1) if pair[0] != pair[1]
    )
    more = found_in(page_held(changed, contract, name)) - EXPECTED[name, contract]
    assert {(e[0], e[1]) for e in more if e[0] is not Kind.ABSENT} == {(kind, line)}


def test_entry_that_is_cut_out_is_absent(kernel_document: Kernel, tmp_path: Path) -> None:
    name = "x86-hypercalls-6.1.rst"
    text = kernel_document(name).read_text(encoding="utf-8")
    start, end = text.index("6. KVM_HC_SEND_IPI"), text.index("7. KVM_HC_SCHED_YIELD")
    cut = tmp_path / name
    cut.write_text(text[:start] + text[end:], encoding="utf-8")
    found = found_in(page_held(cut, "kvm-x86-hypercalls", name))
    assert found == absent("KVM_HC_SEND_IPI (0xa)")


def test_page_of_another_kernel_lacks_what_came_since(kernel_document: Kernel) -> None:
    page = kernel_document("x86-hypercalls-5.10.rst")
    found = found_in(held(page, "kvm-x86-hypercalls", kernel_version="6.1"))
    assert found == absent("KVM_HC_MAP_GPA_RANGE (0xc)")


def test_page_that_names_no_call_is_refused(kernel_document: Kernel) -> None:
    page = str(kernel_document("psci-5.10.rst"))
    for contract in ("arm-psci", "arm-smccc"):
        ran = hypabi(
            "document", "--drift", page, "--contract", contract, "--kernel-version", "5.10"
        )
        assert ran.returncode == 1
        assert f"it names no call of {contract}" in one_line(ran)


def test_every_pinned_page_but_hyp_abi_is_held_here() -> None:
    pinned = {name for name in read_pins(DOCUMENTS) if not name.startswith("hyp-abi")}
    named = {name for name, _ in EXPECTED} | {f"papr_hcalls-{each}.rst" for each in PHYP}
    assert pinned - named == {"psci-5.10.rst", "arm-hypercalls-6.1.rst"}


def test_page_of_pseudo_registers_is_refused(kernel_document: Kernel, tmp_path: Path) -> None:
    """Until 6.11 arm/hypercalls.rst was the page of KVM's pseudo-registers, which are no calls."""
    page = tmp_path / "hypercalls.rst"
    page.write_bytes(kernel_document("arm-hypercalls-6.1.rst").read_bytes())
    with pytest.raises(HypabiError, match="names no call of arm-smccc"):
        held(page, "arm-smccc", kernel_version="6.1")
