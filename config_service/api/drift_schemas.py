"""Bodies of the comparison with SES's own suppression list."""

from marshmallow import Schema, fields

_MASKED = "Masked, as j***@example.com; null where it was erased"


class DriftedSchema(Schema):
    """An address that is on one list only."""

    email = fields.String(allow_none=True, metadata={"description": _MASKED})
    reason = fields.String()
    since = fields.String(metadata={"format": "date-time"})
    repairable = fields.Boolean(metadata={"description": "Of removals: whether our rules allow it"})


class DriftedListSchema(Schema):
    """How many, and the first hundred of them."""

    count = fields.Integer()
    addresses = fields.List(fields.Nested(DriftedSchema))


class DriftSchema(Schema):
    """What SES's list of the account and ours do not have in common."""

    success = fields.Boolean(dump_default=True)
    account = fields.String()
    region = fields.String()
    shared = fields.Boolean(metadata={"description": "Whether others send from the account as well"})
    clinics = fields.Integer()
    atSes = fields.Integer()
    inBoth = fields.Integer()
    onlyAtSes = fields.Nested(DriftedListSchema)
    removedHere = fields.Nested(DriftedListSchema)
    onlyHere = fields.Nested(DriftedListSchema)


class RepairSchema(Schema):
    """What to repair; nothing is changed in a dry run."""

    dryRun = fields.Boolean(load_default=True)
    putToSes = fields.Boolean(load_default=False)


class LeftSchema(Schema):
    """An address that stays as it is, and why."""

    email = fields.String(metadata={"description": _MASKED})
    why = fields.String()


class LeftListSchema(Schema):
    """How many, and the first hundred of them."""

    count = fields.Integer()
    addresses = fields.List(fields.Nested(LeftSchema))


class RepairedSchema(Schema):
    """How many were repaired or, in a dry run, would be."""

    success = fields.Boolean(dump_default=True)
    dryRun = fields.Boolean()
    addedHere = fields.Integer()
    deletedAtSes = fields.Integer()
    putToSes = fields.Integer()
    left = fields.Nested(LeftListSchema)
