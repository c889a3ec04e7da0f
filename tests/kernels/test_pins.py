import re
from pathlib import Path

import pytest

from kernels import cache
from kernels.pins import DOCUMENTS, FILES, NEIGHBOURS, SOURCES, Pin, read_pins, write_pins
from tests.inputs import Kernel

REQUIRED = {
    "5.10-arm64",
    "5.10-armmp",
    "6.1-arm64",
    "6.1-armmp",
    "6.1-armmp-lpae",
    "6.12-arm64",
    "6.12-arm64-16k",
    "6.12-armmp",
    "7.2-arm64",
    "7.2-armmp",
}


def test_every_kernel_of_the_table_is_pinned() -> None:
    assert set(read_pins()) >= REQUIRED


@pytest.mark.parametrize("pin", read_pins().values(), ids=lambda pin: pin.name)
def test_pin_is_of_its_own_series_and_whole(pin: Pin) -> None:
    series, _, flavour = pin.name.partition("-")
    assert re.fullmatch(pin.newest, pin.package)
    assert pin.version.startswith(series + ".")
    assert re.fullmatch(rf".*-{flavour}(-unsigned)?", pin.package)
    assert pin.architecture == ("arm64" if flavour.startswith("arm64") else "armhf")
    assert re.fullmatch(r"pool/[\w./+-]+\.deb", pin.file)
    assert {len(pin.package_sha256), len(pin.image_sha256)} == {64}


@pytest.mark.parametrize("pin", read_pins(DOCUMENTS).values(), ids=lambda pin: pin.name)
def test_pin_of_a_document_is_of_its_own_series_and_whole(pin: Pin) -> None:
    page, _, series = pin.name.removesuffix(".rst").rpartition("-")
    assert pin.package == f"linux-doc-{series}" and re.fullmatch(pin.newest, pin.package)
    assert pin.version.startswith(f"{series}.")
    assert re.fullmatch(r"pool/[\w./+-]+_all\.deb", pin.file)
    where = re.escape(f"./usr/share/doc/{pin.package}/html/_sources/")
    name = re.escape(page.removeprefix("x86-").removeprefix("arm-"))
    wanted = pin.member.replace("\\.", ".").replace("[^/]+", pin.package)
    assert re.fullmatch(rf"{where}(arch/)?(virt/kvm|powerpc)/([\w-]+/)?{name}\.rst\.txt", wanted)
    assert {len(pin.package_sha256), len(pin.image_sha256)} == {64}


@pytest.mark.parametrize("pin", read_pins(SOURCES).values(), ids=lambda pin: pin.name)
def test_pin_of_sources_is_of_its_own_series_and_whole(pin: Pin) -> None:
    series = pin.name.removeprefix("linux-source-")
    assert pin.package == pin.name and re.fullmatch(pin.newest, pin.package)
    assert pin.version.startswith(f"{series}.")
    assert re.fullmatch(r"pool/[\w./+-]+_all\.deb", pin.file)
    assert re.fullmatch(pin.member, f"./usr/src/{pin.package}.tar.xz")
    assert {len(pin.package_sha256), len(pin.image_sha256)} == {64}


FLAVOURS = {"amd64": "amd64", "ppc64el": "powerpc64le", "s390x": "s390x"}


@pytest.mark.parametrize("pin", read_pins(NEIGHBOURS).values(), ids=lambda pin: pin.name)
def test_pin_of_a_neighbour_is_of_its_own_series_and_architecture_and_whole(pin: Pin) -> None:
    series, architecture, *modules = pin.name.split("-")
    assert re.fullmatch(pin.newest, pin.package)
    assert pin.version.startswith(f"{series}.")
    assert pin.architecture == architecture
    assert re.fullmatch(rf".*-{FLAVOURS[architecture]}(-unsigned)?", pin.package)
    assert bool(modules) == pin.package.startswith("linux-modules-")
    assert re.fullmatch(r"pool/[\w./+-]+\.deb", pin.file)
    assert {len(pin.package_sha256), len(pin.image_sha256)} == {64}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_written_pins_read_back_the_same(tmp_path: Path, file: Path) -> None:
    pins = read_pins(file)
    copy = tmp_path / file.name
    write_pins(pins.values(), copy)
    assert copy.read_bytes() == file.read_bytes()
    assert list(read_pins(copy).items()) == list(pins.items())


@pytest.mark.parametrize("name", ["6.1-armmp", "7.2-arm64"])
def test_kernel_of_the_package_is_the_pinned_one(
    name: str, kernel: Kernel, kernel_package: Kernel, tmp_path: Path
) -> None:
    image = tmp_path / "vmlinuz"
    cache.extract(kernel_package(name), image)
    assert image.read_bytes() == kernel(name).read_bytes()
