"""The command line as a grammar: every refusal is one line, and says where help is."""

import argparse
import sys
from typing import Final, Literal, NoReturn

from hypabi.analysis.exit_status import Exit
from hypabi.report.shared.text_layout import printable

COLUMNS: Final = 78
"""Width of what ``--help`` prints, on every terminal."""


MACHINE_FORMS: Final = ("sarif", "ktap", "junit", "github", "gitlab")
"""Forms that are made of findings, the same for every command that has some."""


class Parser(argparse.ArgumentParser):
    """A parser that refuses in one line and with our exit status."""

    def _get_formatter(self) -> argparse.HelpFormatter:
        return argparse.HelpFormatter(self.prog, width=COLUMNS)

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and where help is, and leave with the status of a usage error."""
        print(f"hypabi: {printable(message)}; see `{self.prog} --help`", file=sys.stderr)
        raise SystemExit(int(Exit.USAGE))


def add_output(parser: argparse.ArgumentParser, formats: tuple[str, ...]) -> None:
    """Add the options that every printing command has."""
    parser.add_argument(
        "--format",
        choices=formats,
        default=formats[0],
        help=f"how the report is printed (default: {formats[0]})",
    )
    add_file(parser)


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
