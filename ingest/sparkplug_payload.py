"""Sparkplug B payloads (specification 3.0, chapter 6): protobuf in, protobuf out.

The message's fields are those of the specification's schema, as far as readings need them: what is not described here
(templates, data sets, metadata) is skipped by the decoder as every unknown field is.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError, Message

BrokenPayloadError = DecodeError

_Field = descriptor_pb2.FieldDescriptorProto
_PACKAGE = "enms.sparkplug"


class DataType(IntEnum):
    """Types whose values are numbers."""

    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11


_SIGNED = {DataType.INT8: 32, DataType.INT16: 32, DataType.INT32: 32, DataType.INT64: 64}
_UNSIGNED = (DataType.UINT8, DataType.UINT16, DataType.UINT32, DataType.UINT64)
_BITS = {"int_value": 32, "long_value": 64}
_LONGEST_TEXT = 200
REBIRTH = "Node Control/Rebirth"


class NotANumberError(ValueError):
    """The metric's value is of another kind; the text says which."""


def _schema() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="enms_sparkplug.proto", package=_PACKAGE, syntax="proto2")
    values = {"int_value": _Field.TYPE_UINT32, "long_value": _Field.TYPE_UINT64, "float_value": _Field.TYPE_FLOAT,
              "double_value": _Field.TYPE_DOUBLE, "boolean_value": _Field.TYPE_BOOL,
              "string_value": _Field.TYPE_STRING}  # fmt: skip
    property_value = file.message_type.add(name="PropertyValue")
    _add(property_value, 1, "type", _Field.TYPE_UINT32)
    _add(property_value, 3, "int_value", _Field.TYPE_UINT32)
    _add(property_value, 4, "long_value", _Field.TYPE_UINT64)
    properties = file.message_type.add(name="PropertySet")
    _add(properties, 1, "keys", _Field.TYPE_STRING, repeated=True)
    _add(properties, 2, "values", "PropertyValue", repeated=True)
    metric = file.message_type.add(name="Metric")
    _add(metric, 1, "name", _Field.TYPE_STRING)
    _add(metric, 2, "alias", _Field.TYPE_UINT64)
    _add(metric, 3, "timestamp", _Field.TYPE_UINT64)
    _add(metric, 4, "datatype", _Field.TYPE_UINT32)
    for number, name in enumerate(("is_historical", "is_transient", "is_null"), start=5):
        _add(metric, number, name, _Field.TYPE_BOOL)
    _add(metric, 9, "properties", "PropertySet")
    metric.oneof_decl.add(name="value")
    for number, (name, kind) in enumerate(values.items(), start=10):
        _add(metric, number, name, kind).oneof_index = 0
    payload = file.message_type.add(name="Payload")
    _add(payload, 1, "timestamp", _Field.TYPE_UINT64)
    _add(payload, 2, "metrics", "Metric", repeated=True)
    _add(payload, 3, "seq", _Field.TYPE_UINT64)
    return file


def _add(owner: Any, number: int, name: str, kind: int | str, *, repeated: bool = False) -> Any:
    field = owner.field.add(number=number, name=name)
    field.label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
    if isinstance(kind, str):
        field.type, field.type_name = _Field.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
    else:
        field.type = kind
    return field


_POOL = descriptor_pool.DescriptorPool()
_POOL.Add(_schema())
Payload: type[Message] = message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{_PACKAGE}.Payload"))


def decode(octets: bytes) -> Any:
    """A `Payload`.

    Raises:
        BrokenPayloadError: it is none.
    """
    payload = Payload()
    payload.ParseFromString(octets)
    return payload


def number(metric: Any, datatype: int | None) -> float:
    """A metric's value.

    Args:
        metric: of a payload, not null.
        datatype: what its birth said; None: it never was born.

    Raises:
        NotANumberError: a text, a structure, or an integer whose sign nobody can tell.
    """
    which: str | None = metric.WhichOneof("value")
    if which in ("float_value", "double_value"):
        return float(getattr(metric, which))
    if which == "boolean_value":
        return float(metric.boolean_value)
    if which not in _BITS:
        raise NotANumberError("a text" if which == "string_value" else "no value of a numeric type")
    value, bits = int(getattr(metric, which)), _BITS[which]
    if datatype in _SIGNED:
        # negative numbers are sent as the unsigned number of the same bits
        return float(value - (1 << bits) if value >> (bits - 1) else value)
    if datatype in _UNSIGNED or (datatype is None and not value >> (bits - 1)):
        return float(value)
    raise NotANumberError(f"the integer {value} of data type {datatype}: signed or not, nobody has said")


def as_sent(metric: Any) -> float | str | None:
    """A metric's value as it stands in the payload, whatever it means; None: none that can be written down in JSON."""
    which: str | None = metric.WhichOneof("value")
    if which == "string_value":
        return str(metric.string_value)[:_LONGEST_TEXT]
    if which in ("float_value", "double_value", "boolean_value") or which in _BITS:
        value = float(getattr(metric, which))
        return value if math.isfinite(value) else str(value)
    return None


def quality(metric: Any) -> str | None:
    """The property `Quality` in our words; None: good, or not said."""
    if not metric.HasField("properties"):
        return None
    for key, value in zip(metric.properties.keys, metric.properties.values, strict=False):
        if key == "Quality":
            code = value.int_value or value.long_value
            return {0: "bad", 192: None}.get(code, "suspect")
    return None


def rebirth_request(at_ms: int) -> bytes:
    """An NCMD that asks a node for its births. Epoch milliseconds."""
    payload: Any = Payload(timestamp=at_ms)
    payload.metrics.add(name=REBIRTH, timestamp=at_ms, datatype=DataType.BOOLEAN, boolean_value=True)
    octets: bytes = payload.SerializeToString()
    return octets
