"""Make a model smaller while what it shows still holds.

Smaller is first: fewer symbols that differ from what they usually are; then: fewer bits in which
they differ; then: smaller differences.  Every step is strictly smaller and keeps ``holds``, so
shrinking ends, keeps the refutation and never grows.
"""

from collections.abc import Callable, Iterator, Mapping

Model = Mapping[str, int]
Size = tuple[int, int, int]


def size(model: Model, usual: Model) -> Size:
    """Return how large a model is; lower is smaller.

    :param usual: what a symbol usually is; 0 where it does not say
    """
    differences = [value ^ usual.get(name, 0) for name, value in model.items()]
    set_ = sum(1 for each in differences if each)
    return set_, sum(each.bit_count() for each in differences), sum(differences)


def shrunk(model: Model, usual: Model, holds: Callable[[Model], bool]) -> dict[str, int]:
    """Return a model at most as large, of which no symbol alone could be as it usually is.

    :param holds: whether a model still shows what it shall; true of ``model``
    """
    best = dict(sorted(model.items()))
    changed = True
    while changed:
        changed = False
        for name in best:
            smaller = _smaller(name, best, usual.get(name, 0), holds)
            if smaller is not None:
                best[name] = smaller
                changed = True
    return best


def _smaller(name: str, model: Model, usual: int, holds: Callable[[Model], bool]) -> int | None:
    """Return a smaller value of one symbol, ``None`` where none was found."""
    for candidate in _candidates(model[name] ^ usual):
        if holds({**model, name: candidate ^ usual}):
            return candidate ^ usual
    return None


def _candidates(difference: int) -> Iterator[int]:
    """Yield smaller differences: none, one small bit, then parts of what is there."""
    if difference == 0:
        return
    yield 0
    if difference == 1:
        return
    if (difference.bit_count(), difference) > (1, 1):
        yield 1
    width = difference.bit_length()
    step = width
    while step > 1:
        step = (step + 1) // 2
        for low in range(0, width, step):
            without = difference & ~((1 << step) - 1 << low)
            if without not in (0, difference):
                yield without
    if difference.bit_count() == 1:
        low_bit = 1
        while low_bit < difference:
            yield low_bit
            low_bit <<= 1
