"""A boot that this machine has no room for is refused, and says where there is none."""

from collections.abc import Iterator
from errno import ENOSPC
from pathlib import Path

import pytest

from hypabi.analysis.session import open_image
from hypabi.contract.version import Version
from hypabi.errors import HypabiError
from hypabi.machine.crossing import Event
from hypabi.machine.qemu.boot_plan import BootPlan
from hypabi.tracing import boot
from tests.tracing.events import LIFE, VERSION

WANTED = boot.Wanted(None, 1, 512, "", None, 5.0, 5.0, None)


def test_a_full_disk_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(_plan: BootPlan, _folder: str) -> Iterator[Event]:
        yield from ()
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(boot, "watch_boot", full)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    examination = open_image(LIFE).examine(None, Version.parse(VERSION))
    with pytest.raises(HypabiError) as refused, boot.booted(examination, WANTED, None) as events:
        list(events)
    assert str(refused.value) == f"{tmp_path}: No space left on device; TMPDIR names another folder"
    assert not list(tmp_path.iterdir())
