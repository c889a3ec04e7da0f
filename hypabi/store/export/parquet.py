"""A store as Parquet: a file for each table, with the columns of the layout.

``document`` is left out: a data frame has no use for a whole report.
"""

import os
from pathlib import Path
from typing import Any, Final

from hypabi.errors import HypabiError
from hypabi.store.database import Store

TABLES: Final = ("image", "origin", "result", "item")
ROWS: Final = 50_000
"""Rows of a group, which are in memory at once."""
KINDS: Final = {"TEXT": "string", "INTEGER": "int64", "REAL": "float64"}


def write_parquet(store: Store, folder: str) -> tuple[str, ...]:
    """Write the tables of a store into a folder; return the files.

    :raises HypabiError: pyarrow is not installed, or the folder cannot be written
    """
    try:
        import pyarrow  # noqa: PLC0415 - an optional extra
    except ImportError:
        what = "pyarrow is not installed"
        raise HypabiError("parquet", what, "pip install hypabi[parquet]") from None
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        return tuple(_write(pyarrow, store, table, Path(folder)) for table in TABLES)
    except OSError as failed:
        raise HypabiError(folder, failed.strerror or str(failed)) from None


def _write(pyarrow: Any, store: Store, table: str, folder: Path) -> str:  # noqa: ANN401 - untyped
    from pyarrow import parquet  # noqa: PLC0415

    columns = [each for each in store.columns(table) if each[1] in KINDS]
    schema = pyarrow.schema(
        [(name, getattr(pyarrow, KINDS[kind])()) for name, kind in columns]
    )  # fmt: skip
    path = folder / f"{table}.parquet"
    draft = folder / f".{table}-{os.getpid()}"
    with parquet.ParquetWriter(draft, schema) as writer:
        for rows in store.rows(table, [name for name, _ in columns], ROWS):
            values = zip(*rows, strict=True)
            arrays = [
                pyarrow.array(column, field.type)
                for column, field in zip(values, schema, strict=True)
            ]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
    draft.replace(path)
    return str(path)
