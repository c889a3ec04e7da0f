"""Mails that anybody may have written become one series, and an agreement is whoever's sent it."""

import base64
import gzip
import io
import quopri
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.errors import HypabiError
from hypabi.review.series.mail import files_of, patch_in, read_mail, trailers_in, unflowed
from hypabi.review.series.model import Series, Trailer
from hypabi.review.series.posted import MOST_PATCHES
from hypabi.review.series.source import LARGEST, read_series
from tests.review.posted import TITLE, cover_mail, diff_of, mail, patch_mail

DIFF = diff_of("arch/arm64/kernel/hyp-stub.S", "one\n", "two\n")
OLIVE = "Olive Owner <olive@example.org>"


def series(folder: Path, text: str) -> Series:
    (folder / "series.mbox").write_bytes(text.encode("utf-8", "surrogateescape"))
    return read_series(str(folder / "series.mbox"), None)


def two(trailers: str = "") -> str:
    return cover_mail(2) + patch_mail(1, 2, "one", DIFF, trailers) + patch_mail(2, 2, "two", DIFF)


def test_a_thread_is_its_cover_and_its_patches_in_order_of_number(tmp_path: Path) -> None:
    text = cover_mail(2) + patch_mail(2, 2, "two", DIFF) + patch_mail(1, 2, "one", DIFF)
    found = series(tmp_path, text)
    assert found.title == f"[PATCH 0/2] {TITLE}" and found.message_id == "cover@x"
    assert [(each.number, each.subject) for each in found.patches] == [(1, "one"), (2, "two")]
    assert found.patches[0].files == ("arch/arm64/kernel/hyp-stub.S",)
    assert found.patches[0].diff.decode() == DIFF


@pytest.mark.parametrize("kind", ["Acked-by", "Reviewed-by"])
def test_an_answer_counts_for_the_patch_that_it_answers(tmp_path: Path, kind: str) -> None:
    given_ = mail("Re: [PATCH 2/2] two", f"> quoted\n\n{kind}: {OLIVE}", "a@x", "p2@x", OLIVE)
    found = series(tmp_path, two() + given_)
    assert found.trailers == ((2, Trailer(kind, "Olive Owner", "olive@example.org")),)


def test_an_answer_to_the_cover_or_to_an_answer_counts_for_what_that_is_about(
    tmp_path: Path,
) -> None:
    tag = f"Acked-by: {OLIVE}"
    question = mail("Re: [PATCH 1/2] one", "Why?", "q@x", "p1@x", OLIVE)
    answer = mail("Re: [PATCH 1/2] one", tag, "r@x", "q@x", OLIVE)
    for_all = mail(f"Re: [PATCH 0/2] {TITLE}", tag, "s@x", "cover@x", OLIVE)
    found = series(tmp_path, two() + question + answer + for_all)
    assert [number for number, _ in found.trailers] == [1, 0]


@pytest.mark.parametrize(
    "text",
    [
        f"> Acked-by: {OLIVE}",
        "Acked-by: Will Somebody <will@example.org>",
        f"I might say Acked-by: {OLIVE}",
        f"Thanks.\n-- \nAcked-by: {OLIVE}",
    ],
    ids=["quoted", "of somebody else", "within a sentence", "in a signature"],
)
def test_what_is_no_agreement_of_its_sender_is_none(tmp_path: Path, text: str) -> None:
    found = series(tmp_path, two() + mail("Re: [PATCH 1/2] one", text, "a@x", "p1@x", OLIVE))
    assert found.trailers == ()


def test_an_answer_to_nothing_of_the_series_counts_for_nothing(tmp_path: Path) -> None:
    tag = f"Acked-by: {OLIVE}"
    circle = mail("Re: a", tag, "a@x", "b@x", OLIVE) + mail("Re: b", tag, "b@x", "a@x", OLIVE)
    assert series(tmp_path, two() + circle).trailers == ()


def test_a_patch_has_the_trailers_of_its_message_and_its_author(tmp_path: Path) -> None:
    found = series(tmp_path, two(f"Acked-by: {OLIVE}\n")).patches[0].trailers
    assert [(each.kind, each.address) for each in found] == [
        ("From", "ann@example.org"),
        ("Signed-off-by", "ann@example.org"),
        ("Acked-by", "olive@example.org"),
    ]
    below = patch_mail(1, 1, "one", DIFF).replace("\n---\n", f"\n---\nAcked-by: {OLIVE}\n")
    kinds = [each.kind for each in series(tmp_path, below).patches[0].trailers]
    assert "Acked-by" not in kinds  # git drops what stands behind the line


def test_the_newest_version_is_the_series(tmp_path: Path) -> None:
    second = patch_mail(1, 1, "newer", DIFF).replace("[PATCH 1/1]", "[PATCH v2 1/1]")
    found = series(tmp_path, two() + second.replace("p1@x", "n1@x"))
    assert [each.subject for each in found.patches] == ["newer"]


def test_the_base_is_what_any_mail_of_the_series_says(tmp_path: Path) -> None:
    said = "base-commit: 0123456789abcdef0123456789abcdef01234567"
    assert series(tmp_path, two()).base is None
    cover = cover_mail(1, said) + patch_mail(1, 1, "one", DIFF)
    assert series(tmp_path, cover).base == said.partition(": ")[2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no patch is in it"),
        (mail("Hello", "no patch"), "no patch is in it"),
        (cover_mail(2) + patch_mail(2, 2, "two", DIFF), "patch 1/2 is not in it"),
        (two() + mail("[PATCH] another", DIFF, "o@x"), "more than one series"),
    ],
    ids=["empty", "none", "one is missing", "two"],
)
def test_what_is_no_series_is_refused_in_a_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(HypabiError, match=says) as refused:
        series(tmp_path, text)
    assert "\n" not in str(refused.value)


def test_more_patches_than_are_reviewed_are_refused_and_as_many_are_read(tmp_path: Path) -> None:
    def of(number: int) -> str:
        return "".join(patch_mail(n, number, "one", DIFF) for n in range(1, number + 1))

    assert len(series(tmp_path, of(MOST_PATCHES)).patches) == MOST_PATCHES
    with pytest.raises(HypabiError, match=f"{MOST_PATCHES} are reviewed"):
        series(tmp_path, of(MOST_PATCHES + 1))


def test_a_folder_of_patches_and_standard_input_are_read_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name in ((1, "one"), (2, "two")):
        text = patch_mail(number, 2, name, DIFF).partition("\n")[2]  # no mailbox's first line
        (tmp_path / f"000{number}-{name}.patch").write_text(text)
    assert [each.subject for each in read_series(str(tmp_path), None).patches] == ["one", "two"]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(two().encode())))
    assert len(read_series("-", None).patches) == 2
    with pytest.raises(HypabiError, match="no such file"):
        read_series(str(tmp_path / "none"), tmp_path)


def test_a_header_and_a_text_in_any_charset_are_read() -> None:
    raw = (
        b"From: =?iso-8859-1?q?J=F6rg?= <j@example.org>\nSubject: =?utf-8?b?w6Q=?=\n =?x?q?y?=\n"
        b"Content-Type: text/plain; charset=no-such\nContent-Transfer-Encoding: base64\n\nw6Q=\n"
    )
    found = read_mail(raw)
    assert found.author == ("Jörg", "j@example.org")
    assert found.subject.startswith("ä") and found.text == "ä"


@given(st.binary(max_size=400))
def test_any_bytes_are_a_mail(raw: bytes) -> None:
    found = read_mail(raw)
    assert files_of(patch_in(found.text)) is not None and trailers_in(found.text) is not None


FLOWED = "one \nline\n quoted\n  stuffed\n-- \nname\nlast "


def test_a_flowed_text_is_put_together_as_its_standard_says() -> None:
    assert unflowed(FLOWED, delete_space=False) == "one line\nquoted\n stuffed\n-- \nname\nlast "
    assert unflowed(FLOWED, delete_space=True).startswith("oneline\n")


def encoded(encoding: str) -> str:
    """Return the mail of a patch whose text was sent otherwise than as it is."""
    text = patch_mail(1, 1, "one", DIFF.replace("two", "tw\u00f6"))
    head, _, body = text.partition("\n\n")
    raw = body.encode()
    plain = "Content-Type: text/plain; charset=utf-8"
    match encoding:
        case "base64":
            body = base64.encodebytes(raw).decode()
        case "quoted-printable":
            body = quopri.encodestring(raw).decode()
        case "crlf":
            return f"{head}\n{plain}\n\n{body}".replace("\n", "\r\n")
        case "flowed":
            plain += "; format=flowed"
            body = "".join(
                f" {line}" if line.startswith((" ", "From ", ">")) else line
                for line in body.splitlines(keepends=True)
            )
        case "latin-1":
            plain = "Content-Type: text/plain; charset=iso-8859-1"
            body = body.encode("latin-1").decode("utf-8", "surrogateescape")
        case "attached":
            head += '\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"'
            part = "Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n"
            part += 'Content-Disposition: attachment; filename="0001-one.patch"\n'
            text = base64.encodebytes(raw).decode()
            return f"{head}\n\n--b\n{plain}\n\nSee there.\n\n--b\n{part}\n{text}\n--b--\n"
        case _:
            pass
    known = encoding if encoding in ("base64", "quoted-printable") else "8bit"
    return f"{head}\n{plain}\nContent-Transfer-Encoding: {known}\n\n{body}\n"


@pytest.mark.parametrize(
    "encoding", ["8bit", "base64", "quoted-printable", "crlf", "flowed", "latin-1", "attached"]
)
def test_a_patch_is_the_same_however_its_text_was_sent(tmp_path: Path, encoding: str) -> None:
    (patch,) = series(tmp_path, encoded(encoding)).patches
    assert patch.diff.decode() == DIFF.replace("two", "tw\u00f6")
    assert [(each.kind, each.name) for each in patch.trailers][-1] == (
        "Signed-off-by",
        "Ann Author",
    )


def test_a_compressed_mailbox_is_one_and_what_does_not_unpack_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(two().encode())
    path = tmp_path / "t.mbox.gz"
    path.write_bytes(packed)
    assert len(read_series(str(path), None).patches) == 2
    path.write_bytes(packed[:-20])
    with pytest.raises(HypabiError, match="cannot be decompressed"):
        read_series(str(path), None)
    path.write_bytes(gzip.compress(bytes(LARGEST + 1)))
    with pytest.raises(HypabiError, match="larger than 32 MB"):
        read_series(str(path), None)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "no patch is in it; it is empty"),
        (cover_mail(2), "no patch is in it; a cover letter only"),
        (mail("Re: [PATCH] one", DIFF, "a@x", "p1@x"), "no patch is in it; answers only"),
        (mail("Hello", "Hello.", "a@x"), "no patch is in it"),
    ],
)
def test_what_holds_no_patch_is_told_by_what_it_holds(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(HypabiError) as refused:
        series(tmp_path, text)
    assert str(refused.value) == f"{tmp_path}/series.mbox: {what}"


def test_a_patch_that_answers_one_of_a_series_is_no_part_of_it(tmp_path: Path) -> None:
    instead = mail("[PATCH] so instead", DIFF, "i@x", "p1@x", OLIVE)
    assert len(series(tmp_path, two() + instead).patches) == 2
    with pytest.raises(HypabiError, match="more than one series"):
        series(tmp_path, two() + mail("[PATCH] so instead", DIFF, "i@x", "", OLIVE))


def test_an_answer_counts_whatever_its_subject_begins_with(tmp_path: Path) -> None:
    given_ = mail(f"SV: [PATCH 0/2] {TITLE}", f"Acked-by: {OLIVE}", "a@x", "cover@x", OLIVE)
    assert [number for number, _ in series(tmp_path, two() + given_).trailers] == [0]


def test_a_version_is_read_however_it_is_written(tmp_path: Path) -> None:
    newer = two().replace("@x>", "@v2>").replace("[PATCH ", "[PATCHv2 ")
    assert series(tmp_path, two() + newer).message_id == "cover@v2"


def versions(*parts: str) -> str:
    """Return a second version of the series that posts only its second patch again."""
    newer = patch_mail(2, 2, "two", DIFF.replace("two", "new")).replace("[PATCH ", "[PATCH v2 ")
    return two() + newer.replace("<p2@x>", "<n2@x>").replace("<cover@x>", "<p2@x>") + "".join(parts)


def test_a_version_of_a_part_stands_among_what_it_leaves_as_it_was(tmp_path: Path) -> None:
    found = series(tmp_path, versions())
    assert [each.message_id for each in found.patches] == ["p1@x", "n2@x"]
    assert found.notes == ("v2 posts a part again; as they were before are patches 1 of v1",)
    assert found.message_id == "cover@x"
    with pytest.raises(HypabiError, match="patch 1/2 is not in it; a version of a part"):
        series(tmp_path, versions().replace("<p2@x>\n\nBecause", "<cover@x>\n\nBecause"))


def test_what_was_answered_before_counts_for_what_stayed(tmp_path: Path) -> None:
    answers = (
        mail("Re: it", f"Acked-by: {OLIVE}", f"a-{at}", at, OLIVE) for at in ("p1@x", "p2@x")
    )
    assert [number for number, _ in series(tmp_path, versions(*answers)).trailers] == [1]
    to_all = mail("Re: it", f"Acked-by: {OLIVE}", "a@x", "cover@x", OLIVE)
    assert [number for number, _ in series(tmp_path, versions(to_all)).trailers] == [1]
    assert [number for number, _ in series(tmp_path, two() + to_all).trailers] == [0]


def test_what_was_answered_to_the_same_change_before_counts_wherever_it_stands(
    tmp_path: Path,
) -> None:
    old = patch_mail(1, 1, "one", DIFF + "index 12..34\n")
    new = old.replace("[PATCH ", "[PATCH v2 ").replace("p1@x", "n1@x").replace("-1 +1", "-9 +9")
    new = new.replace("index 12", "index 56")
    assert new.count("@@ -9 +9 @@") == 1
    given_ = mail("Re: it", f"Acked-by: {OLIVE}", "a@x", "p1@x", OLIVE)
    assert [number for number, _ in series(tmp_path, old + new + given_).trailers] == [1]
    other = new.replace("+two", "+three")
    assert series(tmp_path, old + other + given_).trailers == ()


def test_many_versions_of_a_part_are_put_together(tmp_path: Path) -> None:
    most = 300
    text = patch_mail(1, 2, "one", DIFF) + patch_mail(2, 2, "two", DIFF)
    for version in range(2, most + 1):
        before = "p2@x" if version == 2 else f"v{version - 1}@x"
        text += mail(f"[PATCH v{version} 2/2] two", DIFF, f"v{version}@x", before)
    found = series(tmp_path, text)
    assert [each.message_id for each in found.patches] == ["p1@x", f"v{most}@x"]


def test_a_tag_is_its_senders_by_his_address_or_his_name_however_it_is_spelled(
    tmp_path: Path,
) -> None:
    for text, sender, is_his in (
        ("acked-by: Olive Owner <olive@example.org>", OLIVE, True),
        ("Reviewed-By: Olive Owner <olive@elsewhere.example.org> # arm64", OLIVE, True),
        ("Acked-by: olive@example.org", OLIVE, True),
        ("Acked-by: olive@elsewhere.example.org", "olive@example.org", False),
        ("Acked-by: Olive <olive@elsewhere.example.org>", OLIVE, False),
    ):
        found = series(tmp_path, two() + mail("Re: [PATCH 1/2] one", text, "a@x", "p1@x", sender))
        assert bool(found.trailers) == is_his, text
