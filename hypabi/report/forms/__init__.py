"""Forms that machines read, the same for every command: a file for each, from findings.

SARIF and GitLab have findings only; KTAP and JUnit have every item, good or not.  Undecided is
never passed, in any of them.
"""
