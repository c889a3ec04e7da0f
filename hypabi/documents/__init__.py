"""Documents written from contracts: the page of an interface, man page, C header, hypercalls page.

``interface`` says what a page holds, as the tree of blocks in ``markup``; a writer for each form
escapes all that its syntax would obey, so nothing that a contract or an image says is markup.
"""
