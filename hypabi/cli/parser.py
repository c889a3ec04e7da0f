"""The command line as a grammar: every refusal is one line, and says where help is."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Final, Literal, NoReturn

from hypabi.analysis.exit_status import Exit
from hypabi.report.shared.text_layout import NARROWEST, WIDEST, printable

COLUMNS: Final = 78
"""Width of what ``--help`` prints where it is no terminal that says its own."""


FIRST_LINE: Final = "first-line"
"""The form of a report that is its first line."""

MACHINE_FORMS: Final = ("sarif", "ktap", "junit", "github", "gitlab")
"""Forms that are made of findings, the same for every command that has some."""


LONGEST_COMPARED: Final = 60
"""Characters of a misspelt word that are compared."""


class Parser(argparse.ArgumentParser):
    """A parser that refuses in one line and with our exit status."""

    def parse_known_args(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        namespace: argparse.Namespace | None = None,
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse; an option that may stand alone takes no word that is none of its choices."""
        given = sys.argv[1:] if args is None else args
        return super().parse_known_args(self._kept_apart(given), namespace)

    def _kept_apart(self, given: Sequence[str]) -> list[str]:
        may_stand_alone = {
            name: action
            for action in self._actions
            if action.nargs == "?" and action.choices
            for name in action.option_strings
        }
        words = list(given)
        for at, word in enumerate(words):
            action = may_stand_alone.get(word)
            if word == "--":
                break
            if action is not None and not {*words[at + 1 : at + 2]} & {*(action.choices or ())}:
                words[at] = f"{word}={action.const}"
        return words

    def _get_formatter(self) -> argparse.HelpFormatter:
        on_terminal = sys.stdout is not None and sys.stdout.isatty()
        return argparse.HelpFormatter(self.prog, width=_terminal() if on_terminal else COLUMNS)

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and where help is, and leave with the status of a usage error."""
        said = printable(self._suggesting(message))
        print(f"hypabi: {said}; see `{self.prog} --help`", file=sys.stderr)
        raise SystemExit(int(Exit.USAGE))

    def _suggesting(self, message: str) -> str:
        """Return what is wrong, with the word that was probably meant where one is close."""
        wrong, _, choices = message.partition(" (choose from ")
        if choices:
            meant = closest(wrong.rpartition(": ")[2], choices.rstrip(")").split(", "))
            return f"{wrong}; did you mean {meant}?" if meant else message
        before, _, word = message.partition("unrecognized arguments: ")
        if not before and word.startswith("-"):
            meant = closest(word.split()[0].partition("=")[0], self._options())
            return f"{message}; did you mean {meant}?" if meant else message
        return message

    def _options(self) -> list[str]:
        """Return the options of this parser and of all below it."""
        found: list[str] = []
        for action in self._actions:
            found += action.option_strings
            if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - argparse shows them nowhere else
                for each in action.choices.values():
                    assert isinstance(each, Parser)
                    found += each._options()  # noqa: SLF001 - another of this class
        return found


def _terminal() -> int:
    """Return the width of the terminal, within reason."""
    width = os.get_terminal_size(sys.stdout.fileno()).columns
    return min(max(width, NARROWEST), WIDEST)


def closest(word: str, known: Sequence[str]) -> str:
    """Return the closest of some words as it is spelled there, empty where none is close."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word[:LONGEST_COMPARED], known, n=1)), "")


def add_output(parser: argparse.ArgumentParser, formats: tuple[str, ...]) -> None:
    """Add the options that every printing command has."""
    parser.add_argument(
        "--format",
        choices=formats,
        default=formats[0],
        help=f"how the report is printed (default: {formats[0]})",
    )
    add_file(parser)


def add_first_line(parser: argparse._ActionsContainer) -> None:
    """Add the option that asks for the answer alone."""
    parser.add_argument(
        "-q",
        "--quiet",
        dest="format",
        action="store_const",
        const=FIRST_LINE,
        default=argparse.SUPPRESS,
        help="print the first line alone: what it is about, and the verdict",
    )


def add_length(parser: argparse.ArgumentParser) -> None:
    """Add the options that ask for less than the usual report, and for more."""
    length = parser.add_mutually_exclusive_group()
    add_first_line(length)
    length.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="print all the evidence, and on what it rests",
    )


def add_file(parser: argparse.ArgumentParser) -> None:
    """Add the option that names where the output goes."""
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="write to FILE, which is replaced as a whole or not touched",
    )


def add_kernel(parser: argparse.ArgumentParser, nargs: Literal["+", "*"] = "+") -> None:
    """Add the arguments that name a kernel and what it is held against.

    :param nargs: ``*`` where there may be no kernel
    """
    add_images(parser, nargs)
    parser.add_argument(
        "--contract",
        metavar="NAME|FILE",
        help="shipped contract, or a contract file (default: the one that speaks of the image)",
    )
    parser.add_argument(
        "--kernel-version",
        metavar="VERSION",
        help="kernel version to take the contract at, where the image does not say it or lies",
    )


def add_images(parser: argparse.ArgumentParser, nargs: Literal["+", "*"] = "+") -> None:
    """Add the arguments that name a program.

    :param nargs: ``*`` where there may be none
    """
    parser.add_argument(
        "images",
        metavar="IMAGE",
        nargs=nargs,
        help="kernel image: .deb, arm64 Image, zImage, EFI zboot, UKI or ELF; or the objects and "
        "archives of one program, as make leaves them",
    )
    parser.add_argument(
        "--role",
        choices=("kernel", "decompressor"),
        help="which program of a boot objects or an ELF are, where they do not tell themselves",
    )


def add_against(parser: argparse.ArgumentParser) -> None:
    """Add the option that names whose parties callers are held against."""
    parser.add_argument(
        "--against",
        metavar="KERNEL",
        action="append",
        help="hold the callers of IMAGE against the parties of KERNEL, of which --contract and "
        "--kernel-version are then; several times for the objects of one program",
    )


def add_suppressions(parser: argparse.ArgumentParser) -> None:
    """Add the options that name suppressions, and the day on which they are asked."""
    parser.add_argument(
        "--suppressions",
        metavar="FILE",
        help="what has been decided to live with, as YAML; each with a reason and an end",
    )
    parser.add_argument(
        "--today",
        metavar="YYYY-MM-DD",
        help="the day on which suppressions expire (default: today)",
    )
