"""What hypercalls do, as text and JSON."""
