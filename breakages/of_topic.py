"""What goes wrong with the SNS topic."""

import json
from typing import Any

from breakages.breakage import Breakage, doing
from breakages.loop import Loop

_OPEN = {
    "Sid": "anybody",
    "Effect": "Allow",
    "Principal": {"Service": "ses.amazonaws.com"},
    "Action": "sns:Publish",
}
_OTHER_REGION = "us-west-2"


def _statements(loop: Loop) -> list[dict[str, Any]]:
    attributes = loop.aws("sns").get_topic_attributes(TopicArn=loop.topic_arn)["Attributes"]
    found: list[dict[str, Any]] = json.loads(attributes["Policy"])["Statement"]
    return found


def _set_policy(loop: Loop, statements: list[dict[str, Any]]) -> None:
    document = {"Version": "2012-10-17", "Statement": statements}
    _set(loop, "Policy", json.dumps(document))


def _set(loop: Loop, name: str, value: str) -> None:
    loop.aws("sns").set_topic_attributes(TopicArn=loop.topic_arn, AttributeName=name, AttributeValue=value)


def _close(loop: Loop) -> None:
    _set_policy(loop, [each for each in _statements(loop) if "ses" not in json.dumps(each["Principal"])])


def _open(loop: Loop) -> None:
    _set_policy(loop, [*_statements(loop), {**_OPEN, "Resource": loop.topic_arn}])


def _restrict(loop: Loop) -> None:
    _set_policy(loop, [each for each in _statements(loop) if each["Sid"] != _OPEN["Sid"]])


BREAKAGES = (
    Breakage(
        "The topic is deleted",
        lambda loop: loop.aws("sns").delete_topic(TopicArn=loop.topic_arn),
        "topic.exists",
        "topic_missing",
        alone=True,
    ),
    Breakage(
        "The topic's policy does not admit SES",
        _close,
        "topic.policy",
        "topic_policy",
    ),
    Breakage(
        "The topic's policy lets anybody's SES publish",
        _open,
        "topic.policy",
        "topic_open",
        status="warn",
        repair=doing("the statement was removed, as in the console", _restrict),
    ),
    Breakage(
        "SNS signs with version 1",
        lambda loop: _set(loop, "SignatureVersion", "1"),
        "topic.signature",
        "signature_version_1",
        status="warn",
    ),
    Breakage(
        f"The clinic's settings name another region, {_OTHER_REGION}",
        lambda loop: loop.settings(region=_OTHER_REGION),
        "topic.region",
        "topic_in_other_region",
        alone=True,
        with_it=("identity.verified", "configuration_set.exists", "notifications.topics"),
        repair=doing("the settings were saved with the topic's region", lambda loop: loop.settings()),
    ),
)
