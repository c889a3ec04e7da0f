"""What each image keeps of its own contract, compared: what is new in the new one is found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.behaviour.saved.own_promises import OwnPromise, PromiseKind, PromiseWord
from hypabi.judgement.difference.own_promises import PromiseChange, compare_promises, together

CLAUSE, CALLER, INSTALLER = PromiseKind.CLAUSE, PromiseKind.CALLER, PromiseKind.INSTALLER
KEPT, BROKEN = PromiseWord.KEPT, PromiseWord.BROKEN
UNDECIDED, ABSENT = PromiseWord.UNDECIDED, PromiseWord.ABSENT


def promise(
    word: PromiseWord,
    kind: PromiseKind = CLAUSE,
    who: str = "stub",
    what: str = "HVC_SET_VECTORS: vectors",
    says: str = "",
) -> OwnPromise:
    return OwnPromise(kind, who, what, word, says)


def change(old: OwnPromise | None, new: OwnPromise | None) -> PromiseChange | None:
    found = compare_promises([] if old is None else [old], [] if new is None else [new])
    assert len(found) <= 1
    return found[0].change if found else None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (KEPT, KEPT, None),
        (KEPT, BROKEN, PromiseChange.NEWLY_BROKEN),
        (UNDECIDED, BROKEN, PromiseChange.NEWLY_BROKEN),
        (ABSENT, BROKEN, PromiseChange.NEWLY_BROKEN),
        (BROKEN, BROKEN, PromiseChange.BROKEN_IN_BOTH),
        (BROKEN, KEPT, PromiseChange.MENDED),
        (KEPT, UNDECIDED, PromiseChange.NEWLY_UNDECIDED),
        (BROKEN, UNDECIDED, PromiseChange.NEWLY_UNDECIDED),
        (UNDECIDED, UNDECIDED, None),
        (UNDECIDED, KEPT, None),
    ],
)
def test_words_of_both_say_what_became_of_a_promise(
    old: PromiseWord, new: PromiseWord, expected: PromiseChange | None
) -> None:
    assert change(promise(old), promise(new)) is expected


def test_a_broken_promise_that_the_old_contract_did_not_have_is_new() -> None:
    assert change(None, promise(BROKEN)) is PromiseChange.NEWLY_BROKEN
    assert change(None, promise(UNDECIDED)) is PromiseChange.NEWLY_UNDECIDED
    assert change(None, promise(KEPT)) is None, "another contract, and it is kept"


@pytest.mark.parametrize("kind", [CALLER, INSTALLER])
def test_a_caller_or_installer_that_is_gone_or_added_is_told(kind: PromiseKind) -> None:
    assert change(promise(KEPT, kind), None) is PromiseChange.GONE
    assert change(None, promise(KEPT, kind)) is PromiseChange.ADDED


def test_a_caller_of_another_name_that_asks_the_same_is_no_change() -> None:
    one, other = (promise(KEPT, CALLER, name, "SET while stub is live") for name in ("a", "b"))
    assert change(one, other) is None
    broken = promise(BROKEN, CALLER, "b", "SET while stub is live")
    assert change(one, broken) is PromiseChange.NEWLY_BROKEN
    renamed_party = promise(KEPT, INSTALLER, "b")
    assert len(compare_promises([promise(KEPT, INSTALLER, "a")], [renamed_party])) == len("ab")


def test_an_installer_that_writes_other_registers_is_kept_otherwise() -> None:
    one = promise(KEPT, INSTALLER, says="writes HCR_EL2, VBAR_EL2")
    other = promise(KEPT, INSTALLER, says="writes VBAR_EL2")
    assert change(one, other) is PromiseChange.OTHERWISE_KEPT


def test_of_an_installer_only_what_differs_is_told() -> None:
    one = promise(KEPT, INSTALLER, says="CNTVOFF_EL2 = 0x0, HCR_EL2 = 0x1")
    other = promise(KEPT, INSTALLER, says="CNTVOFF_EL2 = 0x0, HCR_EL2 = 0x3, HSTR_EL2")
    (changed,) = compare_promises([one], [other])
    assert (changed.old, changed.new) == ("kept: HCR_EL2 = 0x1", "kept: HCR_EL2 = 0x3, HSTR_EL2")


def test_what_breaks_in_the_same_words_is_one_finding() -> None:
    new = [promise(BROKEN, what=f"SET: {name}", says="it hangs") for name in ("a", "b")]
    other = promise(BROKEN, what="SET: c", says="HVBAR is lost")
    found = together(compare_promises([], [*new, other]))
    assert [each.what for each in found] == [("SET: a", "SET: b"), ("SET: c",)]


PROMISES = st.lists(
    st.builds(
        OwnPromise,
        st.sampled_from(PromiseKind),
        st.sampled_from("ab"),
        st.sampled_from("cd"),
        st.sampled_from(PromiseWord),
        st.sampled_from(["", "e"]),
    ),
    unique_by=lambda each: (each.kind, each.who, each.what),
)


@given(PROMISES)
def test_an_image_is_itself(promises: list[OwnPromise]) -> None:
    """Only that it is broken in both is said."""
    found = compare_promises(promises, promises)
    assert {each.change for each in found} <= {PromiseChange.BROKEN_IN_BOTH}
    assert len(found) == sum(each.word is BROKEN for each in promises)


@given(PROMISES, PROMISES)
def test_what_only_the_new_one_breaks_is_never_lost(
    old: list[OwnPromise], new: list[OwnPromise]
) -> None:
    told = {(each.kind, each.who, each.what) for each in compare_promises(old, new)}
    assert {(e.kind, e.who, e.what) for e in new if e.word is BROKEN} <= told
