"""A class made by hypabi's decorator is what the standard one would have made of it."""

import copy
import dataclasses
import pickle
from dataclasses import dataclass

import pytest

from hypabi.records import field, frozen, replace


@frozen
class Ours:
    first: int
    second: str = "b"
    third: tuple[int, ...] = field(default=(), compare=False, repr=False)
    fourth: dict[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Theirs:
    first: int
    second: str = "b"
    third: tuple[int, ...] = dataclasses.field(default=(), compare=False, repr=False)
    fourth: dict[str, int] = dataclasses.field(default_factory=dict, compare=False)


@frozen(kw_only=True)
class Named(Ours):
    last: int


@frozen(eq=False)
class Same:
    only: int


def test_a_field_cannot_be_set_added_or_deleted() -> None:
    made = Ours(1)
    for name in ("first", "fifth"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(made, name, 2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        del made.first
    assert not hasattr(made, "__dict__")


def test_values_compare_hash_and_print_as_the_standard_decorator_has_it() -> None:
    for arguments in ((1,), (1, "c"), (2, "b", (3,))):
        ours, theirs = Ours(*arguments), Theirs(*arguments)
        assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
        for others in ((1,), (2,), (2, "b", (4,))):
            assert (ours == Ours(*others)) is (theirs == Theirs(*others))
            assert (hash(ours) == hash(Ours(*others))) is (hash(theirs) == hash(Theirs(*others)))
    assert Ours(1) != Theirs(1)  # type: ignore[comparison-overlap]


def test_each_instance_has_its_own_default() -> None:
    assert Ours(1).fourth is not Ours(1).fourth


def test_fields_replace_and_patterns_work() -> None:
    assert [f.name for f in dataclasses.fields(Ours)] == [
        f.name for f in dataclasses.fields(Theirs)
    ]
    for described in ("default", "default_factory", "compare", "repr", "type", "kw_only"):
        assert [getattr(f, described, None) for f in dataclasses.fields(Ours)] == [
            getattr(f, described, None) for f in dataclasses.fields(Theirs)
        ]
    assert dataclasses.replace(Ours(1), second="z") == Ours(1, "z")
    assert replace(Ours(1), second="z") == Ours(1, "z")
    match Ours(1, "q"):
        case Ours(first, second):
            assert (first, second) == (1, "q")


def test_fields_by_name_stand_behind_those_of_the_base() -> None:
    assert Named(1, "x", last=2).last == 2
    with pytest.raises(TypeError):
        Named(1, "x", (), {}, 2)  # type: ignore[call-arg]


def test_identity_is_kept_where_it_is_asked_for() -> None:
    one, other = Same(1), Same(1)
    assert one != other
    assert one == one  # noqa: PLR0124 - identity is what is tested
    assert len({one, other}) == 2


def test_the_standard_field_is_refused() -> None:
    with pytest.raises(TypeError, match="say it with hypabi"):

        @frozen
        class _Mixed:
            only: int = dataclasses.field(default=1)


def test_an_instance_is_pickled_and_copied_as_it_is() -> None:
    made = Ours(1, "c", (2,), {"d": 3})
    for again in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made)):
        assert (again, again.third, again.fourth) == (made, made.third, made.fourth)
    assert pickle.loads(pickle.dumps(Named(1, last=2))).last == 2
