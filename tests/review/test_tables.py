"""A table of vectors is told when a patch adds it, and with what it knows."""

from hypabi.review.tables import Unnamed, new_tables


def table(symbol: str) -> Unnamed:
    return Unnamed(symbol, ("HVC_A",), ("HVC_B", "HVC_C"), ())


def test_a_table_is_new_where_none_of_its_name_was_there() -> None:
    old, new = (table("one"),), (table("one"), table("two"))
    (found,) = new_tables("arm64 kernel", old, new)
    assert found.sentence == (
        "two is new, vectors of no party of the contract: it serves HVC_A, lacks HVC_B, HVC_C"
    )
    assert not tuple(new_tables("arm64 kernel", new, old))
