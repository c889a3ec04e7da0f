"""Find the kernel in a flattened image tree (FIT), U-Boot's container of kernels and devicetrees.

A FIT is a flattened devicetree (Devicetree Specification, chapter 5): ``/images`` has a node for
each image with its ``data`` or, behind the tree, its ``data-offset`` or ``data-position``;
``/configurations`` says which belong together.
"""

from collections.abc import Iterator

from hypabi.arch.names import ByteOrder
from hypabi.image.content import Content
from hypabi.image.model import ImageError
from hypabi.records import field, frozen

MAGIC = b"\xd0\x0d\xfe\xed"
MAX_TOKENS = 1 << 17
"""Most tokens of a tree; that of a board with many overlays has some ten thousand."""
MAX_DEPTH = 32
MAX_NAME = 256

_BEGIN, _END, _PROPERTY, _NOP, _LAST = 1, 2, 3, 4, 9
_KERNELS = (b"kernel\0", b"kernel_noload\0")


@frozen
class Node:
    """A node of the tree: what lies in it, by name."""

    properties: dict[str, Content] = field(default_factory=dict)
    children: "dict[str, Node]" = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a property that is a string, empty where there is none."""
        found = self.properties.get(name)
        return "" if found is None else found.read(0, MAX_NAME).split(b"\0")[0].decode("latin-1")

    def number(self, name: str) -> int | None:
        """Return a property that is one cell."""
        found = self.properties.get(name)
        return None if found is None else found.integer(0, 4, ByteOrder.BIG)


def is_devicetree(content: Content) -> bool:
    """Tell a flattened devicetree."""
    return content.read(0, 4) == MAGIC


def kernel_in_fit(where: str, content: Content) -> tuple[str, Content]:
    """Return the name and the content of the kernel that a FIT boots where nothing is chosen.

    :raises ImageError: it is corrupt, a devicetree and no FIT, or has no kernel
    """
    tree = _tree(where, content)
    images = tree.children.get("images")
    if images is None:
        raise ImageError(where, "devicetree, which holds no kernel")
    kernels = {
        name: node
        for name, node in images.children.items()
        if node.text("type").encode() + b"\0" in _KERNELS
    }
    name = _chosen(tree, kernels)
    if name is None:
        raise ImageError(where, f"FIT image that holds {len(kernels)} kernels, none by default")
    return name, _data(where, content, kernels[name], name)


def _chosen(tree: Node, kernels: dict[str, Node]) -> str | None:
    """Return which kernel is booted: the default configuration's, or the only one."""
    configurations = tree.children.get("configurations", Node())
    default = configurations.children.get(configurations.text("default"))
    if default is not None and default.text("kernel") in kernels:
        return default.text("kernel")
    return next(iter(kernels)) if len(kernels) == 1 else None


def _data(where: str, content: Content, node: Node, name: str) -> Content:
    inside = node.properties.get("data")
    if inside is not None:
        return inside
    size, offset, position = map(node.number, ("data-size", "data-offset", "data-position"))
    start = position
    if start is None and offset is not None:
        start = (_word(content, 4) + 3 & ~3) + offset
    if size is None or start is None or start + size > len(content):
        raise ImageError(where, f"FIT image whose kernel {name} is not all in the file")
    return content.part(start, start + size)


def _word(content: Content, position: int) -> int:
    return content.integer(position, 4, ByteOrder.BIG) or 0


def _tree(where: str, content: Content) -> Node:
    """Read the structure block."""
    strings = content.part(_word(content, 12), _word(content, 12) + _word(content, 32))
    root = Node()
    open_nodes = [root]
    for token, name, value in _tokens(where, content, strings):
        if token == _BEGIN:
            if len(open_nodes) > MAX_DEPTH:
                raise ImageError(where, f"devicetree of more than {MAX_DEPTH} levels")
            node = Node()
            open_nodes[-1].children[name] = node
            open_nodes.append(node)
        elif token == _PROPERTY:
            open_nodes[-1].properties[name] = value
        elif len(open_nodes) > 1:
            open_nodes.pop()
    return next(iter(root.children.values()), root)


def _tokens(where: str, content: Content, strings: Content) -> Iterator[tuple[int, str, Content]]:
    """Yield the tokens that mean something, each with its name and value."""
    position, nothing = _word(content, 8), content.part(0, 0)
    for _ in range(MAX_TOKENS):
        token = _word(content, position)
        position += 4
        if token == _BEGIN:
            name = _string(where, content, position)
            position += len(name) + 4 & ~3
            yield token, name.decode("latin-1"), nothing
        elif token == _PROPERTY:
            size, at = _word(content, position), _word(content, position + 4)
            start = position + 8
            if start + size > len(content):
                raise ImageError(f"{where}: offset {position:#x}", "devicetree cut short")
            name = _string(where, strings, at)
            yield token, name.decode("latin-1"), content.part(start, start + size)
            position = start + size + 3 & ~3
        elif token == _END:
            yield token, "", nothing
        elif token == _LAST:
            return
        elif token != _NOP:
            raise ImageError(
                f"{where}: offset {position - 4:#x}", "devicetree cut short, or corrupt"
            )
    raise ImageError(where, f"devicetree of more than {MAX_TOKENS} tokens")


def _string(where: str, content: Content, position: int) -> bytes:
    found = content.read(position, MAX_NAME)
    end = found.find(b"\0")
    if end < 0:
        raise ImageError(f"{where}: offset {position:#x}", "devicetree with a name that has no end")
    return found[:end]
