"""The JSON Schema of a result, generated from its types and what stands beneath their fields."""

import ast
import enum
import inspect
import re
import textwrap
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from hypabi.analysis.results.conclusion import Conclusion
from hypabi.analysis.results.plain import Plain, plain

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema_of(kind: type[Any], title: str, name: str, version: int) -> dict[str, Plain]:
    """Return the schema of a result as a report prints it: its conclusion, then its fields.

    :param title: of the report: the command that prints it
    :param name: of the schema
    :param version: of the schema
    """
    definitions: dict[str, Plain] = {}
    properties = {
        "schema": _identity(name, version),
        **_properties(Conclusion, definitions),
        **_properties(kind, definitions),
    }
    return {
        "$schema": DRAFT,
        "title": title,
        "description": _sentence(kind),
        **_table(properties),
        "$defs": dict(sorted(definitions.items())),
    }


def _identity(name: str, version: int) -> dict[str, Plain]:
    return {
        "description": "Fields are only added; the version rises when one changes its meaning.",
        **_table({"name": {"const": name}, "version": {"const": version}}),
    }


def _table(properties: dict[str, Plain]) -> dict[str, Plain]:
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


def _properties(kind: type[Any], definitions: dict[str, Plain]) -> dict[str, Plain]:
    hints = get_type_hints(kind, include_extras=True)
    says = _said_of_fields(kind)
    properties: dict[str, Plain] = {}
    for each in fields(kind):
        described = {"description": says[each.name]} if each.name in says else {}
        properties[each.name] = {**described, **_shape(hints[each.name], definitions)}
    return properties


def _shape(kind: Any, definitions: dict[str, Plain]) -> dict[str, Plain]:  # noqa: ANN401 - a type
    simple = {str: "string", int: "integer", bool: "boolean", NoneType: "null"}
    if kind in simple:
        return {"type": simple[kind]}
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:  # a text of a pattern: Annotated[str, name, pattern]
        _, name, pattern = arguments
        definitions[name] = {"type": "string", "pattern": pattern}
        return {"$ref": f"#/$defs/{name}"}
    if origin is Literal:
        return {"enum": [plain(each) for each in arguments]}
    if origin in (Union, UnionType):
        return {"anyOf": [_shape(each, definitions) for each in arguments]}
    if origin is tuple:
        return _of_tuple(arguments, definitions)
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _shape(arguments[1], definitions)}
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return {"enum": [member.value for member in kind]}
    assert is_dataclass(kind), kind
    assert isinstance(kind, type)
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind.__name__).lower()
    if name not in definitions:
        definitions[name] = None  # a type may hold itself
        of = _properties(kind, definitions)
        definitions[name] = {"description": _sentence(kind), **_table(of)}
    return {"$ref": f"#/$defs/{name}"}


def _of_tuple(arguments: tuple[Any, ...], definitions: dict[str, Plain]) -> dict[str, Plain]:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return {"type": "array", "items": _shape(arguments[0], definitions)}
    items = [_shape(each, definitions) for each in arguments]
    return {
        "type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)
    }  # fmt: skip


def _said_of_fields(kind: type[Any]) -> dict[str, str]:
    """Return what stands beneath each field of a class, of its bases too."""
    said: dict[str, str] = {}
    for each in reversed(kind.__mro__[:-1]):
        (body,) = ast.parse(textwrap.dedent(inspect.getsource(each))).body
        assert isinstance(body, ast.ClassDef)
        for field, below in zip(body.body, body.body[1:], strict=False):
            match field, below:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str() as text)),
                ):
                    said[name] = _plain_words(text)
                case _:
                    continue
    return said


def _sentence(kind: type[Any]) -> str:
    return _plain_words((kind.__doc__ or "").split("\n\n")[0])


def _plain_words(text: str) -> str:
    return re.sub(r":\w+:`~?[\w.]*?(\w+)`", r"\1", " ".join(text.split())).replace("``", "'")
