"""Documents written from contracts: the page of an interface, man page, C header, hypercalls page.

``interface`` says what a page holds, as the tree of blocks in ``markup``; a writer for each form
escapes all that its syntax would obey, so nothing that a contract or an image says is markup.
"""

__all__ = [
    "header",
    "hypercalls",
    "interface.image_evidence",
    "interface.page",
    "interface.reading",
    "markup.html",
    "markup.man",
    "markup.rst",
    "markup.tree",
    "stated.header",
    "stated.page",
]
