from hypabi.analysis.exit_status import Exit


def test_the_bits_are_those_of_the_design() -> None:
    assert [int(each) for each in (Exit.ERROR, Exit.CHANGE, Exit.UNDECIDED)] == [1, 4, 16]
    assert (int(Exit.USAGE), int(Exit.REFUTED)) == (2 | 1, 8 | 4)
