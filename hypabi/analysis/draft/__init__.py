"""A first contract, written from what a program does, for its author to edit."""
