"""A review is the body of a mail: verdict first, narrow, short, and nothing invented in it."""

import email
from email.header import decode_header, make_header

import pytest

from hypabi.analysis.results.review import AgreementWord, FindingWord, PatchWord
from hypabi.records import replace
from hypabi.report.review.text import LONGEST, MOST_SHOWN, write, write_mail
from hypabi.report.shared.text_layout import COLUMNS, in_columns
from hypabi.review.causes import causes_of
from tests.report.made_review import LOST, made_owner, made_patch, made_review


def flat(text: str) -> str:
    return " ".join(text.split())


def test_the_first_two_lines_are_the_verdict_and_the_counts() -> None:
    first, second, *_ = write(made_review()).splitlines()
    assert first == "[PATCH v2 0/2] arm64: a series: BROKEN by patch 2"
    assert second.startswith("2 patches: 1 equal, 1 broken; 2 owners: 1 given, 1 missing; its end")
    whole = write(replace(made_review(), remaining=(LOST,)))
    assert "its end" not in whole


def test_it_names_what_breaks_with_one_witness_who_must_agree_and_how_to_repeat_it() -> None:
    text = write(made_review())
    said = flat(text)
    assert "stub, HVC_SOFT_RESTART: refuted, arm64 kernel control goes to x2 clause stub" in said
    assert "arm64 kernel: HVC_SOFT_RESTART is 4 instead of 1 at stub; trans-pgd still has 1" in said
    assert "arm64 kernel: HVC_NEW, number 5, is new: served by stub, and not by kvm-run" in said
    assert sum(line.startswith("    | ") for line in text.splitlines()) == MOST_SHOWN
    assert "missing for 2, Olive <olive@example.org>; stub, HVC_SOFT_RESTART" in said
    assert "agreed, Olive (Acked-by)" in said
    assert "Preexisting, and not counted: caller f HVC_X result stub." in said
    assert "hyp-abi.rst no longer says, or says otherwise: 2: call missing: HVC_NEW (0x5)" in said
    assert text.endswith("| Cc: Olive <olive@example.org>\n")
    assert "hypabi review series.mbox --tree linux" in text


def test_the_witness_is_of_the_cause_that_is_told_first() -> None:
    other = replace(LOST, rule="clause kvm any-other refused", call=None, shown=("the other's",))
    patch = replace(made_review().patches[1], introduces=(other, LOST))
    text = write(made_review(replace(patch, causes=causes_of((other, LOST)))))
    assert "| entered with x0 = 0x1" in text and "the other's" not in text


def test_what_is_undecided_is_not_said_to_break() -> None:
    left = replace(LOST, word=FindingWord.UNDECIDED)
    patch = replace(made_review().patches[1], introduces=(left,), causes=causes_of((left,)))
    text = write(made_review(patch))
    assert "What patch 2 leaves undecided:" in text and "breaks" not in text
    assert "What patch 2 breaks:" in write(made_review())


def test_nobody_is_asked_for_where_nobody_is_missing_and_the_document_is_named_where_it_stays() -> (
    None
):
    review = made_review()
    broken = replace(review.patches[1], drift=(), introduces=())
    text = write(replace(review, patches=(broken,), agreement=()))
    assert "hyp-abi.rst is not changed by the series." in flat(text) and "| Cc:" not in text


def test_a_mail_answers_the_cover_letter() -> None:
    text = write_mail(made_review())
    assert text.startswith("Subject: Re: [PATCH v2 0/2] arm64: a series\nIn-Reply-To: <cover@x>\n")
    assert text.endswith(write(made_review()))
    assert "In-Reply-To" not in write_mail(replace(made_review(), message_id=""))
    assert "\nEvil: 1" not in write_mail(replace(made_review(), message_id="x>\nEvil: 1\n"))


def test_it_is_never_longer_or_wider_than_a_mail_bears() -> None:
    many = [replace(made_patch(n), subject="s" * 200, why=("w " * 90,)) for n in range(1, 41)]
    owners = tuple(made_owner(AgreementWord.MISSING, f"SECTION {n}") for n in range(40))
    text = write(replace(made_review(*many), agreement=owners))
    lines = text.splitlines()
    assert len(lines) == LONGEST and max(map(len, lines)) <= COLUMNS
    assert any("more lines; --format json has all" in line for line in lines)
    assert "hypabi review series.mbox" in text


def test_a_mail_is_as_wide_as_a_mail_on_any_terminal() -> None:
    said = made_review(replace(made_patch(1), why=("w " * 90,)))
    with in_columns(120):
        assert max(map(len, write(said).splitlines())) > COLUMNS
        assert max(map(len, write_mail(said).splitlines())) <= COLUMNS


def test_a_command_of_many_lines_leaves_the_verdict_its_place() -> None:
    review = made_review()
    command = ("hypabi", "review", *(f"--tree=/{'long' * 40}/{n}" for n in range(40)))
    lines = write(
        replace(review, reproduce=replace(review.reproduce, command=command))
    ).splitlines()
    assert len(lines) <= LONGEST and max(map(len, lines)) <= COLUMNS
    assert lines[0].endswith("BROKEN by patch 2") and any("Who must agree" in e for e in lines)


def test_a_mail_that_is_not_ascii_says_so_and_its_subject_is_encoded() -> None:
    mail = email.message_from_string(write_mail(replace(made_review(), title="[PATCH] caf\u00e9")))
    assert str(make_header(decode_header(mail["Subject"]))) == "Re: [PATCH] caf\u00e9"
    assert mail.get_content_charset() == "utf-8" and "caf\u00e9" in str(mail.get_payload())
    assert "Content-Type" not in write_mail(made_review())
    again = write_mail(replace(made_review(), title="Re: [PATCH] one"))
    assert again.startswith("Subject: Re: [PATCH] one\n")


def test_nothing_of_a_mail_reaches_a_terminal() -> None:
    text = write(replace(made_review(), title="\x1b[2Jtitle\r\nFrom: x"))
    assert text.isascii() and text.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("word", "status"),
    [
        (PatchWord.EQUAL, 0),
        (PatchWord.UNTOUCHED, 0),
        (PatchWord.CHANGED, 4),
        (PatchWord.BROKEN, 12),
        (PatchWord.STILL, 12),
        (PatchWord.UNDECIDED, 16),
        (PatchWord.NOT_BUILT, 16),
        (PatchWord.REJECTED, 16),
        (PatchWord.NOT_REACHED, 16),
    ],
)
def test_the_exit_status_of_each_word(word: PatchWord, status: int) -> None:
    assert replace(made_review(made_patch(1, word)), agreement=()).exit_status == status


@pytest.mark.parametrize(
    ("word", "status"),
    [
        (AgreementWord.GIVEN, 0),
        (AgreementWord.MISSING, 4),
        (AgreementWord.MISSING_FOR_FILES, 0),
        (AgreementWord.OUTSIDE, 0),
    ],
)
def test_the_exit_status_of_each_standing(word: AgreementWord, status: int) -> None:
    found = replace(made_review(made_patch(1)), agreement=(made_owner(word),))
    assert found.exit_status == status
