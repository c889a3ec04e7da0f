"""What all parties of an image do, in names instead of addresses, as a file that a later diff
reads.

Guarantees: writing and reading again gives the same bytes, and a file that is none of ours, or more
than its limits allow, is refused with the place.
"""
