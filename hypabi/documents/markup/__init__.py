"""A document as a tree of blocks, and a writer for each form: reStructuredText, HTML, man page."""
