"""The door: one small module per command."""
