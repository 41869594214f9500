"""What an operator may ask for, what things are called, and what the webhook's URL is seen to answer."""

from dataclasses import replace
from typing import Any

import pytest
import requests
import responses

from config_service.errors import InvalidError
from config_service.providers.webhook_endpoint import examine
from config_service.services.channels import ChannelSettings, ProviderEntry
from config_service.services.ses_entries import ses_entry, with_topic
from config_service.services.setup.env_lines import env_lines
from config_service.services.setup.names import destination_of, of_clinic, queue_of, shortened
from config_service.services.setup.request import SetupRequest

URL = "https://clinics.example/api/v1/webhooks/ses"


@pytest.mark.parametrize(
    ("changes", "option"),
    [
        ({"endpoint": "clinics.example"}, "endpoint"),
        ({"endpoint": "https://user@clinics.example/x"}, "endpoint"),
        ({"endpoint": "http://clinics.example/x"}, "endpoint"),
        ({"topic": "x" * 257}, "topic"),
        ({"topic": "x.fifo"}, "topic"),
        ({"dead_letter_queue": "x" * 81}, "dead-letter-queue"),
        ({"configuration_sets": ("good", "b d")}, "configuration-set"),
        ({"shared_topic": True}, "shared-topic"),
    ],
)
def test_a_bad_option_is_named(changes: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidError) as caught:
        SetupRequest(**changes).check(allow_http=False)
    assert list(caught.value.errors) == [option]
    assert f"--{option}" in caught.value.message


def test_only_a_local_stack_may_have_an_endpoint_without_tls() -> None:
    request = SetupRequest(endpoint="http://127.0.0.1:8002/api/v1/webhooks/ses")
    request.check(allow_http=True)
    replace(request, endpoint=URL).check(allow_http=False)


def test_names_keep_within_limits_and_apart() -> None:
    assert of_clinic("transactional", "clinic-1", 64) == "transactional-clinic-1"
    long = [of_clinic("transactional", "c" * 255 + end, 64) for end in "ab"]
    assert [len(name) for name in long] == [64, 64]
    assert long[0] != long[1]
    assert queue_of("events") == "events-dead-letters"
    assert len(queue_of("e" * 256)) == 80
    assert destination_of("arn:aws:sns:us-east-1:123456789012:events") == "clinic-mail-events"
    assert shortened("x", 64) == "x"


def test_a_topic_joins_those_that_are_known() -> None:
    one, two = (f"arn:aws:sns:{region}:123456789012:events" for region in ("us-east-1", "eu-west-1"))
    assert env_lines((one,), one) == (f"AWS_SNS_TOPIC_ARN={one}", "AWS_SNS_REGION=us-east-1")
    assert env_lines((one,), two) == (f"AWS_SNS_TOPIC_ARN={one},{two}", "AWS_SNS_REGION=us-east-1,eu-west-1")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": 400}, "it is reached, and has not accepted the topic"),
        ({"status": 503}, "config_service is not"),
        ({"status": 404}, "the webhook's path is /api/v1/webhooks/ses"),
        ({"status": 301, "headers": {"Location": "https://elsewhere.example"}}, "SNS does not follow"),
        ({"body": requests.exceptions.SSLError()}, "certificate"),
        ({"body": requests.ConnectionError()}, "check DNS, firewall and gateway"),
    ],
)
@responses.activate
def test_what_the_endpoint_answers_is_put_into_words(answer: dict[str, Any], said: str) -> None:
    responses.post(URL, **answer)
    assert said in examine(URL)


def _entry(provider: str = "aws_ses", *, enabled: bool = True, **credentials: Any) -> ProviderEntry:
    return ProviderEntry(provider, enabled, {"region": "us-east-1", **credentials})


def test_the_topic_goes_into_the_ses_accounts_of_its_region_alone() -> None:
    email = ChannelSettings(_entry("smtp"), (_entry(), _entry(region="eu-west-1"), _entry(fromEmail="a@b")))
    found = with_topic(email, "us-east-1", "arn")
    assert [entry.credentials.get("snsTopicArn") for entry in found.entries()] == [None, "arn", None, "arn"]
    assert with_topic(found, "us-east-1", None) == email
    assert with_topic(ChannelSettings(), "us-east-1", "arn") == ChannelSettings()


def test_the_account_that_is_switched_on_comes_first() -> None:
    off, on = _entry(enabled=False), _entry(fromEmail="a@b.example")
    assert ses_entry(ChannelSettings(off, (on,))) == on
    assert ses_entry(ChannelSettings(off)) == off
    assert ses_entry(ChannelSettings(_entry("smtp"))) is None
