"""A kernel of a few objects, built from a source tree that stays as it is, linked with stand-ins.

What the contract is about lies in some dozen objects of a kernel.  They are built by the kernel's
own makefiles, in layers over the tree that a private mount namespace shows at the tree's own path,
so that ``make`` builds again what a change touches and nothing else; then they are linked by the
kernel's own linker script.  A symbol that none of them defines stands for a piece of memory of
which nothing is known: what depends on it is undecided.
"""

__all__ = ["configurations", "layers", "link", "toolchain", "tree", "user_options"]
