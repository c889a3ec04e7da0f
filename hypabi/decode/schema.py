"""The JSON Schema of a file, from the shape that its decoder checks.

It says what an editor can check while somebody types: keys, types, words.  What a reader asks
besides (:class:`~hypabi.decode.shape.Checked`, a text's ``parse``) only the reader can say.
"""

from typing import Final, TypeAlias, assert_never

from hypabi.decode.shape import (
    Checked,
    Constant,
    Each,
    Either,
    Later,
    Leaf,
    ListOf,
    Named,
    Nullable,
    Number,
    Record,
    Row,
    Shape,
    TableOf,
    Tagged,
    Text,
    Word,
)

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"

Plain: TypeAlias = "str | int | list[Plain] | dict[str, Plain] | None"
Object: TypeAlias = dict[str, Plain]


def schema_of(title: str, shape: Shape) -> Object:
    """Return the whole JSON Schema of a file."""
    definitions: Object = {}
    top = described(shape, definitions)
    return {"$schema": DRAFT, "title": title, **top, "$defs": dict(sorted(definitions.items()))}


def described(shape: Shape, definitions: Object) -> Object:
    """Return the schema of a shape, and put what has a name into the definitions."""
    match shape:
        case Text() | Number() | Word() | Constant():
            return _leaf(shape)
        case ListOf() | Row():
            return _listed(shape, definitions)
        case Record(name, says):
            return _referred(name, says, shape, definitions)
        case Named(name, says):
            return _referred(name, says, shape, definitions)
        case TableOf() | Each() | Tagged():
            return _table(shape, definitions)
        case Nullable(of):
            return {"anyOf": [described(of, definitions), {"type": "null"}]}
        case Either():
            return {"anyOf": [described(each, definitions) for each in shape.several()]}
        case Checked(of) | Later(of):
            return described(of, definitions)
        case _:
            assert_never(shape)


def _leaf(shape: Leaf) -> Object:
    match shape:
        case Text():
            return _text(shape)
        case Number(least, most):
            return {"type": "integer", **_bounds("minimum", least), **_bounds("maximum", most)}
        case Word(words):
            return {"enum": list(words)}
        case Constant(value):
            return {"const": value}
        case _:
            assert_never(shape)


def _text(shape: Text) -> Object:
    pattern: Object = {"pattern": shape.pattern} if shape.pattern else {}
    return {"type": "string", **pattern, **_bounds("maxLength", shape.most)}


def _bounds(word: str, value: int | None) -> Object:
    return {} if value is None else {word: value}


def _listed(shape: ListOf | Row, definitions: Object) -> Object:
    if isinstance(shape, ListOf):
        items = described(shape.of, definitions)
        first: list[Plain] = [described(each, definitions) for each in shape.first]
        begins: Object = {"prefixItems": first, "minItems": len(first)} if first else {}
        return {"type": "array", **begins, "items": items, **_bounds("maxItems", shape.most)}
    parts: list[Plain] = [described(each, definitions) for each in shape.parts]
    said: Object = {"description": shape.says} if shape.says else {}
    length = len(parts)
    return {
        **said, "type": "array", "prefixItems": parts, "minItems": length, "maxItems": length
    }  # fmt: skip


def _referred(name: str, says: str, shape: Record | Named, definitions: Object) -> Object:
    if not name:
        return _body(says, shape, definitions)
    if name not in definitions:
        definitions[name] = None  # it may hold itself
        definitions[name] = _body(says, shape, definitions)
    return {"$ref": f"#/$defs/{name}"}


def _body(says: str, shape: Record | Named, definitions: Object) -> Object:
    said: Object = {"description": says} if says else {}
    if isinstance(shape, Named):
        return {**said, **described(shape.of(), definitions)}
    return {**said, **_record(shape, definitions)}


def _record(shape: Record, definitions: Object) -> Object:
    keys = shape.keys().values()
    properties: Object = {}
    for key in keys:
        said: Object = {"description": key.says} if key.says else {}
        properties[key.name] = {**said, **described(key.shape, definitions)}
    body: Object = {
        "type": "object",
        "properties": properties,
        "required": [key.name for key in keys if key.required],
        "additionalProperties": False,
    }
    if shape.exactly_one:
        body["oneOf"] = [{"required": [name]} for name in shape.exactly_one]
    return body


def _table(shape: TableOf | Each | Tagged, definitions: Object) -> Object:
    match shape:
        case TableOf(of, most, name):
            spelled: Object = {"propertyNames": _text(name)} if name.pattern else {}
            values = described(of, definitions)
            return {
                "type": "object", "additionalProperties": values, **spelled,
                **_bounds("maxProperties", most),
            }  # fmt: skip
        case Each(of, names):
            each = described(of, definitions)
            named: Plain = {
                "type": "object",
                "properties": dict.fromkeys(names, each),
                "additionalProperties": False,
                "minProperties": 1,
            }
            return {"anyOf": [each, named]}
        case Tagged(records=records):
            return {"oneOf": [described(each, definitions) for each in records.values()]}
        case _:
            assert_never(shape)
