"""The names of calls, as reports print them."""


def spelled(call: str | None) -> str:
    """Return the name of a call, or what stands for every identifier that is none."""
    return "any other" if call is None else call


def call_with_number(call: str | None, number: str | None, identifier: str) -> str:
    """Return a call with what its identifier holds: ``HVC_SET_VECTORS (x0 = 0)``.

    :param number: in hexadecimal
    """
    return spelled(call) + ("" if number is None else f" ({identifier} = {int(number, 16)})")
