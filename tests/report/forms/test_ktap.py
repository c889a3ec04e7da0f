import contextlib
import importlib.util
import io
import os
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings

from hypabi.report.findings.finding import Findings
from hypabi.report.forms.ktap import write
from hypabi.report.forms.standing import Standing, standing_of
from kernels import cache
from tests.inputs import exploring, skip_for
from tests.report.forms.every import EVERY, HOSTILE
from tests.report.forms.ktap_reader import Malformed, leaves, read_ktap

DIRECTIVES = {
    Standing.PASSED: (True, None),
    Standing.FAILED: (False, None),
    Standing.UNDECIDED: (False, "ERROR"),
    Standing.SKIPPED: (True, "SKIP"),
    Standing.EXPECTED: (True, "XFAIL"),
}
KERNEL_TREE = "HYPABI_LINUX"
"""The environment variable that names a kernel's source tree."""


@pytest.fixture(scope="module")
def kunit_parser() -> ModuleType:
    """The kernel's own parser; it is under the GPL and never committed."""
    trees = (os.environ.get(KERNEL_TREE), *sorted((cache.folder() / "trees").glob("*")))
    folders = [Path(tree) / "tools" / "testing" / "kunit" for tree in trees if tree]
    folder = next((f for f in folders if (f / "kunit_parser.py").is_file()), Path("/nowhere"))
    if not (folder / "kunit_parser.py").is_file():
        skip_for("kernel-tree", f"${KERNEL_TREE} names no kernel's source with tools/testing/kunit")
    sys.path.insert(0, str(folder))
    try:
        spec = importlib.util.spec_from_file_location("kunit_parser", folder / "kunit_parser.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["kunit_parser"] = module
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(folder))
    return module


@pytest.mark.parametrize("findings", EVERY.values(), ids=list(EVERY))
def test_every_item_is_a_test_that_ends_as_it_weighs(findings: Findings) -> None:
    tests = list(leaves(read_ktap(write(findings))))
    expected = Counter(DIRECTIVES[standing_of(item)] for item in findings.items)
    assert Counter((test.ok, test.directive) for test in tests) == expected
    names = Counter(test.name for test in tests)
    assert names == Counter(" ".join(i.name.replace("#", "").split()) for i in findings.items)


@pytest.mark.parametrize("findings", EVERY.values(), ids=list(EVERY))
def test_every_finding_is_told_before_its_test_or_above_all(findings: Findings) -> None:
    text = write(findings)
    for each in findings.every():
        assert f"# {each.rule.id}: {each.sentence}\n" in text
    assert text.splitlines()[2] == f"# {findings.answer}"


@settings(max_examples=2000 if exploring() else 15)
@given(HOSTILE)
def test_no_text_of_an_image_makes_another_result(findings: Findings) -> None:
    tests = list(leaves(read_ktap(write(findings))))
    found = Counter((test.ok, test.directive) for test in tests)
    assert found == Counter(DIRECTIVES[standing_of(item)] for item in findings.items)


@pytest.mark.parametrize("findings", EVERY.values(), ids=list(EVERY))
def test_the_kernel_s_own_parser_finds_the_same(
    findings: Findings, kunit_parser: ModuleType
) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        found = kunit_parser.parse_run_tests(write(findings).splitlines())
    standings = Counter(standing_of(item) for item in findings.items)
    counts = found.counts
    assert counts.errors == 0
    assert counts.failed == standings[Standing.FAILED] + standings[Standing.UNDECIDED]
    assert counts.skipped == standings[Standing.SKIPPED]
    assert counts.passed == standings[Standing.PASSED] + standings[Standing.EXPECTED]
    groups = dict.fromkeys(item.group for item in findings.items)
    assert [suite.name for suite in found.subtests] == list(groups)


BROKEN = {
    "no version": "1..1\nok 1 a\n",
    "no plan": "KTAP version 1\nok 1 a\n",
    "fewer": "KTAP version 1\n1..2\nok 1 a\n",
    "more": "KTAP version 1\n1..1\nok 1 a\nok 2 b\n",
    "another number": "KTAP version 1\n1..1\nok 2 a\n",
    "good above bad": "KTAP version 1\n1..1\n  KTAP version 1\n  1..1\n  not ok 1 a\nok 1 b\n",
    "an error that is good": "KTAP version 1\n1..1\nok 1 a # ERROR no\n",
    "an unknown line": "KTAP version 1\n1..1\nwhat\nok 1 a\n",
    "no end": "KTAP version 1\n1..1\nok 1 a",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=list(BROKEN))
def test_the_reader_refuses_what_the_document_does_not_allow(text: str) -> None:
    with pytest.raises(Malformed):
        read_ktap(text)


def test_the_reader_takes_the_document_s_example() -> None:
    example = (
        "KTAP version 1\n1..1\n  KTAP version 1\n  1..3\n    KTAP version 1\n    1..1\n"
        "    # test_1: initializing test_1\n    ok 1 test_1\n  ok 1 example_test_1\n"
        "    KTAP version 1\n    1..2\n    ok 1 test_1 # SKIP test_1 skipped\n    ok 2 test_2\n"
        "  ok 2 example_test_2\n    KTAP version 1\n    1..3\n    ok 1 test_1\n    # test_2: FAIL\n"
        "    not ok 2 test_2\n    ok 3 test_3 # SKIP test_3 skipped\n  not ok 3 example_test_3\n"
        "not ok 1 main_test\n"
    )
    (main,) = read_ktap(example)
    assert [each.ok for each in main.subtests] == [True, True, False]
    assert [each.directive for each in main.subtests[2].subtests] == [None, None, "SKIP"]
