"""What is known of many kernels, in one SQLite file that anybody can query.

A row of ``result`` is what one question found in one image, held against one contract by one
version of hypabi: that is its key, so whatever changed is asked again and nothing else.  ``schema``
is the published layout of the file; ``line`` orders kernels by what they follow; ``history`` reads
time lines out of it.

Guarantees: a file is whole whenever whoever writes it is killed; two that write at once do not
hurt each other and count nothing twice; a file that is none of ours, or of a later layout, is
refused and left as it is.
"""

__all__ = [
    "database",
    "export.kcidb",
    "export.parquet",
    "history",
    "line",
    "news",
    "overview",
    "records",
]
