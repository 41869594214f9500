"""Bodies of the audit trail."""

from marshmallow import Schema, fields

from config_service.api.suppression_schemas import PageQuerySchema


class AuditQuerySchema(PageQuerySchema):
    """Which rows a list shows."""

    since = fields.AwareDateTime(load_default=None)
    until = fields.AwareDateTime(load_default=None)


class AuditRowSchema(Schema):
    """One deed; `fields` names what was touched, never a value."""

    id = fields.String()
    at = fields.AwareDateTime()
    actor = fields.String()
    role = fields.String()
    action = fields.String()
    clinicId = fields.String(allow_none=True)
    # `fields` itself is marshmallow's.
    touched = fields.List(fields.String(), data_key="fields")
    requestId = fields.String()


class AuditPageSchema(Schema):
    """A page of the trail."""

    success = fields.Boolean(dump_default=True)
    audit = fields.List(fields.Nested(AuditRowSchema))
    nextCursor = fields.String(allow_none=True)
