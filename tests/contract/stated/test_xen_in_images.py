"""Xen's own tables of hypercalls, in Debian's images, against the stated contract."""

import struct
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hypabi.arch.names import Architecture
from hypabi.image.load import load_image
from hypabi.image.model import Image
from tests.contract.stated.neighbours import marked, stated
from tests.inputs import Kernel

TABLES: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("xen_tables.toml").read_text(encoding="utf-8")
)
LISTED = 43
"""Numbers that the tables have: 0 to 42."""


def by_number(check: str) -> dict[int, str]:
    contract = stated("xen-arm")
    numbers = {name: call.number for name, call in marked(contract, check)}
    assert set(numbers) == set(contract.calls)
    return {number: name for name, number in numbers.items() if number is not None}


def test_each_number_has_its_handler_in_xen_4_14() -> None:
    contract, handlers = stated("xen-arm"), TABLES["xen-4.14-arm64"]["handlers"]
    names = by_number("handlers")
    assert set(map(int, handlers)) <= set(names)
    for number, name in names.items():
        handler, plain = handlers.get(str(number)), name.removeprefix("HYPERVISOR_")
        if not contract.calls[name].served_by:
            expected = "do_deprecated_hypercall" if plain.endswith("_compat") else None
            assert handler == expected, name
        else:
            assert handler in (f"do_{plain}", f"do_arm_{plain}"), name


@pytest.mark.parametrize("image", ["xen-4.17-arm64", "xen-4.17-armhf", "xen-4.20-arm64"])
def test_each_number_has_its_arguments_in_later_xen(image: str) -> None:
    contract, names = stated("xen-arm"), by_number("arguments")
    listed = {int(number): count for number, count in TABLES[image]["arguments"].items()}
    assert set(listed) <= set(names)
    for number, name in names.items():
        assert listed.get(number, 0) == len(contract.calls[name].arguments), name
        if name.endswith("_compat"):
            assert not contract.calls[name].served_by
        else:
            assert bool(contract.calls[name].served_by) == (number in listed), name


def test_the_checks_name_the_images_that_are_read() -> None:
    checks = stated("xen-arm").checks
    read = {*checks["handlers"].images, *checks["arguments"].images}
    assert read == set(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_are_what_the_images_hold(name: str, hypervisor: Kernel) -> None:
    (image,) = load_image(hypervisor(name)).images
    assert image.sha256 == TABLES[name]["sha256"]
    arguments, handlers = tables_of(image, TABLES[name]["table"])
    assert arguments == TABLES[name]["arguments"]
    assert handlers == TABLES[name].get("handlers", {})


def tables_of(image: Image, table: str) -> tuple[dict[str, int], dict[str, str]]:
    (symbol,) = image.symbols.find(table)
    if table == "hypercall_args":
        counts = image.read(symbol.address, LISTED)
        return {str(number): count for number, count in enumerate(counts) if count}, {}
    assert image.architecture is Architecture.ARM64
    entries = list(struct.iter_unpack("<QQ", image.read(symbol.address, 16 * LISTED)))
    names = {symbol.address: symbol.name for symbol in image.symbols}
    arguments = {str(number): count for number, (at, count) in enumerate(entries) if at}
    handlers = {str(number): names[at] for number, (at, _) in enumerate(entries) if at}
    return arguments, handlers
