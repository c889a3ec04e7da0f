"""What every test may ask for: real kernels, GNU binutils, and the same examples each time."""

import atexit
import functools
import gc
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import hypothesis
import pytest

from hypabi.cli.main import COLLECT_AFTER
from kernels import cache
from kernels.pins import DOCUMENTS, HYPERVISORS, NEIGHBOURS, Pin, read_pins
from tests.inputs import (
    REQUIRED,
    Assemble,
    Kernel,
    KernelResult,
    find_tool,
    required,
    skip_for,
)

# The same examples in every run; `pytest --hypothesis-profile=explore` looks for new ones.
hypothesis.settings.register_profile(
    "house", derandomize=True, database=None, deadline=None, print_blob=True
)
hypothesis.settings.register_profile("explore", max_examples=2000, deadline=None)
hypothesis.settings.load_profile("house")

TOOLS = {"arm": "arm-linux-gnueabihf-", "arm64": "aarch64-linux-gnu-"}


def pytest_configure() -> None:
    """Refuse a need that nobody has, and keep what a binding says at the end to itself."""
    try:
        required(os.environ.get(REQUIRED, ""))
    except ValueError as unknown:
        raise pytest.UsageError(str(unknown)) from None
    atexit.register(_end_in_silence)
    gc.set_threshold(COLLECT_AFTER)  # as a command does; at Python's 700 a seventh of the run


def _end_in_silence() -> None:
    """Close standard error to what comes after Python's own end.

    pypcode's binding lists there, in 40 lines behind pytest's last one, the objects that our caches
    still hold; it can be told not to from C++ only.
    """
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def pytest_report_header() -> list[str]:
    """Say which kernels the run can see, and what it must."""
    pins = read_pins()
    there = [name for name, pin in pins.items() if cache.image_path(pin).is_file()]
    seen = f"kernels: {', '.join(there) or 'none'} of {len(pins)}"
    must = os.environ.get(REQUIRED)
    return [seen, f"required: {must}"] if must else [seen]


@pytest.fixture(scope="session")
def kernel() -> Kernel:
    """Return the kernel of a name, skipping the test where the cache does not hold it."""
    return _finder("kernel", read_pins())


@pytest.fixture(scope="session")
def kernel_result(kernel: Kernel, tmp_path_factory: pytest.TempPathFactory) -> KernelResult:
    """Return the result of a command over a kernel, which one worker makes for all of the run."""
    from tests.kernel_results import result_of  # heavy, and few runs ask

    base = tmp_path_factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    @functools.lru_cache(maxsize=4)
    def find(command: str, name: str) -> Any:  # noqa: ANN401 - each command has its own
        return result_of(folder, command, name, kernel(name))

    return find


@pytest.fixture(scope="session")
def kernel_document() -> Kernel:
    """Return the kernel document of a name, skipping where the cache does not hold it."""
    return _finder("document", read_pins(DOCUMENTS))


@pytest.fixture(scope="session")
def neighbour() -> Kernel:
    """Return a tar file of kernel and modules, by its name in ``kernels/neighbours.toml``."""
    return _finder("neighbour", read_pins(NEIGHBOURS))


@pytest.fixture(scope="session")
def hypervisor() -> Kernel:
    """Return the ELF file of another hypervisor, by its name in ``kernels/hypervisors.toml``."""
    return _finder("hypervisor", read_pins(HYPERVISORS))


def _finder(what: str, pins: Mapping[str, Pin]) -> Kernel:
    """Return what finds the pinned files of a kind; each is hashed once."""

    @functools.cache
    def held(pin: Pin) -> bool:
        return cache.holds(cache.image_path(pin), pin.image_sha256)

    def find(name: str) -> Path:
        if not held(pins[name]):
            skip_for(name, f"{what} {name} is not in the cache as pinned: kernels/fetch {name}")
        return cache.image_path(pins[name])

    return find


@pytest.fixture(scope="session")
def kernel_package() -> Kernel:
    """Return the package that a kernel came in, skipping where the cache does not hold it."""
    pins = read_pins()

    def find(name: str) -> Path:
        package = cache.package_path(pins[name])
        if not package.is_file():
            skip_for("packages", f"the package of {name} is not in the cache: kernels/fetch {name}")
        return package

    return find


@pytest.fixture
def assemble(tmp_path: Path) -> Assemble:
    """Assemble, and link where an address is given; skip where binutils are missing."""
    count = 0

    def build(
        source: str,
        architecture: Literal["arm", "arm64"],
        *,
        flags: Sequence[str] = (),
        text: int | None = None,
        link: Sequence[str] = (),
    ) -> Path:
        nonlocal count
        count += 1
        unit = tmp_path / f"unit{count}.o"
        _run(f"{TOOLS[architecture]}as", [*flags, "-o", str(unit), "-"], source)
        if text is None:
            return unit
        program = unit.with_suffix(".elf")
        _run(
            f"{TOOLS[architecture]}ld",
            [*link, f"-Ttext={text:#x}", "-e", f"{text:#x}", "-o", str(program), str(unit)],
        )
        return program

    return build


def _run(tool: str, arguments: Sequence[str], source: str = "") -> None:
    ran = subprocess.run(
        [find_tool(tool), *arguments],
        input=source,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
