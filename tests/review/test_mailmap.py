"""Who wrote from several addresses is one person, as git says."""

from pathlib import Path

import pytest

from hypabi.review.mailmap import read_mailmap
from tests.review.repository import git, made_repository

TEXT = """# Comment <a@old> <b@old>
Ann Author <ann@new> <ann@old>
<bob@new> <BOB@old>
Carol <carol@new> Caz <shared@old>
Dan <dan@new> Dan <shared@old>
Only A Name <eve@old>
Two <two@first> <two@old>
Two <two@last> <two@old>
<blank@new>  < blank@old >
no entry
"""


@pytest.mark.parametrize(
    "person",
    [
        "Ann <ann@old>",
        "Ann <ann@new>",
        "B <bob@old>",
        "B <Bob@Old>",
        "caz <shared@old>",
        "Dan <shared@old>",
        "Somebody <shared@old>",
        "Eve <eve@old>",
        "Two <two@old>",
        "None <none@old>",
        "A <a@old>",
    ],
)
def test_an_address_is_the_one_that_git_says(tmp_path: Path, person: str) -> None:
    tree = made_repository(tmp_path)
    (tree / ".mailmap").write_text(TEXT)
    name, _, address = person.rstrip(">").partition(" <")
    expected = git(tree, "check-mailmap", person).rpartition("<")[2].rstrip(">").lower()
    assert read_mailmap(TEXT).address(name, address) == expected


def test_any_text_is_a_mailmap() -> None:
    assert read_mailmap("<\n<<>>\n\0 <> <>").address("A", "A@B") == "a@b"
