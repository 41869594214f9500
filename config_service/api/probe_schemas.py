"""Bodies of the probe."""

from marshmallow import Schema, fields


class StartProbeSchema(Schema):
    """Nothing has to be said: the clinic's settings say it all."""


class HopSchema(Schema):
    """A place that was reached; `afterMs` counts from the beginning of the send."""

    name = fields.String(metadata={"description": "sent, event, recorded, suppressed or removed"})
    afterMs = fields.Integer(allow_none=True)


class LossSchema(Schema):
    """Where the trail ends, why, and what to do."""

    hop = fields.String()
    code = fields.String()
    message = fields.String()
    hint = fields.String()


class ProbeMailSchema(Schema):
    """One mail to the mailbox simulator."""

    mailbox = fields.String()
    event = fields.String()
    status = fields.String(metadata={"description": "passed, waiting or lost"})
    hops = fields.List(fields.Nested(HopSchema))
    lost = fields.Nested(LossSchema, allow_none=True)


class ProbeSchema(Schema):
    """A probe as it stands now."""

    success = fields.Boolean(dump_default=True)
    probeId = fields.String()
    startedAt = fields.String(metadata={"format": "date-time"})
    status = fields.String(metadata={"description": "passed, waiting or lost"})
    mails = fields.List(fields.Nested(ProbeMailSchema))
