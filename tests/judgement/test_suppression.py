"""Suppressions say exactly what they are about, why and until when, or are refused with a line."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.contract.version import Version
from hypabi.errors import HypabiError
from hypabi.judgement.suppression import Suppressions, parse_suppressions

TODAY = date(2026, 11, 22)
IMAGE = "a" * 64
ENTRY = {
    "party": "stub",
    "call": "HVC_SET_VECTORS",
    "clause": "registers",
    "reason": "why",
    "expires": "2027-01-31",
}


def parsed(*entries: dict[str, str]) -> Suppressions:
    lines = ["suppressions:"]
    for entry in entries:
        items = [f"{key}: {value!r}" for key, value in entry.items()]
        lines += [f"  - {items[0]}", *(f"    {item}" for item in items[1:])]
    return parse_suppressions("\n".join(lines).encode(), "file", TODAY)


def covers(found: Suppressions, version: str = "6.1", image: str = IMAGE) -> bool:
    at = Version.parse(version)
    return found.of_clause("stub", "HVC_SET_VECTORS", "registers", image, at) is not None


def test_it_covers_what_it_names_and_nothing_else() -> None:
    found = parsed(ENTRY)
    assert covers(found)
    version = Version.parse("6.1")
    for party, call, clause in (
        ("kvm-run", "HVC_SET_VECTORS", "registers"),
        ("stub", None, "registers"),
        ("stub", "HVC_SET_VECTORS", "memory"),
    ):
        assert found.of_clause(party, call, clause, IMAGE, version) is None
    what = ("stub", "HVC_SET_VECTORS", "weaker", "old-callers")
    assert found.of_change(*what, IMAGE, version) is None


def test_any_other_stands_for_what_is_no_call() -> None:
    found = parsed({**ENTRY, "call": "any-other"})
    assert found.of_clause("stub", None, "registers", IMAGE, None) is not None


def test_it_ends_on_the_day_it_expires() -> None:
    assert covers(parsed({**ENTRY, "expires": "2026-11-23"}))
    over = parsed({**ENTRY, "expires": "2026-11-22"})
    assert not covers(over)
    assert over.run_out() == over.entries
    assert over.unused(()) == ()


def test_versions_and_images_bound_it() -> None:
    bounded = parsed({**ENTRY, "since": "6.1", "until": "6.12"})
    assert [covers(bounded, each) for each in ("5.10", "6.1", "6.11.9", "6.12")] == [
        False,
        True,
        True,
        False,
    ]
    assert not bounded.of_clause("stub", "HVC_SET_VECTORS", "registers", IMAGE, None)
    one = parsed({**ENTRY, "image": IMAGE})
    assert covers(one)
    assert not covers(one, image="b" * 64)


def test_what_covers_nothing_is_unused() -> None:
    found = parsed(ENTRY, {**ENTRY, "clause": "memory"})
    version = Version.parse("6.1")
    used = found.of_clause("stub", "HVC_SET_VECTORS", "registers", IMAGE, version)
    assert [each.clause for each in found.unused([used])] == ["memory"]
    assert found.of_changes().entries == ()
    assert found.of_checks() == found


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        (
            {k: v for k, v in ENTRY.items() if k != "reason"},
            "file:2: suppressions[0]: the key 'reason'",
        ),
        (
            {k: v for k, v in ENTRY.items() if k != "expires"},
            "the key 'expires' is missing; every suppression has an end",
        ),
        (
            {k: v for k, v in ENTRY.items() if k != "clause"},
            "file:2: suppressions[0]: wants exactly one of the keys clause, caller, change",
        ),
        ({**ENTRY, "change": "weaker"}, "wants exactly one of the keys clause, caller, change"),
        (
            {**ENTRY, "expires": "soon"},
            "file:6: suppressions[0].expires: wants a day such as 2027-01-31, has the text 'soon'",
        ),
        (
            {**ENTRY, "expires": "20270131"},
            "wants a day such as 2027-01-31, has the text '20270131'",
        ),
        (
            {**ENTRY, "expires": "2027-02-30"},
            "wants a day such as 2027-01-31, has the text '2027-02-30'",
        ),
        ({**ENTRY, "reason": " "}, "wants a text, has the text ' '"),
        (
            {**ENTRY, "image": "abc"},
            "wants a SHA-256 of 64 small hexadecimal digits, has the text 'abc'",
        ),
        ({**ENTRY, "since": "six"}, "wants a kernel version as text"),
        (
            {**ENTRY, "since": "6.2", "until": "6.1"},
            "file:8: suppressions[0].until: it holds for no version",
        ),
        ({**ENTRY, "clauze": "x"}, "unknown key; did you mean 'clause'?"),
        (
            {**ENTRY, "direction": "old-callers"},
            "file:7: suppressions[0].direction: only a change has a direction",
        ),
    ],
)
def test_what_it_cannot_mean_is_refused_with_its_line(entry: dict[str, str], what: str) -> None:
    with pytest.raises(HypabiError) as caught:
        parsed(entry)
    assert what in str(caught.value)


def test_a_change_is_one_of_those_that_can_be_suppressed() -> None:
    change = {k: v for k, v in ENTRY.items() if k != "clause"}
    for word in ("renumbered", "stronger", "weaker", "incompatible"):
        assert parsed({**change, "change": word}).entries[0].change == word
    for word in ("equal", "undecided", "vacuous"):
        with pytest.raises(HypabiError, match="wants one of renumbered, stronger"):
            parsed({**change, "change": word})


def test_the_same_twice_is_refused() -> None:
    with pytest.raises(HypabiError, match="the same is suppressed on line 2"):
        parsed(ENTRY, ENTRY)


@given(st.text(alphabet="suppressions: -{}[]\n'\"&*!#x0", max_size=60))
def test_no_text_is_a_defect(text: str) -> None:
    refusal = "file: "
    try:
        parse_suppressions(text.encode(), "file", TODAY)
    except HypabiError as caught:
        refusal = str(caught)
    assert refusal.startswith("file:")
    assert "\n" not in refusal
