"""What anybody can run to see whether hypabi is right: figures, and how they come about.

Nothing here is shipped.  ``docs/trust.md`` says what was run, and what came out.
"""
