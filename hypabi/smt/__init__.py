"""Terms over bit-vectors, solvers, models, SMT-LIB text.  Knows nothing of Arm."""
