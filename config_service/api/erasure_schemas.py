"""Bodies of erasing."""

from marshmallow import Schema, fields, validate

_NOTE = "Why, for the audit trail; it is sealed, kept, and should name nobody"


class EraseSchema(Schema):
    """The address to erase, and why."""

    email = fields.String(required=True)
    note = fields.String(required=True, validate=validate.Length(1, 1000), metadata={"description": _NOTE})


class ErasedCountsSchema(Schema):
    """How many rows held the address until now, all 0 where it was erased already."""

    suppressions = fields.Integer()
    events = fields.Integer()
    heldEvents = fields.Integer()
    testEmails = fields.Integer()
    notes = fields.Integer()


class ErasedSchema(Schema):
    """It is done."""

    success = fields.Boolean(dump_default=True)
    message = fields.String()
    erased = fields.Nested(ErasedCountsSchema)
