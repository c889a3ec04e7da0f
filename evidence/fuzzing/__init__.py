"""Coverage-guided fuzzing: whatever the bytes are, there is an answer or one line, and soon.

Atheris (libFuzzer for Python) mutates inputs towards code that none has reached yet.  A *finding*
is an exception that is no :class:`~hypabi.errors.HypabiError`, more than CPU_SECONDS of CPU time,
or more than MEMORY of memory.  Guarantees: no target writes a file but its own input in a folder of
its own; the same corpus, seed and number of runs try the same inputs.
"""
