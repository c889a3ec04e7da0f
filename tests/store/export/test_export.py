"""What is exported, read by readers that are not ours."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from hypabi.store.database import Store, open_store
from hypabi.store.export.kcidb import kcidb_of
from hypabi.store.export.parquet import write_parquet
from tests.sweeping.judges import judged

WORDS = ("satisfied", "violated", "undecided")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = open_store(str(tmp_path / "store"), create=True)
    for number, word in enumerate(WORDS):
        outcome = judged(f"{number:064}", f"6.1.{number}", "a caller", word)
        made.keep(f"k{number}", "1", outcome, "", "x")
    return made


def test_kcidb_takes_what_is_written(store: Store) -> None:
    import kcidb_io

    report: Any = kcidb_of(store)
    assert kcidb_io.schema.V5_0.is_valid_exactly(report)
    assert kcidb_io.schema.LATEST.is_valid(kcidb_io.schema.LATEST.upgrade(report))
    report["tests"][0]["status"] = "PROVED"
    assert not kcidb_io.schema.V5_0.is_valid_exactly(report)


def test_undecided_is_never_passed(store: Store) -> None:
    tests = kcidb_of(store)["tests"]
    assert {each["misc"]["word"]: each["status"] for each in tests} == {
        "satisfied": "PASS", "violated": "FAIL", "undecided": "ERROR"
    }  # fmt: skip
    assert {each["path"] for each in tests} == {
        "hypabi.call_sites.stub.HVC_RESET_VECTORS.a_caller"
    }  # fmt: skip


def test_parquet_has_the_rows_of_every_table(store: Store, tmp_path: Path) -> None:
    from pyarrow import parquet

    files = write_parquet(store, str(tmp_path / "out"))
    assert [Path(each).name for each in files] == [
        "image.parquet", "origin.parquet", "result.parquet", "item.parquet"
    ]  # fmt: skip
    connection = sqlite3.connect(store.path)
    for file in files:
        table = parquet.read_table(file)
        name = Path(file).stem
        columns = ", ".join(table.column_names)
        rows = connection.execute(f"SELECT {columns} FROM {name} ORDER BY 1, 2").fetchall()
        assert [tuple(row.values()) for row in table.to_pylist()] == rows
        assert rows
    connection.close()
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == sorted(
        Path(each).name for each in files
    )


def test_an_empty_store_exports_empty_tables(tmp_path: Path) -> None:
    from pyarrow import parquet

    empty = open_store(str(tmp_path / "empty"), create=True)
    for file in write_parquet(empty, str(tmp_path / "out")):
        assert parquet.read_table(file).num_rows == 0
