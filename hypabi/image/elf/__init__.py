"""ELF programs and objects: headers, sections, symbols, relocations."""
