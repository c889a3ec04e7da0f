"""What a kernel does at its interface to EL2, seen on a machine: crossings, named and judged.

Events come from a source (``boot``: QEMU; ``record``, ``qemu_log``, ``hyp_events``: files) and go
one way: ``places`` says what the image has at an address, ``calls`` what is asked for, ``judge``
holds the crossing against the contract in the words of ``check``, ``agreement`` against the case
that was derived from the same image.  ``drive`` makes a kernel do more than boot, and ``control``
boots it again where that fails.

Guarantees: what a source did not see is said to be unknown and is never judged good; an address is
named only where one place of the image fits; what a crossing shows is judged by the same clauses
and the same reasoning as what was derived.
"""

__all__ = ["boot", "control", "record", "result", "run", "sources"]
