"""Edits of the kernel's own sources, built and judged: what is found, and what is said for nothing.

An edit is a search and a replacement in one file or some, a kind, a direction and what should come
of it.  The sources are Debian's; they are fetched, edited and built in the run, and nothing of them
is kept here but the few words that an edit looks for.
"""
