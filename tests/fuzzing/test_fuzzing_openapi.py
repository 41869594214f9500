"""schemathesis over the APIs' documents: config_service's own, and one that is written here of the webhook."""

from pathlib import Path
from typing import Any

import schemathesis

from fuzz.api_calls import ASK_AWS
from fuzz.applications import JWT_SECRET, OF_PROVIDERS, OF_SNS, config_service, tokens
from fuzz.openapi_cases import ask_every_operation
from fuzz.targets import targets

_TEXT = {"type": "string"}
_NAMES = ("MessageId", "TopicArn", "Message", "Timestamp", "SignatureVersion", "Signature", "SigningCertURL")

# The webhook serves no document: Amazon SNS is its one caller, and does not ask for any.
WEBHOOK: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "webhook", "version": "1"},
    "paths": {
        "/api/v1/webhooks/ses": {
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["Type", *_NAMES],
                                "properties": {
                                    "Type": {"enum": ["Notification", "SubscriptionConfirmation"]},
                                    **dict.fromkeys((*_NAMES, "Subject", "Token", "SubscribeURL"), _TEXT),
                                },
                            }
                        }
                    },
                },
                "responses": {"200": {"description": "dealt with"}},
            }
        }
    },
}


def test_every_operation_of_the_public_api_answers_as_documented(tmp_path: Path) -> None:
    app = config_service(tmp_path)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    headers = {"Authorization": f"Bearer {tokens(JWT_SECRET)[0]}"}

    asked = list(ask_every_operation(schema, OF_PROVIDERS, 4, ASK_AWS, headers=headers))

    app.extensions["config_service"].repositories.database.close()
    assert len(asked) >= 20
    assert sum(each.times for each in asked) > 80
    assert not [fault for each in asked for fault in each.faults]


def test_the_webhook_answers_what_its_schema_allows_and_what_it_does_not(tmp_path: Path) -> None:
    with targets(tmp_path) as found:
        schema = schemathesis.openapi.from_dict(WEBHOOK)
        schema.app = found["webhook"].app

        (asked,) = ask_every_operation(schema, OF_SNS, 100)

    assert asked.times >= 50
    assert not asked.faults
