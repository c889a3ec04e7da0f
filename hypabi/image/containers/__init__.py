"""Files that a kernel lies in: packages, compressed images, executables for firmware."""
