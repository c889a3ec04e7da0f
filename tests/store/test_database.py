"""The store as a file: whole, keyed, and nobody else's."""

import sqlite3
from pathlib import Path

import pytest

from hypabi.errors import HypabiError
from hypabi.store.database import Key, open_store
from hypabi.store.records import Fate, Outcome
from hypabi.store.schema import VERSION
from hypabi.sweeping.sweep import _contracts
from tests.sweeping.judges import CONTRACT, judged

SHA = "1" * 64
TODAY = {"linux-hyp-abi": _contracts(None)[CONTRACT]}


def kept(path: Path, made_by: str = "hypabi 1") -> None:
    store = open_store(str(path), create=True)
    store.keep("k", "size 1", judged(SHA, "6.1.1", "caller", "violated", made_by), "", made_by)
    store.close()


def test_a_result_is_had_under_its_key_and_under_no_other(tmp_path: Path) -> None:
    kept(tmp_path / "store")
    store = open_store(str(tmp_path / "store"))
    assert store.has(SHA, ["check"], Key("", "hypabi 1", TODAY))
    assert not store.has("2" * 64, ["check"], Key("", "hypabi 1", TODAY))
    assert not store.has(SHA, ["check", "callers"], Key("", "hypabi 1", TODAY))
    assert not store.has(SHA, ["check"], Key("", "hypabi 2", TODAY))
    assert not store.has(SHA, ["check"], Key("mine.yaml", "hypabi 1", TODAY))
    assert not store.has(SHA, ["check"], Key("", "hypabi 1", {CONTRACT: "3" * 64}))


def test_the_same_result_kept_twice_is_one(tmp_path: Path) -> None:
    kept(tmp_path / "store")
    kept(tmp_path / "store")
    store = open_store(str(tmp_path / "store"))
    assert store.results() == 1
    assert len(store.items(SHA)) == 1


def test_the_newest_result_is_what_is_told(tmp_path: Path) -> None:
    kept(tmp_path / "store", "hypabi 1")
    store = open_store(str(tmp_path / "store"))
    assert [each.word for each in store.findings(SHA)] == ["violated"]
    later = judged(SHA, "6.1.1", "caller", "satisfied", "hypabi 2")
    store.keep("k", "size 1", later, "", "hypabi 2")
    assert store.results() == 2
    assert store.findings(SHA) == ()
    assert store.newest(SHA)[0][1] == "proved"


def test_what_was_refused_by_another_hypabi_is_read_again(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"), create=True)
    store.keep("k", "size 1", Outcome(Fate.REFUSED, "no"), "", "hypabi 1")
    assert store.origin("k", "size 1", "hypabi 1") == (Fate.REFUSED, "no", None)
    assert store.origin("k", "size 1", "hypabi 2") is None
    assert store.origin("k", "size 2", "hypabi 1") is None


def test_a_step_that_fails_leaves_nothing_of_itself(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"), create=True)
    good = judged(SHA, "6.1.1", "caller", "violated")
    (answer,) = good.answers
    from hypabi.records import replace

    item = replace(answer.items[0], text=None)  # type: ignore[arg-type]  # a column that may not be empty
    broken = replace(good, answers=(replace(answer, items=(*answer.items, item)),))
    with pytest.raises(HypabiError, match="cannot be written"):
        store.keep("k", "size 1", broken, "", "hypabi 1")
    assert (store.results(), store.kernels(), store.found_in()) == (0, (), {})
    store.keep("k", "size 1", good, "", "hypabi 1")
    assert store.results() == 1


@pytest.mark.parametrize("content", [b"not a database, but text that is long enough" * 40, b"SQL"])
def test_a_file_of_something_else_is_refused_and_left(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(HypabiError, match="no store"):
        open_store(str(path), create=True)
    assert path.read_bytes() == content


def test_another_program_s_database_is_refused_and_left(tmp_path: Path) -> None:
    path = tmp_path / "other"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE mine (x)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(HypabiError, match="another program's"):
        open_store(str(path), create=True)
    assert path.read_bytes() == before


def test_a_later_layout_is_refused_and_this_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "store"
    open_store(str(path), create=True).close()
    open_store(str(path)).close()
    later = sqlite3.connect(path)
    later.execute(f"PRAGMA user_version = {VERSION + 1}")
    later.close()
    with pytest.raises(HypabiError, match="newer hypabi"):
        open_store(str(path))


def test_no_store_is_made_by_asking_one(tmp_path: Path) -> None:
    with pytest.raises(HypabiError, match="no store"):
        open_store(str(tmp_path / "none"))
    assert not (tmp_path / "none").exists()
