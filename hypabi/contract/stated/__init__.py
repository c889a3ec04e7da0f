"""Contracts that document an interface with sources and are held against no image as a whole."""
