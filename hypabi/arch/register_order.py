"""The order in which registers are listed."""


def natural_order(name: str) -> tuple[str, int, str]:
    """Order ``x2`` before ``x10`` before ``SP_EL0``; other names have no number."""
    for rank, head in enumerate(("r", "x", "SP_EL")):
        if name.startswith(head) and name[len(head) :].isdigit():
            return (f"{rank} {head}", int(name[len(head) :]), name)
    return (f"~{name}", -1, name)
