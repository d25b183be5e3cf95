"""The fields of a declaration; docs/rest.md says what each reads and writes."""

from kernel.tmf.fields.base import Field, Intake, Plan, Schema, Scope
from kernel.tmf.fields.compound import Array, Money, Object, Period, Quantity
from kernel.tmf.fields.jsons import Characteristics, Json
from kernel.tmf.fields.references import Ref, Refs
from kernel.tmf.fields.rows import Batch, Computed, List, Many
from kernel.tmf.fields.scalars import Bool, Choice, Const, Date, DateTime, Number, State, Text, Type

__all__ = [
    "Array",
    "Batch",
    "Bool",
    "Characteristics",
    "Choice",
    "Computed",
    "Const",
    "Date",
    "DateTime",
    "Field",
    "Intake",
    "Json",
    "List",
    "Many",
    "Money",
    "Number",
    "Object",
    "Period",
    "Plan",
    "Quantity",
    "Ref",
    "Refs",
    "Schema",
    "Scope",
    "State",
    "Text",
    "Type",
]
