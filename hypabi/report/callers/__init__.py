"""The call sites of an image, as text and JSON."""
