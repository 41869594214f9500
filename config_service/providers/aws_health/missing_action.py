"""Which IAM action is missing, where AWS did not allow a call."""

import re

from botocore.exceptions import ClientError

_NAMED = re.compile(r"not authorized to perform:? [`'\"]?(?P<action>[a-z0-9-]+:[A-Za-z]+)")
_SERVICES = {
    "GetAccount": "ses",
    "GetSendStatistics": "ses",
    "GetEmailIdentity": "ses",
    "GetConfigurationSet": "ses",
    "ListSuppressedDestinations": "ses",
    "GetConfigurationSetEventDestinations": "ses",
    "GetIdentityNotificationAttributes": "ses",
    "ListAccessKeys": "iam",
    "GetCallerIdentity": "sts",
    "AssumeRole": "sts",
    "GetQueueUrl": "sqs",
    "GetQueueAttributes": "sqs",
    "ListQueueTags": "sqs",
}


def missing_action(error: BaseException) -> str:
    """Return the action that AWS names, else the one of the call that it refused, such as `ses:GetAccount`.

    `error` is one that `refusals` made of botocore's, which stands behind it as its cause.
    """
    if named := _NAMED.search(str(error)):
        return named["action"]
    cause = error.__cause__
    if not isinstance(cause, ClientError):
        return "the action that AWS names"
    operation = cause.operation_name
    if operation == "ListTagsForResource":
        return "ses:ListTagsForResource or sns:ListTagsForResource"
    return f"{_SERVICES.get(operation, 'sns')}:{operation}"
