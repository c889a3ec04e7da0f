"""A permission names registers, fields or bits, and what holds where one of them has changed."""

import pytest

from hypabi.arch.names import Architecture
from hypabi.contract.clause import KeepsSystemRegisters, Partly
from hypabi.contract.file.load import load_contract, shipped_contract
from hypabi.contract.resolve import resolve
from hypabi.contract.version import Version
from hypabi.errors import ContractError
