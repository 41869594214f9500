"""Bodies of feedback events, held ones too."""

from marshmallow import Schema, fields, validate

from config_service.api.suppression_schemas import PageQuerySchema
from shared.internal_api import CLINIC_ID


class EventQuerySchema(PageQuerySchema):
    """Which events a list shows."""

    kind = fields.String(load_default=None, validate=validate.Length(1, 64))


class EventSchema(Schema):
    """What SES reported of one recipient."""

    id = fields.String()
    kind = fields.String()
    email = fields.String(allow_none=True)
    at = fields.AwareDateTime()
    receivedAt = fields.AwareDateTime()
    bounceType = fields.String(allow_none=True)
    subType = fields.String(allow_none=True)
    status = fields.String(allow_none=True)
    detail = fields.String(allow_none=True)
    messageId = fields.String(allow_none=True)
    source = fields.String(allow_none=True)
    rule = fields.String(metadata={"description": "By which rule the event found its clinic"})


class EventPageSchema(Schema):
    """A page of events."""

    success = fields.Boolean(dump_default=True)
    events = fields.List(fields.Nested(EventSchema))
    nextCursor = fields.String(allow_none=True)


class HeldEventSchema(EventSchema):
    """An event that no clinic could be found for; `rule` says why."""

    topicArn = fields.String()


class OpenedEventSchema(HeldEventSchema):
    """A held event with the text that could not be read."""

    raw = fields.String(allow_none=True)


class OpenedHeldEventSchema(Schema):
    """One held event."""

    success = fields.Boolean(dump_default=True)
    event = fields.Nested(OpenedEventSchema)


class HeldEventPageSchema(Schema):
    """A page of held events."""

    success = fields.Boolean(dump_default=True)
    events = fields.List(fields.Nested(HeldEventSchema))
    nextCursor = fields.String(allow_none=True)


class AssignSchema(Schema):
    """The clinic that a held event is given."""

    clinicId = fields.String(required=True, validate=validate.Regexp(rf"{CLINIC_ID}\Z"))


class AssignedSchema(Schema):
    """What became of an assigned event."""

    success = fields.Boolean(dump_default=True)
    result = fields.String()
    clinicId = fields.String(attribute="clinic_id")
