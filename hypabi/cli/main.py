"""The door: turn a command line into one command's run and its exit status."""

import argparse
from collections.abc import Sequence

import hypabi


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name and return the exit status."""
    parser = argparse.ArgumentParser(prog="hypabi", description=hypabi.__doc__)
    parser.add_argument("--version", action="version", version=f"hypabi {hypabi.__version__}")
    parser.parse_args(arguments)
    return 0
