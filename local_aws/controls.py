"""The controls under `/_local/`: publish, sign without sending, and look at what happened."""

from typing import Any

from botocore.exceptions import ClientError
from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest, NotFound

from local_aws.arns import parse_arn
from local_aws.calls import Call, MinistackGateway
from local_aws.email_identities import EmailIdentities
from local_aws.envelopes import NOTIFICATION, Message
from local_aws.journal import Journal
from local_aws.publisher import Publisher

# The names in a request, and what they are called here.
_FIELDS = {
    "topicArn": "topic_arn",
    "message": "text",
    "subject": "subject",
    "messageId": "message_id",
    "timestamp": "timestamp",
    "messageAttributes": "attributes",
}
_MAIL = Call("GET", "/_ministack/ses/messages")


def controls(
    publisher: Publisher, journal: Journal, ministack: MinistackGateway, identities: EmailIdentities
) -> Blueprint:
    blueprint = Blueprint("controls", __name__, url_prefix="/_local")

    @blueprint.post("/publish")
    def publish() -> Response:
        message, version = _read(request.get_json(force=True))
        publisher.publish(message, version)
        return jsonify(messageId=message.message_id)

    @blueprint.post("/sign")
    def sign() -> Response:
        message, version = _read(request.get_json(force=True))
        envelope, headers = publisher.seal(message, version)
        return jsonify(envelope=envelope, headers=headers)

    @blueprint.post("/identities")
    def say() -> Response:
        document = request.get_json(force=True)
        identities.say(document.pop("identity"), document)
        return jsonify(ok=True)

    @blueprint.get("/deliveries")
    def deliveries() -> Response:
        return jsonify([delivery.as_json() for delivery in journal.newest_first()])

    @blueprint.get("/mail")
    def mail() -> Response:
        return Response(ministack.forward(_MAIL).body, content_type="application/json")

    @blueprint.get("/healthz")
    def healthz() -> tuple[Response, int]:
        alive = ministack.forward(Call("GET", "/_ministack/health")).ok
        return jsonify(ok=alive), 200 if alive else 503

    blueprint.register_error_handler(ClientError, _refuse)
    blueprint.register_error_handler(BadRequest, _explain)
    return blueprint


def _read(document: Any) -> tuple[Message, str | None]:
    """Return the message that a request describes, and its signature version if it names one."""
    if not isinstance(document, dict) or not {"topicArn", "message"} <= document.keys():
        raise BadRequest("a JSON object with topicArn and message, please")
    try:
        parse_arn(str(document["topicArn"]))
    except ValueError as error:
        raise BadRequest(f"topicArn: {error}") from error
    version = document.get("signatureVersion")
    if version not in (None, "1", "2"):
        raise BadRequest('signatureVersion is "1" or "2"')
    given = {ours: document[theirs] for theirs, ours in _FIELDS.items() if document.get(theirs) is not None}
    kind = document.get("type") or NOTIFICATION
    return Message(**given, kind=kind, token=document.get("token") or "0" * 32), version


def _explain(error: BadRequest | NotFound) -> tuple[Response, int]:
    return jsonify(message=error.description), error.code or 400


def _refuse(error: ClientError) -> tuple[Response, int]:
    return _explain(NotFound(str(error)))
