"""A result told finding by finding, and the forms that are the same for every command.

Each thing that a result counts is an item; whatever is to be told of it is a finding, with its
rule.  Nothing that sets a bit of the exit status is without one.
"""
