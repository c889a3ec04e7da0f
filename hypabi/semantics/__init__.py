"""What one instruction does, written once over a ``Domain`` of values."""
