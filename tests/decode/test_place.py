"""A place says file, line and key; a word that nobody knows is met with the nearest."""

from hypabi.decode.place import LONGEST_COMPARED, Place, closest_name


def test_a_place_is_spelled_with_what_is_known() -> None:
    top = Place("file", 0, "")
    assert str(top) == "file"
    assert str(Place("file", 3, "")) == "file:3"
    assert str(top.below("calls", 4).below("[1]").below("number", 6)) == "file:6: calls[1].number"


def test_a_key_stands_on_its_own_line_where_that_is_known() -> None:
    place = Place("file", 3, "a")
    assert place.below("b").line == 3
    knowing = place.knowing({"b": 5})
    assert [knowing.below("b").line, knowing.below("c").line] == [5, 3]
    assert knowing == place


def test_the_nearest_word_is_suggested_or_all_are_listed() -> None:
    assert closest_name("titel", ["title", "number"]) == "did you mean 'title'?"
    assert closest_name("zzz", ["title", "number"]) == "known here: number, title"
    assert closest_name("zzz", []) == ""
    many = [f"word{n:02}" for n in range(20)]
    assert closest_name("zzz", many).endswith("word11, ...")


def test_what_is_too_long_to_be_compared_is_not() -> None:
    long = "a" * (LONGEST_COMPARED + 1)
    assert closest_name(long + "b", [long]).startswith("known here: ")
