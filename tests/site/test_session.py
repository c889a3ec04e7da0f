"""What a page shows is read as it is written, and a difference is found wherever it is."""

import pytest

from tests.site.session import Command, Excused, Source, mismatch, steps

PAGE = """
```{code-block} yaml
:caption: a.yaml

a: 1
```
```console
$ one \\
    more
out
...
end
$ two 'a
> b'
```
<!-- not run: needs the sun -->
```console
$ three
```
```sh
hypabi four
```
```text
line
```
"""


def test_a_page_is_files_and_commands_in_its_order() -> None:
    assert list(steps(PAGE)) == [
        Source("a.yaml", "a: 1\n"),
        Command("one \\\n    more", ("out", "...", "end")),
        Command("two 'a\nb'", ()),
        Excused("needs the sun", "$ three\n"),
        Command("hypabi four", ("line",), every_line=False),
    ]


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("a b", "a b"),
        ("", ""),
        ("a ... d", "a b c d"),
        ("a ... d", "a d"),
        ("... d", "a d d"),
        ("a ...", "a"),
        ("a ... c ... e", "a b c d e"),
    ],
)
def test_what_is_printed_as_shown_is_accepted(shown: str, printed: str) -> None:
    assert mismatch(Command("x", tuple(shown.split())), printed.split()) == ""


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("a b", "a"),
        ("a", "a b"),
        ("a b", "b a"),
        ("", "a"),
        ("a", ""),
        ("a ... d", "x a d"),
        ("a ... d", "a d x"),
        ("a ... c d", "a c x d"),
        ("a ... e ... c", "a b c d e"),
        ("a ... a", "a"),
    ],
)
def test_what_is_printed_otherwise_is_refused(shown: str, printed: str) -> None:
    assert mismatch(Command("x", tuple(shown.split())), printed.split()) != ""


def test_lines_in_their_order_are_enough_below_a_script() -> None:
    command = Command("x", ("a", "c"), every_line=False)
    assert mismatch(command, ["a", "b", "c", "d"]) == ""
    assert mismatch(command, ["c", "a"]) != ""
