"""A small contract that uses every key, for tests that change one thing in it."""

EXAMPLE = """\
contract: example
title: an interface
document: Documentation/example.rst
since: "5.0"
until: "9.0"
runs-on: every-cpu
conduit: {instruction: hvc, immediate: 0, cite: by hvc}
identifier: {arm: r0, arm64: x0}
result: {register: {arm: r0, arm64: x0}, success: 0, error: 0xbad, cite: the answer}
frame:
  registers: {may-change: {arm: [r0-r3, ip], arm64: [x0-x18]}, cite: may change}
  system-registers: {may-change: {arm: [SPSR_hyp], arm64: [SPSR_EL2]}, because: the exception}
  memory: {because: none is given}
  returns: {because: it is a call}
registers: {base: {arm: HVBAR, arm64: VBAR_EL2}}
constants: {alignment: {arm: 32, arm64: 2048}}
owners: {people: {section: PEOPLE}}
parties:
  stub:
    title: a stub
    vectors: stub_vectors
    owner: people
    cite: a stub
    assumes:
      own: {holds: base == table_of("stub"), because: it is live}
    any-other:
      promises:
        refused: {ensures: result == error, because: no such call}
  big:
    title: a hypervisor
    architecture: arm64
    since: "6.0"
    vectors: big_vectors
    program: kernel
    owner: people
    when: not cpucap(SOME_CAPABILITY)
    may-write-memory:
      stack: {start: SP_EL2 - 16, size: 16, because: its own}
    unserved:
      promises:
        dispatched: {handed-to: f, cite: is dispatched, because: it grew, against: is refused}
    any-other:
      unspecified: {cite: not documented}
  sink:
    title: a bouncer
    architecture: arm
    vectors: sink_vectors
    program: decompressor
    owner: people
    any-call:
      promises:
        entered: {leaves-to: r4, at: hyp, because: it enters}
unserved:
  promises:
    refused: {ensures: result == error, cite: refused}
calls:
  SET:
    summary: It sets.
    number: 0
    arguments: {vectors: {arm: r1, arm64: x1}}
    served-by: {arm: [stub], arm64: [stub, big]}
    cite: sets
    requires:
      aligned: {holds: vectors % alignment == 0, cite: aligned}
    assumes:
      quiet: {holds: SCTLR_EL2.M == 0, architecture: arm64, parties: [stub], because: it is off}
    promises:
      set: {ensures: base == vectors, cite: set}
      success: {ensures: result == success, cite: success}
    writes:
      vectors: {registers: [base], cite: set}
  UPGRADE:
    summary: It upgrades.
    number: 3
    architecture: arm64
    since: "6.0"
    until: "8.0"
    served-by: [stub]
    because: no sentence
    promises:
      refused: {when: ID_AA64MMFR1_EL1.VH == 0, ensures: result == error, cite: conditioned}
      stays: {returns: caller, answered: error, because: it failed}
      rises: {returns: EL2h, answered: success, since: "6.1", cite: upgrade}
    may-write-memory:
      log: {start: x1, size: 8, parties: [stub], because: a log}
users:
  other: {calls: [SET], where: elsewhere, because: it is known}
life-cycle:
  boot: stub
  beyond: {payload: another program}
  transitions:
    - {from: stub, call: SET, to: big, by: somebody, because: it is installed}
    - {from: big, call: any-other, to: payload, architecture: arm64}
"""
"""Every fact in it is made up."""


def changed(old: str, new: str) -> bytes:
    """Return the example with one piece of its text changed."""
    assert EXAMPLE.count(old) == 1, (old, EXAMPLE.count(old))
    return EXAMPLE.replace(old, new).encode()
