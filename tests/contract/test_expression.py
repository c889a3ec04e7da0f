"""Expressions are typed: what can be meant is read as it is meant, what cannot is refused."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.arch.names import Architecture
from hypabi.contract.expression import (
    AddressOf,
    BigEndian,
    Bits,
    Capability,
    Comparison,
    Conjunction,
    Disjunction,
    InT32,
    Integer,
    Moment,
    Negation,
    Operation,
    Operator,
    Predicate,
    Read,
    Relation,
    TableOf,
    Value,
    Word,
    width_of,
    write_predicate,
)
from hypabi.contract.expression_parser import LONGEST, Scope, parse_predicate, parse_value
from hypabi.contract.registers import registers_of
from hypabi.decode.place import NOWHERE, FileError, Place


def scope(architecture: Architecture = Architecture.ARM64, moment: Moment = Moment.EXIT) -> Scope:
    return Scope(
        registers=registers_of(architecture),
        moment=moment,
        names={"base": "HVBAR" if architecture is Architecture.ARM else "VBAR_EL2"},
        constants={"success": 0, "error": 0xBADCA11, "alignment": 2048},
        arguments={"vectors": "r1" if architecture is Architecture.ARM else "x1"},
        result="r0" if architecture is Architecture.ARM else "x0",
        parties=frozenset({"stub", "kvm-run"}),
    )


def read(name: str, moment: Moment = Moment.EXIT) -> Read:
    return Read(name, 64, moment)


def equal(left: Value, right: Value) -> Comparison:
    return Comparison(Relation.EQUAL, left, right)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("result == success", equal(read("x0"), Integer(0, 64))),
        ("base == vectors", equal(read("VBAR_EL2"), read("x1", Moment.ENTRY))),
        ("x5 == old(x5)", equal(read("x5"), read("x5", Moment.ENTRY))),
        ("lr == old(lr)", equal(read("x30"), read("x30", Moment.ENTRY))),
        ("SCTLR_EL2.M == 0", equal(Bits(read("SCTLR_EL2"), 0, 0), Integer(0, 1))),
        ("base[11:0] == 0", equal(Bits(read("VBAR_EL2"), 11, 0), Integer(0, 12))),
        (
            "old(HCR_EL2.E2H) == 1",
            equal(Bits(read("HCR_EL2", Moment.ENTRY), 34, 34), Integer(1, 1)),
        ),
        ("SCTLR_EL2.A == in_t32", equal(Bits(read("SCTLR_EL2"), 1, 1), InT32())),
        ("SCTLR_EL2.EE == big_endian", equal(Bits(read("SCTLR_EL2"), 25, 25), BigEndian())),
        ("x0 == -1", equal(read("x0"), Integer((1 << 64) - 1, 64))),
        ('base == table_of("kvm-run")', equal(read("VBAR_EL2"), TableOf("kvm-run", 64))),
        (
            'word(address_of("flag")) == 1',
            equal(Word(AddressOf("flag", 64), 32, Moment.EXIT), Integer(1, 32)),
        ),
        (
            "base == old(doubleword(x0))",
            equal(read("VBAR_EL2"), Word(read("x0", Moment.ENTRY), 64, Moment.ENTRY)),
        ),
        (
            "vectors % alignment != 0",
            Comparison(
                Relation.DIFFERENT,
                Operation(Operator.REMAINDER, read("x1", Moment.ENTRY), Integer(2048, 64)),
                Integer(0, 64),
            ),
        ),
        ("x1 > x2", Comparison(Relation.BELOW, read("x2"), read("x1"))),
        ("3 >= x2", Comparison(Relation.AT_MOST, read("x2"), Integer(3, 64))),
        ("not cpucap(SOME)", Negation(Capability("SOME"))),
        (
            "x1 == 1 and (x2 == 2 or x3 == 3)",
            Conjunction(
                (
                    equal(read("x1"), Integer(1, 64)),
                    Disjunction(
                        (equal(read("x2"), Integer(2, 64)), equal(read("x3"), Integer(3, 64)))
                    ),
                )
            ),
        ),
        (
            "x1 & 0xff == 0x10 << 1 | x2",
            equal(
                Operation(Operator.AND, read("x1"), Integer(0xFF, 64)),
                Operation(
                    Operator.OR,
                    Operation(Operator.SHIFT_LEFT, Integer(0x10, 64), Integer(1, 64)),
                    read("x2"),
                ),
            ),
        ),
    ],
)
def test_what_can_be_meant_is_read_so(text: str, meaning: Predicate) -> None:
    if "<< 1" in text:  # two numbers have no width: the reader wants a register between them
        with pytest.raises(FileError, match="holds no register"):
            parse_predicate(text, scope(), NOWHERE)
    else:
        assert parse_predicate(text, scope(), NOWHERE) == meaning


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("x31 == 0", "arm64 knows no 'x31'"),
        ("r0 == 0", "arm64 knows no 'r0'"),
        ("sp == 0", "arm64 knows no 'sp'"),
        ("VBAR_EL12 == 0", "arm64 knows no 'VBAR_EL12'"),
        ("VBAR_EL == 0", "did you mean 'VBAR_EL"),
        ("SCTLR_EL2.MM == 0", "no field 'MM' of SCTLR_EL2"),
        ("SCTLR_EL2.M == 2", "0x2 does not fit into 1 bits"),
        ("SCTLR_EL2.M == x0", "64 bits stands where one of 1"),
        ("x0[3:0] == x1[7:0]", "8 bits stands where one of 4"),
        ("x0[0:3] == 0", "names bits that are not there"),
        ("x0[64:0] == 0", "names bits that are not there"),
        ("x0[3] == 0", "nothing that an expression may hold"),
        ("x0 == 0x1_0000_0000_0000_0000", "does not fit into 64 bits"),
        ("1 == 1", "holds no register"),
        ("alignment == 2048", "holds no register"),
        ("x0 % 0 == 0", "divides by zero"),
        ("x0", "is no condition"),
        ("SCTLR_EL2.M", "is no condition"),
        ("True", "is no condition"),
        ('word(address_of("flag")) == x0', "64 bits stands where one of 32"),
        ("word(SCTLR_EL2.M) == 0", "1 bits stands where one of 64"),
        ("x0 == True", "nothing that an expression may hold"),
        ("x0 == 1.5", "nothing that an expression may hold"),
        ("x0 == 'a'", "nothing that an expression may hold"),
        ("0 < x0 < 3", "more than two values"),
        ("x0 is 3", "a comparison that contracts have not"),
        ("x0 in (1, 2)", "a comparison that contracts have not"),
        ("x0 * 2 == 4", "an operator that contracts have not"),
        ("x0 ** 2 == 4", "an operator that contracts have not"),
        ("x0 ^ 2 == 4", "an operator that contracts have not"),
        ("~x0 == 4", "nothing that an expression may hold"),
        ("(x0 == 1) == (x1 == 1)", "nothing that an expression may hold"),
        ("x0 == (1 if x1 == 0 else 2)", "nothing that an expression may hold"),
        ("old(0) == x0", "is needless"),
        ("old(x0, x1) == 0", "nothing that an expression may hold"),
        ("open('f') == x0", "is no function of contracts"),
        ("().__class__ == x0", "nothing that an expression may hold"),
        ("x0.__class__ == 0", "no field '__class__'"),
        ("(lambda: x0)() == 0", "nothing that an expression may hold"),
        ('table_of("xen") == x0', "no party 'xen'"),
        ("table_of(stub) == x0", "is no function of contracts"),
        ("x0 = 1", "is no expression; write '=='"),
        ("x0 == 1 && x1 == 1", "is no expression; write 'and'"),
        ("x0 == 1; x1 == 1", "is no expression"),
        ("", "is no expression"),
        ("x0 ==\n1", "a character that no expression needs"),
        ("х0 == 1", "a character that no expression needs"),  # noqa: RUF001 - a Cyrillic letter
        ("(" * 150 + "x0" + ")" * 150 + " == 1 and x0 == 0" * 20, f"at most {LONGEST}"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, what: str) -> None:
    place = Place("file.yaml", 7, "calls.X.ensures")
    with pytest.raises(FileError) as refused:
        parse_predicate(text, scope(), place)
    assert str(refused.value).startswith("file.yaml:7: calls.X.ensures: ")
    assert what in str(refused.value)


@pytest.mark.parametrize(
    ("text", "what"),
    [("result == 0", "no 'result' at entry"), ("old(x0) == 0", "every name here is read at entry")],
)
def test_the_entry_knows_no_exit(text: str, what: str) -> None:
    with pytest.raises(FileError, match=what):
        parse_predicate(text, scope(moment=Moment.ENTRY), NOWHERE)
    parse_predicate(text, scope(), NOWHERE)


def test_arm_has_its_own_registers_and_widths() -> None:
    arm = scope(Architecture.ARM)
    meant = parse_predicate("HSCTLR.TE == 1 and ip == 0 and base == vectors", arm, NOWHERE)
    assert isinstance(meant, Conjunction)
    assert meant.parts[1] == equal(Read("r12", 32, Moment.EXIT), Integer(0, 32))
    for wrong in ("x0 == 0", "VBAR_EL2 == 0", "r0 == 0x100000000", "lr == 0", "HTTBR == r0"):
        with pytest.raises(FileError):
            parse_predicate(wrong, arm, NOWHERE)


def test_an_address_is_as_wide_as_the_architecture() -> None:
    assert width_of(parse_value("vectors + 4", scope(moment=Moment.ENTRY), NOWHERE)) == 64
    assert parse_value("4", scope(moment=Moment.ENTRY), NOWHERE) == Integer(4, 64)
    with pytest.raises(FileError, match="8 bits"):
        parse_value("x0[7:0]", scope(moment=Moment.ENTRY), NOWHERE)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(FileError):
        parse_predicate(text, scope(), NOWHERE)


_VALUES = st.sampled_from(["x1", "old(x2)", "vectors", "base", "7", "0x800", "x3[63:0]"])
_ATOMS = st.builds("{} {} {}".format, _VALUES, st.sampled_from(["==", "!=", "<", "<="]), _VALUES)


@given(st.lists(_ATOMS, min_size=1, max_size=3), st.sampled_from([" and ", " or "]))
def test_what_is_written_is_read_as_the_same(atoms: list[str], word: str) -> None:
    try:
        meant = parse_predicate(word.join(atoms), scope(), NOWHERE)
    except FileError:
        return
    assert parse_predicate(write_predicate(meant), scope(), NOWHERE) == meant
