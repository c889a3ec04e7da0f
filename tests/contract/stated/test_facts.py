"""A fact counts as checked where a check of its kind names an image that it is stated of."""

import pytest

from hypabi.contract.file.load import parse_any
from hypabi.contract.stated.facts import facts_of, facts_of_call, tally
from hypabi.contract.stated.model import Fact, StatedContract
from hypabi.decode.place import FileError
from tests.contract.stated.stated_example import EXAMPLE, changed


def contract_of(text: bytes) -> StatedContract:
    contract = parse_any(text, "file.yaml")
    assert isinstance(contract, StatedContract)
    return contract


def shown(text: bytes, of: str, kind: Fact) -> list[tuple[int | None, tuple[str, ...]]]:
    found = [fact for fact in facts_of(contract_of(text)) if (fact.of, fact.kind) == (of, kind)]
    return [(fact.number, tuple(e for each in fact.shown for e in each.images)) for fact in found]


def test_every_number_argument_result_error_and_provider_is_a_fact() -> None:
    contract = contract_of(EXAMPLE.encode())
    kinds = [fact.kind for fact in facts_of_call(contract, "SET", contract.calls["SET"])]
    others = [Fact.ARGUMENTS, Fact.RESULTS, Fact.ERRORS, Fact.SERVED]
    assert kinds == [Fact.NUMBER, Fact.NUMBER, *others]
    only = [fact.kind for fact in facts_of_call(contract, "STOP", contract.calls["STOP"])]
    assert only == [Fact.NUMBER, Fact.SERVED]


def test_a_check_shows_facts_of_its_kinds_only() -> None:
    assert shown(EXAMPLE.encode(), "ONE", Fact.SERVED) == [(None, ())]
    served = changed("facts: [number, conduit]", "facts: [number, conduit, served]")
    assert shown(served, "ONE", Fact.SERVED) == [(None, ("6.1-armmp",))]


def test_a_check_shows_a_number_in_images_of_its_own_kernels_and_architectures_only() -> None:
    read = [(0x80000001, ()), (0x80000002, ())]
    assert shown(EXAMPLE.encode(), "SET", Fact.NUMBER) == read
    text = changed("images: [6.1-arm64, 6.1-armmp]", "images: [5.10-arm64, 6.1-arm64]")
    assert shown(text, "SET", Fact.NUMBER) == [(0x80000001, ("5.10-arm64",)), (0x80000002, ())]


def test_an_image_whose_name_tells_no_version_counts() -> None:
    text = changed("images: [6.1-arm64, 6.1-armmp]", "images: [xen-4.14-arm64]")
    assert shown(text, "hvc", Fact.CONDUIT) == [(None, ("xen-4.14-arm64",))]


def test_a_fact_that_nothing_shows_says_why_and_a_call_says_it_better() -> None:
    contract = contract_of(EXAMPLE.encode())
    reasons = {(e.of, e.kind): e.reason for e in facts_of(contract) if not e.shown}
    assert reasons["SET", Fact.RESULTS] == "nobody looks"
    assert reasons["SET", Fact.ERRORS] == "none is made"
    assert reasons["STOP", Fact.SERVED] is None


def test_a_reason_for_a_kind_of_fact_that_there_is_not_is_refused() -> None:
    with pytest.raises(FileError, match="colour"):
        contract_of(changed("results: nobody looks", "colour: nobody looks"))


def test_the_tally_counts_what_is_checked_and_all() -> None:
    facts = list(facts_of(contract_of(EXAMPLE.encode())))
    assert tally(facts) == (sum(bool(each.shown) for each in facts), len(facts))
    assert tally([]) == (0, 0)
