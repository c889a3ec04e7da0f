"""What tests share that hold stated contracts against images."""

from collections.abc import Iterator

from hypabi.contract.stated.model import StatedCall, StatedContract
from tests.contract.shipped import shipped


def stated(name: str) -> StatedContract:
    """Return a shipped contract that states an interface."""
    contract = shipped(name)
    assert isinstance(contract, StatedContract)
    return contract


def marked(contract: StatedContract, check: str) -> Iterator[tuple[str, StatedCall]]:
    """Yield the calls of which a check shows facts."""
    for name, call in contract.calls.items():
        if check in call.checked_by or any(check in each.checked_by for each in call.numbers):
            yield name, call
