"""Dead letters: what no endpoint took, put into the SQS queue of the subscription's RedrivePolicy."""

import logging
import uuid

from botocore.exceptions import ClientError

from local_aws.arns import parse_arn
from local_aws.aws_clients import AwsClients, Caller
from local_aws.delivery import Parcel

_log = logging.getLogger(__name__)


class SqsDeadLetters:
    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients

    def take(self, parcel: Parcel, error_code: str, error_message: str) -> bool:
        """Store the body as it was posted, with the attributes that SNS gives a dead letter.

        Source: Amazon SNS Developer Guide, "Dead-letter queues (DLQs)". Return False if the queue is gone,
        which loses the message, as with SNS.
        """
        arn = parcel.dead_letter_arn or ""
        reasons = {"RequestID": str(uuid.uuid4()), "ErrorCode": error_code, "ErrorMessage": error_message}
        try:
            queue = parse_arn(arn)
            self._clients.client("sqs", Caller.owner_of(arn)).send_message(
                QueueUrl=f"{self._clients.endpoint}/{queue.account}/{queue.resource}",
                MessageBody=parcel.body,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": reason or "none"}
                    for name, reason in reasons.items()
                },
            )
        except (ClientError, ValueError) as error:
            _log.warning("no dead-letter queue %s: %s", arn, error)
            return False
        return True
