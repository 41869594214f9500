"""SubscribeURLs in confirmations whose signature is right: one means this topic at SNS, all others are refused."""

import pytest
import responses
from sns_kit import CERT_URL, FOREIGN_TOPIC, HOST, TOKEN, TOPIC, Post, Sns, subscribe_url

QUERY = f"Action=ConfirmSubscription&TopicArn={TOPIC}&Token={TOKEN}"

URLS = {
    "file": "file:///etc/passwd",
    "file with the query": f"file:///?{QUERY}",
    "file on SNS's host": f"file://sns.us-east-1.amazonaws.com/?{QUERY}",
    "gopher": f"gopher://127.0.0.1:6379/?{QUERY}",
    "ftp": f"ftp://sns.us-east-1.amazonaws.com/?{QUERY}",
    "data": f"data:text/plain,{QUERY}",
    "script": f"javascript:/?{QUERY}",
    "unencrypted": f"http://sns.us-east-1.amazonaws.com/?{QUERY}",
    "this machine": f"http://127.0.0.1:8001/?{QUERY}",
    "metadata of the instance": f"http://169.254.169.254/latest/meta-data/?{QUERY}",
    "metadata of the container": f"http://169.254.170.2/?{QUERY}",
    "IPv6": f"https://[::1]/?{QUERY}",
    "bucket": f"https://sns.s3-us-west-2.amazonaws.com/?{QUERY}",
    "FIPS": f"https://sns-fips.us-east-1.amazonaws.com/?{QUERY}",
    "China": f"https://sns.us-east-1.amazonaws.com.cn/?{QUERY}",
    "trailing dot": f"https://sns.us-east-1.amazonaws.com./?{QUERY}",
    "Cyrillic letter": f"https://\u0455ns.us-east-1.amazonaws.com/?{QUERY}",
    "host as a user": f"{HOST}@evil.example/?{QUERY}",
    "host as a user by a slash": f"https://evil.example/{HOST}/?{QUERY}",
    "backslash": f"https://evil.example\\@sns.us-east-1.amazonaws.com/?{QUERY}",
    "line": f"{HOST}/?{QUERY}%0d%0aHost:evil.example",
    "another action": subscribe_url(action="Publish"),
    "the action that ends": subscribe_url(action="Unsubscribe"),
    "the action in lower case": subscribe_url(action="confirmsubscription"),
    "two actions": f"{HOST}/?Action=Publish&{QUERY}",
    "two actions the other way round": f"{HOST}/?{QUERY}&Action=DeleteTopic",
    "an action in another case": f"{HOST}/?{QUERY}&action=DeleteTopic",
    "an escaped action": f"{HOST}/?{QUERY}&%41ction=DeleteTopic",
    "a message to publish": f"{HOST}/?{QUERY}&Message=x",
    "nobody may end it again": f"{HOST}/?{QUERY}&AuthenticateOnUnsubscribe=true",
    "somebody else's topic": subscribe_url(topic=FOREIGN_TOPIC),
    "two topics": f"{HOST}/?{QUERY}&TopicArn={FOREIGN_TOPIC}",
    "a topic of one more letter": subscribe_url(topic=TOPIC + "s"),
    "a topic and a NUL": subscribe_url(topic=TOPIC + "%00"),
    "another token": subscribe_url(token="f" * 64),
    "an empty token": subscribe_url(token=""),
    "no token": f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}",
    "an array": f"{HOST}/?Action[]=ConfirmSubscription&TopicArn={TOPIC}&Token={TOKEN}",
    "semicolons": f"{HOST}/?Action=ConfirmSubscription;TopicArn={TOPIC};Token={TOKEN}",
    "an empty part": f"{HOST}/?{QUERY}&",
    "a fragment": f"{HOST}/?{QUERY}#",
    "a query in the fragment": f"{HOST}/#?{QUERY}",
    "a path": f"{HOST}/x?{QUERY}",
    "two slashes": f"{HOST}//?{QUERY}",
    "a bad escape": f"{HOST}/?{QUERY}%",
    "an encoded question mark": f"{HOST}/%3f{QUERY}",
    "a hundred kilobytes": f"{HOST}/?{QUERY}&x={'x' * 100_000}",
}


def _visited(network: responses.RequestsMock) -> list[str | None]:
    return [call.request.url for call in network.calls if call.request.url != CERT_URL]


@pytest.mark.parametrize("url", URLS.values(), ids=URLS.keys())
def test_no_other_url_is_visited(url: str, post: Post, sns: Sns, amazon: responses.RequestsMock) -> None:
    response = post(sns.confirmation(SubscribeURL=url))
    assert (response.status_code, response.json["code"]) == (403, "untrusted_url")
    assert _visited(amazon) == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("to", ["http://169.254.169.254/", "file:///etc/passwd", subscribe_url(token="x")])
def test_a_redirect_is_not_followed(
    to: str, status: int, post: Post, sns: Sns, amazon: responses.RequestsMock
) -> None:
    amazon.get(subscribe_url(), status=status, headers={"Location": to})
    response = post(sns.confirmation())
    assert (response.status_code, response.json["code"]) == (503, "confirmation_failed")
    assert _visited(amazon) == [subscribe_url()]


@pytest.mark.parametrize("kind", ["UnsubscribeConfirmation", "Notification"])
def test_no_other_message_has_a_url_visited(
    kind: str, post: Post, sns: Sns, amazon: responses.RequestsMock
) -> None:
    amazon.get(subscribe_url(), body="done")
    if kind == "Notification":
        post(sns.notification("x", SubscribeURL=subscribe_url(), Token=TOKEN))
    else:
        post(sns.confirmation(kind))
    assert _visited(amazon) == []


def test_a_confirmation_that_is_replayed_confirms_the_same_topic_and_nothing_else(
    post: Post, sns: Sns, amazon: responses.RequestsMock
) -> None:
    amazon.get(subscribe_url(), body="done")
    envelope = sns.confirmation()
    assert [post(envelope).json["result"] for _ in range(2)] == ["confirmed", "confirmed"]
    assert set(_visited(amazon)) == {subscribe_url()}
