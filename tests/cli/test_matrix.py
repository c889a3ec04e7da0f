"""`hypabi matrix`: the grid, what happens instead, JSON, refusals, the exit status."""

import functools
import json
from typing import Any

import pytest

from hypabi.analysis.results.matrix import MatrixResult
from hypabi.api import matrix
from hypabi.report.matrix.json import write as write_json
from hypabi.report.matrix.text import Detail, write
from tests.cli.door import hypabi, hypabi_process, one_line
from tests.report.schemas import strict

COLUMNS = 75
LIVE = ("party", "revision")
BREAK = ("--image", "arm-break-2016-12", "--party", "kvm-run", "--caller", "A5-posted")
KEPT = ("--image", "arm-kvm-a4-patchlet", "--party", "kvm-run", "--caller")
THREE = ("arm-kvm-a6", "arm-stub-a7", "arm64-stub-b8")
"""Of both architectures and all forms: 106 cells."""
ONE = f"{BREAK[-1]}/__hyp_get_vectors"


def report(*arguments: str) -> dict[str, Any]:
    return published(hypabi("matrix", *arguments, "--format", "json").stdout)


def published(text: str) -> dict[str, Any]:
    printed: dict[str, Any] = json.loads(text)
    strict("matrix").validate(printed)
    return printed


@functools.cache
def of_every_reference() -> MatrixResult:
    """What the command prints without an option."""
    return matrix()


def test_the_cell_that_started_it_all() -> None:
    ran = hypabi("matrix", *BREAK[:-1], ONE, "--instruction-set", "A32", "--byte-order", "little")
    assert ran.returncode == 4 | 8
    assert ran.stderr == ""
    assert ran.stdout.startswith("references: REFUTED\n1 cell: 1 refuted; 1 pair of")
    assert (
        "                             kvm-run\n"
        "                                  A4\n"
        "A5-posted __hyp_get_vectors        X\n"
    ) in ran.stdout
    assert (
        "* kvm-run A4 is live (arm-break-2016-12: a32)\n"
        "  asked by    A5-posted __hyp_get_vectors: r0 = 0x0\n"
        "  promised    HVC_GET_VECTORS returns to the caller, with result ==\n"
        "              old(HVBAR)\n"
        "  instead     control goes to address 0 at HYP, as to a function, in A32\n"
        "              state\n"
    ) in ran.stdout
    assert ran.stdout.count("blx lr\n") == 1
    assert "host: VTTBR[55:48] == 0" in ran.stdout


def test_with_the_patchlet_it_is_kept_and_the_status_is_good() -> None:
    ran = hypabi("matrix", *KEPT, "A4-patchlet/__hyp_get_vectors")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "A4-patchlet __hyp_get_vectors      kept\n" in ran.stdout
    assert ran.stdout.startswith("references: KEPT\n")
    assert "Refuted" not in ran.stdout


def test_a_cell_that_is_not_decided_shows_in_the_status() -> None:
    arguments = ("--caller", "B7/__hyp_finalise_el2", "--party", "kvm-run/B4")
    printed = report(*arguments)
    assert {cell["verdict"] for cell in printed["cells"]} == {"undecided"}
    assert (printed["verdict"], printed["exit_status"]) == ("undecided", 16)
    ran = hypabi("matrix", *arguments)
    assert ran.stdout.startswith("references: UNDECIDED\n")
    assert ran.returncode == 16


def test_nothing_judged_is_not_good() -> None:
    printed = report("--caller", "B7/kvm_call_hyp", "--party", "kvm-init/B7")
    assert {cell["verdict"] for cell in printed["cells"]} == {"left open"}
    assert printed["exit_status"] == 16


def test_without_options_every_revision_is_judged() -> None:
    printed = published(write_json(of_every_reference()))
    cells = {
        (*(c["caller"][key] for key in ("revision", "function")), *(c["live"][key] for key in LIVE))
        for c in printed["cells"]
    }
    revisions = {cell[0] for cell in cells}
    assert {"A1", "A4", "A4-patchlet", "A5-posted", "A5", "A6", "A7", "B4", "B8"} <= revisions
    assert ("A5", "__hyp_get_vectors", "kvm-run", "A4") in cells
    forms = {cell["form"] for cell in printed["cells"]}
    assert forms == {"a32", "t32", "a32be", "t32be", "a64", "a64be"}
    assert printed["exit_status"] == 4 | 8 | 16
    assert sum(printed["counts"]["cells"].values()) == len(printed["cells"])
    used = {c["caller"]["image"] for c in printed["cells"]}
    assert not [name for name in used if "life" in name or "break" in name]


def test_the_grid_alone_fits_a_mail_and_says_what_its_marks_mean() -> None:
    printed = write(of_every_reference(), Detail.NONE)
    assert max(map(len, printed.splitlines())) <= COLUMNS
    assert "arm (a32, t32, a32be, t32be)" in printed
    assert "arm64 (a64, a64be)" in printed
    for meaning in ("kept: the party does", "X: refuted", "error: it does not", "?: undecided"):
        assert meaning in printed
    assert "instead" not in printed


def test_the_evidence_fits_a_mail_as_well() -> None:
    printed = write(of_every_reference(), Detail.PATHS)
    assert max(map(len, printed.splitlines())) <= COLUMNS
    assert "  path        " in printed


def test_lines_leave_the_paths_out() -> None:
    printed = hypabi("matrix", *BREAK, "--evidence", "lines").stdout
    assert "instead" in printed
    assert "  path        " not in printed


@pytest.mark.parametrize(
    ("option", "field", "value"),
    [
        (("--architecture", "arm64"), ("live", "architecture"), "arm64"),
        (("--instruction-set", "T32", "--byte-order", "big"), ("form",), "t32be"),
        (("--party", "kvm-run/A6"), ("live", "revision"), "A6"),
        (("--caller", "A7"), ("caller", "revision"), "A7"),
    ],
)
def test_an_option_keeps_only_what_it_names(
    option: tuple[str, ...], field: tuple[str, ...], value: str
) -> None:
    chosen = [each for image in THREE for each in ("--image", image)]
    cells = report(*chosen, *option)["cells"]
    assert 0 < len(cells) < 106
    for cell in cells:
        found = cell
        for name in field:
            found = found[name]
        assert found == value


def test_a_refuted_cell_has_its_path_and_the_state_it_starts_in() -> None:
    (cell,) = report(*BREAK[:-1], ONE, "--instruction-set", "T32", "--byte-order", "big")["cells"]
    because = cell["because"]
    assert cell["caller"]["registers"] == {"r0": "0x0"}
    assert because["promised_of"] == {"party": "kvm-run", "call": "HVC_GET_VECTORS"}
    assert because["clause"]["name"] == "returns"
    assert because["disassembly"][-1]["text"] == "blx lr"
    assert len(because["path"]) == len(because["disassembly"])
    assert because["counterexample"]["VTTBR"] == "0x0"


def test_the_same_question_gives_the_same_bytes() -> None:
    one, other = (
        hypabi_process("matrix", *BREAK, "--format", "json", PYTHONHASHSEED=seed)
        for seed in ("1", "2")
    )
    assert one.stdout == other.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--image", "arm-stub-a9"), "no reference image; did you mean 'arm-stub-"),
        (("--caller", "A9"), "no cell is left of what was asked for; ask for less"),
        (("--architecture", "arm64", "--instruction-set", "A32"), "no cell is left"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_line(arguments: tuple[str, ...], said: str) -> None:
    ran = hypabi("matrix", *arguments)
    assert ran.returncode == (3 if "no reference image" in said else 1)
    assert said in one_line(ran)
