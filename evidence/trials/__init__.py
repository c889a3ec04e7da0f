"""Single instructions as evidence: our semantics against QEMU's, from random states.

A small program runs on QEMU's ``virt`` board.  It takes records out of the board's memory, which is
a file that we share: one word of code and the whole state to run it from.  It brings the processor
into that state, runs the word, and writes down what it left.  The same word is run from the same
state by ``hypabi.semantics`` over integers, as ``hypabi.machine.engine`` runs it, and the two ends
are compared register by register.

Guarantees: the same words, count and seed give the same states.  What is not compared is named in
:mod:`evidence.trials.exclusions`, each with the clause of the manual that leaves it open.
"""
