"""The store as a file: opened, written in whole steps, asked what it has.

Write-ahead logging and one transaction a kernel: whoever is killed leaves the last whole step, and
of two writers one waits for the other.  What both found is kept once, by the key of the row.
"""

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hypabi.errors import HypabiError
from hypabi.records import field_names
from hypabi.store.line import place_of
from hypabi.store.records import Answer, Fate, Item, Kernel, KernelFinding, Outcome
from hypabi.store.schema import APPLICATION, TABLES, VERSION

WAIT: Final = 60.0
"""Seconds that one writer waits for another."""
PAUSE: Final = 0.05
"""Seconds between two tries where SQLite does not wait itself."""
GOOD: Final = "good"


class Store:
    """A store that is open.

    :param path: the file
    """

    def __init__(self, path: str, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def begin(self, command: Sequence[str], made_by: str) -> int:
        """Note that a sweep begins, and return its number."""
        with self._step() as connection:
            row = connection.execute(
                "INSERT INTO sweep (command, made_by, state) VALUES (?, ?, 'running')",
                (json.dumps(list(command)), made_by),
            )
            assert row.lastrowid is not None
            return row.lastrowid

    def end(self, sweep: int, state: str) -> None:
        """Note how a sweep ended."""
        with self._step() as connection:
            connection.execute("UPDATE sweep SET state = ? WHERE id = ?", (state, sweep))

    def keep(self, name: str, identity: str, outcome: Outcome, asked: str, made_by: str) -> None:
        """Keep what became of one thing that a source named, in one step."""
        kernel = outcome.kernel
        with self._step() as connection:
            if kernel is not None:
                _insert(connection, kernel)
            connection.execute(
                "INSERT OR REPLACE INTO origin VALUES (?, ?, ?, ?, ?, ?)",
                (
                    name, identity, made_by,
                    (Fate.JUDGED if outcome.fate is Fate.KNOWN else outcome.fate).value,
                    outcome.reason, outcome.image,
                ),
            )  # fmt: skip
            for answer in outcome.answers:
                assert kernel is not None
                self._keep_answer(connection, kernel.sha256, answer, asked)

    def _keep_answer(
        self, connection: sqlite3.Connection, image: str, answer: Answer, asked: str
    ) -> None:
        columns = {n: getattr(answer, n) for n in field_names(answer) or () if n != "items"}
        columns |= {"image": image, "asked": asked}
        made = connection.execute(
            f"INSERT OR IGNORE INTO result ({', '.join(columns)}) "
            f"VALUES ({', '.join('?' * len(columns))})",
            tuple(columns.values()),
        )
        if not made.rowcount:
            return
        connection.executemany(
            "INSERT INTO item VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (made.lastrowid, number, *(getattr(item, n) for n in field_names(item) or ()))
                for number, item in enumerate(answer.items)
            ),
        )

    def origin(
        self, name: str | None, identity: str, made_by: str
    ) -> tuple[Fate, str, str | None] | None:
        """Return what became of something the last time, if it is as it was: fate, reason, image.

        What could not be had or failed is tried again.

        :param name: ``None`` where the identity is that of the content, wherever it lies
        """
        row = self._connection.execute(
            "SELECT fate, reason, image FROM origin WHERE identity = ?1 AND "
            "(?2 IS NULL OR name = ?2) AND (made_by = ?3 OR image IS NOT NULL) "
            "AND fate NOT IN (?4, ?5) ORDER BY name LIMIT 1",
            (identity, name, made_by, Fate.UNAVAILABLE.value, Fate.FAILED.value),
        ).fetchone()
        return None if row is None else (Fate(row[0]), row[1], row[2])

    def has(self, image: str, questions: Sequence[str], key: "Key") -> bool:
        """Tell whether every question to an image was answered as it would be now."""
        found = self._connection.execute(
            "SELECT question, contract, contract_sha256 FROM result "
            "WHERE image = ? AND asked = ? AND made_by = ?",
            (image, key.asked, key.made_by),
        ).fetchall()
        current = {question for question, name, sha256 in found if key.holds(name, sha256)}
        return current.issuperset(questions)

    def results(self) -> int:
        """Return how many results there are."""
        (count,) = self._connection.execute("SELECT count(*) FROM result").fetchone()
        return int(count)

    def kernels(self) -> tuple[Kernel, ...]:
        """Return every kernel, line by line and by version; builds of a version as they came."""
        names = ", ".join(Kernel.__match_args__)
        rows = self._connection.execute(f"SELECT {names} FROM image ORDER BY number")
        return tuple(sorted((Kernel(*row) for row in rows), key=place_of))

    def fates(self) -> tuple[tuple[str, Fate, str], ...]:
        """Return what became of everything that was looked at: name, fate and reason."""
        rows = self._connection.execute("SELECT name, fate, reason FROM origin ORDER BY name")
        return tuple((name, Fate(fate), reason) for name, fate, reason in rows)

    def made_by(self) -> str:
        """Return who made the newest results, each once."""
        rows = self._connection.execute("SELECT DISTINCT made_by FROM newest ORDER BY made_by")
        return "; ".join(made_by for (made_by,) in rows)

    def found_in(self) -> dict[str, tuple[str, ...]]:
        """Return by image where it was found."""
        found: dict[str, list[str]] = {}
        rows = self._connection.execute(
            "SELECT image, name FROM origin WHERE image IS NOT NULL ORDER BY name"
        )
        for image, name in rows:
            found.setdefault(image, []).append(name)
        return {image: tuple(names) for image, names in found.items()}

    def newest(self, image: str) -> tuple[tuple[str, str, float, int], ...]:
        """Return of each question to an image: question, verdict, seconds, megabytes."""
        return tuple(
            self._connection.execute(
                "SELECT question, verdict, seconds, megabytes FROM newest WHERE image = ? "
                "ORDER BY question",
                (image,),
            )
        )

    def findings(self, image: str) -> tuple[KernelFinding, ...]:
        """Return what is not as it should be in a kernel, each once, sorted."""
        rows = self._connection.execute(
            "SELECT DISTINCT rule, unit, party, call, name, word, weight, text FROM item "
            "WHERE result IN (SELECT id FROM newest WHERE image = ?) AND weight != ? "
            "ORDER BY unit, party, call, name, rule, word, text",
            (image, GOOD),
        )
        return tuple(KernelFinding(*row) for row in rows)

    def items(self, image: str) -> tuple[Item, ...]:
        """Return everything that was judged in a kernel."""
        names = ", ".join(Item.__match_args__)
        rows = self._connection.execute(
            f"SELECT {names} FROM item WHERE result IN "
            "(SELECT id FROM newest WHERE image = ?) ORDER BY result, number",
            (image,),
        )
        return tuple(Item(*row) for row in rows)

    def document(self, image: str, question: str) -> bytes | None:
        """Return the newest whole result of a question, deflated."""
        row = self._connection.execute(
            "SELECT document FROM newest WHERE image = ? AND question = ?", (image, question)
        ).fetchone()
        return None if row is None else bytes(row[0])

    def columns(self, table: str) -> tuple[tuple[str, str], ...]:
        """Return the columns of a table: name and type."""
        rows = self._connection.execute("SELECT name, type FROM pragma_table_info(?)", (table,))
        return tuple(rows)

    def rows(
        self, table: str, columns: Sequence[str], most: int
    ) -> Iterator[list[tuple[object, ...]]]:
        """Yield the rows of a table in the order of its key, at most so many at once."""
        names = ", ".join(columns)
        cursor = self._connection.execute(f"SELECT {names} FROM {table} ORDER BY 1, 2")
        while rows := cursor.fetchmany(most):
            yield rows

    @contextmanager
    def _step(self) -> Iterator[sqlite3.Connection]:
        """Write all of a step or nothing, one writer after the other."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        except sqlite3.Error as failed:
            raise HypabiError(self.path, f"the store cannot be written: {failed}") from failed


class Key:
    """By what results are told apart, besides image and question.

    :param asked: contract that is named; empty where each kernel has the one that fits
    :param made_by: versions of hypabi and its tools
    :param contracts: SHA-256 of each contract by name, as they are now
    """

    def __init__(self, asked: str, made_by: str, contracts: dict[str, str]) -> None:
        self.asked = asked
        self.made_by = made_by
        self._contracts = contracts

    def holds(self, contract: str, sha256: str) -> bool:
        """Tell whether a contract is still the one that a result was held against."""
        return self._contracts.get(contract) == sha256


def open_store(path: str, *, create: bool = False) -> Store:
    """Open a store.

    :param create: make it where there is none
    :raises HypabiError: there is none, or the file is something else or of a later layout
    """
    if not create and not Path(path).exists():
        raise HypabiError(path, "there is no store", "`hypabi sweep --store FILE` makes one")
    try:
        connection = sqlite3.connect(path, timeout=WAIT, isolation_level=None)
    except (sqlite3.Error, ValueError) as failed:
        raise HypabiError(path, f"the store cannot be opened: {failed}") from None
    try:
        _prepare(path, connection)
    except sqlite3.Error as failed:
        connection.close()
        raise HypabiError(path, f"this is no store: {failed}") from None
    except HypabiError:
        connection.close()
        raise
    return Store(path, connection)


def _prepare(path: str, connection: sqlite3.Connection) -> None:
    application, version = _marks(connection)
    if (application, version) == (0, 0):
        application, version = _create(connection)
    if application != APPLICATION:
        raise HypabiError(path, "this is another program's database", "name another file")
    if version > VERSION:
        what = f"the store has layout {version}, this hypabi reads up to {VERSION}"
        raise HypabiError(path, what, "use a newer hypabi")
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = NORMAL")


def _create(connection: sqlite3.Connection) -> tuple[int, int]:
    """Make the tables in an empty file, unless somebody else has just made them."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _marks(connection) == (0, 0):
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
                return 0, 0
            for statement in TABLES.split(";\n"):
                if statement.strip():
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
    finally:
        connection.execute("COMMIT")
    return _marks(connection)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn on write-ahead logging; SQLite does not wait itself where another does the same."""
    for _ in range(int(WAIT / PAUSE)):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            time.sleep(PAUSE)
        else:
            return
    connection.execute("PRAGMA journal_mode = WAL")


def _marks(connection: sqlite3.Connection) -> tuple[int, int]:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return application, version


def _insert(connection: sqlite3.Connection, kernel: Kernel) -> None:
    names = field_names(kernel) or ()
    connection.execute(
        f"INSERT OR IGNORE INTO image ({', '.join(names)}, number) SELECT "
        f"{', '.join('?' * len(names))}, coalesce(max(number), 0) + 1 FROM image",
        tuple(getattr(kernel, name) for name in names),
    )
