"""Documents written from contracts: the page of an interface, man page, C header, hypercalls page.

``write`` takes a ``request`` and returns the text with the results of the images that it rests on.

``interface`` says what a page holds, as the tree of blocks in ``markup``; a writer for each form
escapes all that its syntax would obey, so nothing that a contract or an image says is markup.
"""

__all__ = [
    "request",
    "write",
]
