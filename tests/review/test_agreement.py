"""Who must agree is joined by interface and by file, and agreement is each owner's own."""

from collections.abc import Sequence

import pytest

from hypabi.analysis.results.review import (
    AgreementWord,
    FindingWord,
    MustAgree,
    PatchWord,
    ReviewChange,
    ReviewDrift,
    ReviewedPatch,
    ReviewFinding,
)
from hypabi.records import replace
from hypabi.review.agreement import agreement
from hypabi.review.mailmap import read_mailmap
from hypabi.review.maintainers import read_maintainers
from hypabi.review.series.model import Patch, Series, Trailer

SECTIONS = read_maintainers(
    "STUB\nM:\tOlive <olive@example.org>\nR:\tRob <rob@example.org>\nF:\tarch/\n\n"
    "OTHER\nM:\tOtto <otto@example.org>\nM:\tOda <Oda@Example.org>\nF:\tother/\n"
)
FILE = "arch/a.S"


def change(*who: str) -> ReviewChange:
    return ReviewChange("arm64 kernel", "stub", "HVC_X", "old-callers", "weaker", "", ("f",), who)


def broken(*who: str) -> ReviewFinding:
    return ReviewFinding("arm64 kernel", "clause stub X y", FindingWord.REFUTED, "", who, ())


def patch(
    number: int,
    changes: Sequence[ReviewChange] = (),
    introduces: Sequence[ReviewFinding] = (),
) -> ReviewedPatch:
    return ReviewedPatch(
        number, "", "", (FILE,), PatchWord.EQUAL, (), tuple(introduces), (), tuple(changes), 0, ()
    )


def owners(
    patches: Sequence[ReviewedPatch],
    tags: Sequence[tuple[int, str]] = (),
    kind: str = "Acked-by",
    outside: frozenset[str] = frozenset(),
    document: str | None = None,
) -> dict[str, MustAgree]:
    """Return who must agree; each tag is a number, 0 for the series, and an address."""
    posted = tuple(Patch(each.number, "", "", (), b"", (FILE,), None) for each in patches)
    given = tuple((number, Trailer(kind, "", address)) for number, address in tags)
    found = agreement(Series("", "", posted, given), patches, SECTIONS, outside, document)
    return {each.who: each for each in found}


def test_an_owner_without_a_touched_file_must_agree_to_what_is_his() -> None:
    for step in (patch(1, changes=[change("OTHER")]), patch(1, introduces=[broken("OTHER")])):
        found = owners([step])
        assert found["OTHER"].word is AgreementWord.MISSING and found["OTHER"].missing == (1,)
        assert found["STUB"].word is AgreementWord.MISSING_FOR_FILES
        assert found["STUB"].because == (FILE,)


@pytest.mark.parametrize("kind", ["Acked-by", "Reviewed-by", "Signed-off-by", "From"])
def test_any_maintainer_of_a_section_speaks_for_it_and_nobody_else(kind: str) -> None:
    steps = [patch(1, changes=[change("OTHER")])]
    for address in ("otto@example.org", "oda@example.org"):
        found = owners(steps, [(1, address)], kind)["OTHER"]
        assert found.word is AgreementWord.GIVEN and found.missing == ()
        assert [each.kind for each in found.given] == [kind]
    for address in ("olive@example.org", "rob@example.org", "otto@example.com"):
        found = owners(steps, [(1, address)], kind)["OTHER"]
        assert found.word is AgreementWord.MISSING and found.given == ()


def test_a_reviewer_of_a_section_is_told_and_does_not_agree_for_it() -> None:
    found = owners([patch(1, changes=[change("STUB")])], [(1, "rob@example.org")])["STUB"]
    assert found.word is AgreementWord.MISSING and found.copies == ("Rob <rob@example.org>",)


def test_agreement_is_to_the_patches_that_are_his_and_to_a_series_as_a_whole() -> None:
    steps = [patch(1, changes=[change("OTHER")]), patch(2), patch(3, changes=[change("OTHER")])]
    to_one = owners(steps, [(1, "otto@example.org")])["OTHER"]
    assert (to_one.word, to_one.patches, to_one.missing) == (AgreementWord.MISSING, (1, 3), (3,))
    both = owners(steps, [(1, "otto@example.org"), (3, "oda@example.org")])["OTHER"]
    whole = owners(steps, [(0, "otto@example.org")])["OTHER"]
    assert both.word is whole.word is AgreementWord.GIVEN


def test_a_user_outside_is_to_be_told_and_an_unknown_section_is_missing() -> None:
    steps = [patch(1, changes=[change("jailhouse", "GONE FROM MAINTAINERS")])]
    found = owners(steps, outside=frozenset({"jailhouse"}))
    assert found["jailhouse"].word is AgreementWord.OUTSIDE
    gone = found["GONE FROM MAINTAINERS"]
    assert gone.word is AgreementWord.MISSING and gone.people == ()


def test_who_keeps_the_file_of_a_caller_that_suffers_must_agree() -> None:
    finding = replace(broken(), function="restart", source="other/restart.S")
    found = owners([patch(1, introduces=[finding])])
    assert found["OTHER"].word is AgreementWord.MISSING
    assert found["OTHER"].because == ("restart in other/restart.S",)
    assert "OTHER" not in owners([patch(1, introduces=[replace(finding, source="")])])


def test_who_keeps_the_document_must_agree_where_it_drifts() -> None:
    drifted = replace(
        patch(1), drift=(ReviewDrift("changed", "a sentence", 3, contradicted=False),)
    )
    found = owners([drifted], document="other/page.rst")
    assert found["OTHER"].word is AgreementWord.MISSING
    assert "OTHER" not in owners([patch(1)], document="other/page.rst")


def test_who_wrote_from_another_address_that_the_tree_knows_is_the_same_person() -> None:
    steps = [patch(1, changes=[change("OTHER")])]
    given = Series("", "", (), ((1, Trailer("Acked-by", "Otto", "otto@before.example.org")),))
    to_before = "Otto <otto@after.example.org> <otto@before.example.org>\n"
    of_the_file = "Otto <otto@after.example.org> <otto@example.org>\n"
    for text, word in (
        ("Otto <otto@example.org> <otto@before.example.org>\n", AgreementWord.GIVEN),
        (to_before, AgreementWord.MISSING),
        (to_before + of_the_file, AgreementWord.GIVEN),  # MAINTAINERS has an older one too
    ):
        found = agreement(given, steps, SECTIONS, frozenset(), known_as=read_mailmap(text))
        assert {each.who: each.word for each in found}["OTHER"] is word


def test_who_asks_to_be_told_of_a_word_is_named_and_counts_for_nothing() -> None:
    sections = read_maintainers("WORDS\nM:\tWanda <w@example.org>\nK:\tclone3\n")
    said = Patch(1, "", "", (), b"+++ b/x\n+ clone3\n", ("x",), None)
    silent = replace(said, number=2, diff=b"+++ b/x\n  clone3\n")
    series = Series("", "", (said, silent), ())
    (found,) = agreement(series, [patch(1), patch(2)], sections, frozenset())
    assert (found.who, found.word) == ("WORDS", AgreementWord.MISSING_FOR_FILES)
    assert (found.patches, found.because) == ((1,), ("it says clone3",))
