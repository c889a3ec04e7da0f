"""Contracts as YAML: one strict reader, one writer, and the schema, from the types of the model."""
