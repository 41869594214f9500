"""Subscriptions are confirmed for topics of ours, at Amazon's SNS, and nowhere else."""

from typing import Any

import pytest
import requests
import responses
from sns_kit import (
    CLINIC_TOPIC,
    DEV_ORIGIN,
    FOREIGN_TOPIC,
    HOST,
    TOKEN,
    TOPIC,
    FakeConfigService,
    Post,
    Sns,
    subscribe_url,
)
from structlog.testing import capture_logs

DONE = "<ConfirmSubscriptionResponse>...</ConfirmSubscriptionResponse>"


@pytest.mark.parametrize("topic", [TOPIC, CLINIC_TOPIC])
@pytest.mark.parametrize("version", ["1", "2"])
def test_the_subscription_of_a_topic_of_ours_is_confirmed(
    topic: str, version: str, post: Post, sns: Sns, amazon: responses.RequestsMock
) -> None:
    amazon.get(subscribe_url(topic=topic), body=DONE)
    envelope = sns.confirmation(TopicArn=topic, SignatureVersion=version)
    response = post(envelope)
    assert response.json == {"success": True, "result": "confirmed", "messageId": envelope["MessageId"]}
    assert amazon.calls[-1].request.url == subscribe_url(topic=topic)


@pytest.mark.parametrize(
    "url",
    [
        subscribe_url(DEV_ORIGIN),
        f"{HOST}/?TopicArn={TOPIC}&Token={TOKEN}&Action=ConfirmSubscription",
        f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC.replace(':', '%3A')}&Token={TOKEN}",
    ],
    ids=["dev", "order", "encoded"],
)
def test_the_url_may_be_spelt_so(url: str, post: Post, sns: Sns, amazon: responses.RequestsMock) -> None:
    amazon.get(url.partition("?")[0], body=DONE)
    assert post(sns.confirmation(SubscribeURL=url)).json["result"] == "confirmed"


BAD_URLS = {
    "nothing": "",
    "http": subscribe_url(HOST.replace("https", "http")),
    "other host": subscribe_url("https://evil.example"),
    "bucket": subscribe_url("https://sns.s3-us-west-2.amazonaws.com"),
    "other region": subscribe_url("https://sns.us-west-2.amazonaws.com"),
    "metadata": subscribe_url("http://169.254.169.254"),
    "port": subscribe_url(f"{HOST}:443"),
    "userinfo": subscribe_url("https://user@sns.us-east-1.amazonaws.com"),
    "host as userinfo": subscribe_url(f"{HOST}@evil.example"),
    "other dev port": subscribe_url("http://127.0.0.1:5056"),
    "path": subscribe_url(f"{HOST}/x"),
    "no slash": subscribe_url().replace("/?", "?"),
    "no query": f"{HOST}/",
    "other action": subscribe_url(action="Unsubscribe"),
    "other topic": subscribe_url(topic=FOREIGN_TOPIC),
    "other token": subscribe_url(token="another"),
    "no token": f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}",
    "one more": subscribe_url() + "&AuthenticateOnUnsubscribe=true",
    "twice": subscribe_url() + "&Action=ConfirmSubscription",
    "empty one more": subscribe_url() + "&x=",
    "fragment": subscribe_url() + "#x",
    "blank": subscribe_url() + " ",
    "semicolon": subscribe_url().replace("&", ";"),
}


@pytest.mark.parametrize("url", BAD_URLS.values(), ids=BAD_URLS.keys())
def test_no_other_url_is_visited(url: str, post: Post, sns: Sns, amazon: responses.RequestsMock) -> None:
    """Each stands in a message with a right signature: that alone must not make us visit it."""
    response = post(sns.confirmation(SubscribeURL=url))
    assert (response.status_code, response.json["code"]) == (403, "untrusted_url")
    assert [call.request.url for call in amazon.calls if ".pem" not in str(call.request.url)] == []


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 400},
        {"status": 403},
        {"status": 500},
        {"status": 204},
        {"status": 302, "headers": {"Location": "https://evil.example/"}},
        {"body": requests.ConnectTimeout()},
        {"body": requests.ReadTimeout()},
        {"body": requests.ConnectionError()},
    ],
    ids=str,
)
def test_a_failed_confirmation_is_503_so_that_sns_asks_again(
    answer: dict[str, Any], post: Post, sns: Sns, amazon: responses.RequestsMock
) -> None:
    amazon.get(subscribe_url(), **answer)
    response = post(sns.confirmation())
    assert (response.status_code, response.json["code"]) == (503, "confirmation_failed")
    assert response.headers["Retry-After"] == "20"
    assert len(amazon.calls) == 2


def test_visiting_is_bounded_and_takes_nothing_from_the_environment(
    post: Post, sns: Sns, amazon: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    amazon.get(subscribe_url(), body=DONE)
    post(sns.confirmation())
    for call in amazon.calls:
        assert not call.request.req_kwargs["proxies"]
    assert amazon.calls[-1].request.req_kwargs["timeout"] == (1.0, 3.0)


@pytest.mark.parametrize("topic", [FOREIGN_TOPIC, "arn:aws:sns:us-east-1:123456789012:ses-events-2"])
def test_the_subscription_of_another_topic_is_not_confirmed(
    topic: str, post: Post, sns: Sns, amazon: responses.RequestsMock
) -> None:
    response = post(sns.confirmation(TopicArn=topic))
    assert (response.status_code, response.json["code"]) == (403, "unknown_topic")
    assert len(amazon.calls) == 0


def test_a_forged_confirmation_is_not_visited(post: Post, sns: Sns, amazon: responses.RequestsMock) -> None:
    amazon.get(subscribe_url(token="mine"))
    forged = sns.confirmation() | {"SubscribeURL": subscribe_url(token="mine"), "Token": "mine"}
    assert post(forged).json["code"] == "bad_signature"
    assert len(amazon.calls) == 1


def test_the_end_of_a_subscription_is_logged_and_not_undone(
    post: Post, sns: Sns, amazon: responses.RequestsMock, config_service: FakeConfigService
) -> None:
    amazon.get(subscribe_url(), body=DONE)
    with capture_logs() as logs:
        response = post(sns.confirmation("UnsubscribeConfirmation"))
    assert response.json["result"] == "ignored"
    assert [call.request.url for call in amazon.calls if ".pem" not in str(call.request.url)] == []
    [line] = [line for line in logs if line.get("type") == "UnsubscribeConfirmation"]
    assert line["log_level"] == "warning"
    assert config_service.events == []


def test_no_token_and_no_url_is_logged(
    post: Post, sns: Sns, amazon: responses.RequestsMock, capfd: pytest.CaptureFixture[str]
) -> None:
    amazon.get(subscribe_url(), body=DONE)
    with capture_logs() as logs:
        post(sns.confirmation())
        post(sns.confirmation(SubscribeURL="https://evil.example/"))
        post(sns.confirmation("UnsubscribeConfirmation"))
        amazon.replace("GET", subscribe_url(), body=requests.ConnectionError(subscribe_url()))
        post(sns.confirmation())
    assert [line["log_level"] for line in logs if "subscription" in line["event"].lower()] == [
        "info",
        "warning",
        "error",
    ]
    for private in (TOKEN, "evil.example", "ConfirmSubscription"):
        assert private not in str(logs)
