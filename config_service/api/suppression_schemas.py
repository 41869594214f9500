"""Bodies of the suppression list."""

from marshmallow import Schema, fields, validate

from config_service.services.suppression_rules import REASONS


class PageQuerySchema(Schema):
    """How much of a list, and from where on."""

    limit = fields.Integer(load_default=50, validate=validate.Range(1, 500))
    cursor = fields.String(load_default=None)


class SuppressionQuerySchema(PageQuerySchema):
    """Which entries a list shows."""

    reason = fields.String(load_default=None, validate=validate.OneOf(REASONS))


class SuppressionSchema(Schema):
    """An entry; `email` is null where the address was erased."""

    id = fields.String()
    email = fields.String(allow_none=True)
    reason = fields.String()
    since = fields.AwareDateTime()
    until = fields.AwareDateTime(allow_none=True)
    erased = fields.Boolean()


class SuppressionPageSchema(Schema):
    """A page of entries."""

    success = fields.Boolean(dump_default=True)
    suppressions = fields.List(fields.Nested(SuppressionSchema))
    nextCursor = fields.String(allow_none=True)


class AddSuppressionSchema(Schema):
    """An address to suppress by hand."""

    email = fields.String(required=True)
    note = fields.String(validate=validate.Length(max=1000))


class AddedSuppressionSchema(Schema):
    """The entry that was made, or was there already."""

    success = fields.Boolean(dump_default=True)
    suppression = fields.Nested(SuppressionSchema)


class RemoveSuppressionSchema(Schema):
    """Why an entry is removed; after a complaint also that the patient agreed."""

    note = fields.String(required=True, validate=validate.Length(1, 1000))
    consent = fields.Boolean(load_default=False)


class DoneSchema(Schema):
    """It is done."""

    success = fields.Boolean(dump_default=True)
    message = fields.String()


class CheckSchema(Schema):
    """An address to ask about."""

    email = fields.String(required=True)


class ShownReasonSchema(Schema):
    """Why an address is not mailed."""

    code = fields.String()
    scope = fields.String()
    since = fields.AwareDateTime(allow_none=True)
    hint = fields.String()


class CheckedSchema(Schema):
    """Whether a clinic would reach an address, and if not, why."""

    success = fields.Boolean(dump_default=True)
    suppressed = fields.Boolean()
    reachable = fields.Boolean()
    reasons = fields.List(fields.Nested(ShownReasonSchema))


class RefusedLineSchema(Schema):
    """A line that was not imported."""

    line = fields.Integer()
    message = fields.String()


class ImportReportSchema(Schema):
    """What an import did; the first hundred refused lines are named."""

    success = fields.Boolean(dump_default=True)
    imported = fields.Integer()
    unchanged = fields.Integer()
    refused = fields.Integer()
    errors = fields.List(fields.Nested(RefusedLineSchema))
