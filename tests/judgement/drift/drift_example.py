"""A contract and a document of our own that agree, as does the stub of ``tests/cli/kernel.py``.

Tests change one thing and expect one finding.  Nothing here is taken from a kernel's document.
"""

from pathlib import Path

from hypabi.contract.file.load import load_contract
from hypabi.contract.model import Contract

CONTRACT = """\
contract: small-stub
title: a stub that knows three calls
document: Documentation/small-stub.rst
since: "5.0"
architecture: arm64
conduit: {instruction: hvc, immediate: 0, cite: "Every request is one 'hvc #0'."}
identifier: {arm64: x0}
result:
  register: {arm64: x0}
  success: 0
  error: 0xbadca11
  cite: What came of it is in x0, which is 0 on success.
frame:
  registers:
    may-change: {arm64: [x0-x18]}
    cite: Nobody may count on x0-x18 afterwards.
  system-registers:
    may-change: {arm64: [ELR_EL2, SPSR_EL2, ESR_EL2]}
    because: the exception itself
  memory: {because: none is given}
  returns: {because: it is a call}
owners: {people: {section: PEOPLE}}
parties:
  stub:
    title: the stub
    vectors: __hyp_stub_vectors
    owner: people
    cite: The kernel leaves a stub behind before it drops to EL1.
    assumes:
      own: {holds: VBAR_EL2 == table_of("stub"), because: it is live}
    any-other:
      promises:
        refused: {ensures: result == error, cite: It turns down whatever else it is asked.}
unserved:
  promises:
    refused: {ensures: result == error, cite: It turns down whatever else it is asked.}
calls:
  HVC_SET_VECTORS:
    summary: Installs vectors.
    number: 0
    arguments: {vectors: {arm64: x1}}
    served-by: {arm64: [stub]}
    cite: The table at that address takes over from here on.
    promises:
      set: {ensures: VBAR_EL2 == vectors, cite: The table at that address takes over from here on.}
    writes:
      base: {registers: [VBAR_EL2], cite: The table at that address takes over from here on.}
  HVC_SOFT_RESTART:
    summary: Starts another program.
    number: 1
    arguments:
      entry_point: {arm64: x1}
      first: {arm64: x2}
    served-by: {arm64: [stub]}
    cite: Control goes to the entry point, still at EL2, and the first argument with it.
    promises:
      jumps:
        leaves-to: entry_point
        at: EL2h
        cite: Control goes to the entry point, still at EL2
      hands: {ensures: x0 == first, cite: the first argument with it}
  HVC_RESET_VECTORS:
    summary: Puts the stub back.
    number: 2
    served-by: {arm64: [stub]}
    cite: Nothing is left of a hypervisor that was there.
    promises:
      own:
        ensures: VBAR_EL2 == table_of("stub")
        cite: Nothing is left of a hypervisor that was there.
"""

DOCUMENT = """\
.. a comment

Small stub
==========

The kernel leaves a stub behind before it drops to EL1. Every request is one
'hvc #0'.

* ::

    x0 = HVC_SET_VECTORS
    x1 = vectors

  The table at that address takes over from
  here on.

* ::

    x0 = HVC_SOFT_RESTART
    x1 = entry point
    x2 = first

  Control goes to the entry point, still at EL2, and the first argument with
  it. This request does not come back.

* ::

    x0 = HVC_RESET_VECTORS

  Nothing is left of a hypervisor that was there.

It turns down whatever else it is asked. What came of it is in x0, which is 0
on success. Nobody may count on x0-x18 afterwards.
"""


def contract(folder: Path, old: str = "", new: str = "") -> Contract:
    """Return the contract, with one piece of its text changed where one is named."""
    return load_contract(contract_file(folder, old, new))


def contract_file(folder: Path, old: str = "", new: str = "") -> Path:
    """Write the contract into a folder and return where."""
    path = folder / "small-stub.yaml"
    path.write_text(changed(CONTRACT, old, new), encoding="utf-8")
    return path


def document_file(folder: Path, *changes: tuple[str, str]) -> Path:
    """Write the document into a folder, with some pieces of its text changed, and return where."""
    text = DOCUMENT
    for old, new in changes:
        text = changed(text, old, new)
    path = folder / "small-stub.rst"
    path.write_text(text, encoding="utf-8")
    return path


def changed(text: str, old: str, new: str) -> str:
    """Return a text with a piece changed that stands in it once."""
    assert not old or text.count(old) == 1, (old, text.count(old))
    return text.replace(old, new) if old else text
