"""A small stated contract that uses every key, for tests that change one thing in it."""

EXAMPLE = """\
contract: example
kind: stated
title: an interface
summary: It is for nothing.
architectures: [arm, arm64, x86]
read-in: ["5.10", "6.1"]
registers: {first: {arm: r1, arm64: x1, x86: rbx}}
sources:
  book: {title: The Book, where: DEN0000}
checks:
  seen:
    says: is seen
    facts: [number, conduit]
    test: "tests/a/b.py::c"
    images: [6.1-arm64, 6.1-armmp]
unseen: {results: nobody looks}
providers:
  kvm: {title: KVM, section: KVM}
conduits:
  hvc:
    summary: always
    architectures: [arm, arm64]
    instruction: hvc
    immediate: 0xea1
    identifier: {arm: r12, arm64: x16}
    fields:
      fast: {bits: "31", is: a fast call, values: {fast: 1}}
      function: {bits: "15-0", is: which}
    arguments: {arm: [r0-r4], arm64: [x0-x4]}
    results: {arm: [r0], arm64: [x0]}
    may-change: {arm: [r0-r3], arm64: [x0-x17]}
    source: [{source: book, section: "1"}]
    unseen: {conduit: nobody can}
    checked-by: [seen]
    cite: by hvc
  diag:
    summary: never
    architectures: [x86]
    instruction: diag
    source: [{source: book}]
    because: for the test
errors:
  NO: {value: -1, is: refused}
calls:
  SET:
    summary: sets
    numbers:
      - {value: 0x80000001, kernels: ["5.10"], checked-by: [seen]}
      - {value: 0x80000002, by: [hvc], since: "6.0", until: "7.0", architectures: [arm]}
    by: [hvc]
    architectures: [arm, arm64]
    since: "5.0"
    until: "9.0"
    arguments: {what: {in: first, is: a thing}}
    results: {answer: {in: {arm: r0, arm64: x0}, is: an answer}, buffer: {is: in memory}}
    errors: ["NO"]
    served-by: [kvm]
    callers: [set_it]
    unseen: {errors: none is made}
    source: [{source: book}]
    against: another sentence
  ONE:
    summary: is one
    number: 0x80000003
    by: [hvc]
    architectures: [arm]
    served-by: []
    because: nobody does
    source: [{source: book}]
    checked-by: [seen]
  STOP:
    summary: stops
    by: [diag]
    architectures: [x86]
    immediate: 0x44
    served-by: [kvm]
    source: [{source: book}]
"""
"""Every fact in it is made up."""


def changed(old: str, new: str) -> bytes:
    """Return the example with one piece of its text changed."""
    assert EXAMPLE.count(old) == 1, (old, EXAMPLE.count(old))
    return EXAMPLE.replace(old, new).encode()
