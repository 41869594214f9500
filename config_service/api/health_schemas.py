"""The body of a doctor's report."""

from marshmallow import Schema, fields

_STATUSES = "pass, warn, fail, or unknown where it could not look"


class FindingSchema(Schema):
    """One check's finding."""

    id = fields.String()
    title = fields.String()
    status = fields.String(metadata={"description": _STATUSES})
    seen = fields.String()
    since = fields.String(allow_none=True, metadata={"format": "date-time"})
    code = fields.String(allow_none=True, metadata={"description": "Its row in the troubleshooting guide"})
    remedy = fields.String(allow_none=True)
    command = fields.String(allow_none=True, metadata={"description": "What mends it: a command or a path"})


class HealthSchema(Schema):
    """A report: the worst of its checks, and all of them."""

    success = fields.Boolean(dump_default=True)
    clinicId = fields.String(allow_none=True)
    status = fields.String(metadata={"description": _STATUSES})
    checkedAt = fields.String(metadata={"format": "date-time"})
    tookMs = fields.Integer()
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    checks = fields.List(fields.Nested(FindingSchema))
