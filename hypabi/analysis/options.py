"""What a user names, as values: contracts, kernel versions, suppressions."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hypabi.contract.file.load import AnyContract
    from hypabi.contract.model import Contract
    from hypabi.contract.stated.model import StatedContract
    from hypabi.contract.version import Version
    from hypabi.judgement.suppression import Suppressions


def contract_of(option: str) -> "Contract":
    """Return the contract that the option names, one that images can be held against.

    :raises HypabiError: there is none, it is not well-formed, or it only states an interface
    """
    from hypabi.contract.file.load import load_contract, shipped_contract

    return shipped_contract(option) if _is_shipped(option) else load_contract(Path(option))


def named_contract(option: str | None) -> "Contract | None":
    """Return the contract that the option names, ``None`` where it was not given.

    :raises HypabiError: as :func:`contract_of`
    """
    return None if option is None else contract_of(option)


def contract_or_stated(
    option: str | None,
) -> "tuple[Contract | None, StatedContract | None]":
    """Return the contract that the option names: one for images, or one that is stated.

    :raises HypabiError: there is none, or it is not well-formed
    """
    from hypabi.contract.stated.model import StatedContract

    if option is None:
        return None, None
    found = any_contract_of(option)
    return (None, found) if isinstance(found, StatedContract) else (found, None)


def any_contract_of(option: str) -> "AnyContract":
    """Return the contract of either kind that the option names.

    :raises HypabiError: there is none, or it is not well-formed
    """
    from hypabi.contract.file.load import load_any, shipped_or_stated

    return shipped_or_stated(option) if _is_shipped(option) else load_any(Path(option))


def _is_shipped(option: str) -> bool:
    """Tell whether a name is that of a shipped contract, or else of no file either."""
    from hypabi.contract.file.load import shipped_contracts
    from hypabi.regular import STANDARD

    is_file = (
        option == STANDARD
        or os.sep in option
        or option.endswith((".yaml", ".yml"))
        or Path(option).exists()
    )
    return option in shipped_contracts() or not is_file


def version_of(option: str | None) -> "Version | None":
    """Return the version that ``--kernel-version`` names, if it was given.

    :raises HypabiError: it is no kernel version
    """
    from hypabi.contract.version import Version
    from hypabi.errors import MisuseError

    if option is None:
        return None
    version = Version.parse(option)
    if version is None:
        raise MisuseError(
            f"--kernel-version {option}", "this is no kernel version", "write it as 6.1"
        )
    return version


def suppressions_of(path: str | None, day: str | None) -> "Suppressions | None":
    """Return the suppressions in a file, ``None`` where no file is named.

    :param day: on which they are asked whether they have expired, as 2027-01-31; ``None``: today
    :raises HypabiError: the file is none, or the day is no date
    """
    if path is None and day is None:
        return None
    from datetime import UTC, datetime

    from hypabi.errors import MisuseError
    from hypabi.judgement.suppression import load_suppressions, parse_day

    today = datetime.now(UTC).date() if day is None else parse_day(day)
    if today is None:
        raise MisuseError(f"--today {day}", "this is no date", "write it as 2027-01-31")
    return None if path is None else load_suppressions(Path(path), today)
