"""What a hypercall does: guarded cases and their footprint."""
