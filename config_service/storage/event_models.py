"""The tables of SES events: recorded ones and held ones share their columns."""

import peewee as p


class _Feedback(p.Model):
    id = p.BigAutoField()
    sns_message_id = p.TextField()
    topic_arn = p.TextField()
    kind = p.TextField()
    at = p.BigIntegerField()
    received_at = p.BigIntegerField()
    source = p.TextField(null=True)
    mail_message_id = p.TextField(null=True)
    clinic_tag = p.TextField(null=True)
    recipient_hash = p.TextField(default="")
    recipient_sealed = p.TextField(null=True)
    bounce_type = p.TextField(null=True)
    sub_type = p.TextField(null=True)
    status = p.TextField(null=True)
    detail_sealed = p.TextField(null=True)
    rule = p.TextField()


class Event(_Feedback):
    """One SES event of one recipient, mapped to its clinic or, where `clinic_id` is null, to the platform."""

    clinic_id = p.TextField(null=True)
    effect = p.TextField(default="")
    identity = p.TextField(null=True)  # with mail_message_id and recipient: what makes it the same event

    class Meta:
        table_name = "events"


class HeldEvent(_Feedback):
    """One SES event that no clinic could be found for, or that could not be read; `rule` says why."""

    raw_sealed = p.TextField(null=True)

    class Meta:
        table_name = "held_events"
