"""The controls that change the world: keys, accounts and the DNS."""

from typing import Any

import dns.message
import dns.query
import dns.rcode
import pytest
from botocore.exceptions import ClientError
from local_aws_live import Stack

pytestmark = pytest.mark.enable_socket
KEY = "700000000009"


def _ask(stack: Stack, name: str, kind: str) -> tuple[int, list[str]]:
    port = int(stack.origin.rpartition(":")[2])
    answer = dns.query.udp(dns.message.make_query(name, kind), "127.0.0.1", port=port, timeout=5)
    return answer.rcode(), [str(item) for found in answer.answer for item in found]


def test_the_dns_answers_what_was_added_until_it_is_removed(stack: Stack) -> None:
    assert _ask(stack, "zone-1.example", "TXT") == (dns.rcode.NXDOMAIN, [])
    lines = ['zone-1.example. 60 IN TXT "one"', "www.zone-1.example. 60 IN CNAME zone-1.example."]
    assert stack.post("dns", {"add": lines}).status_code == 200
    assert _ask(stack, "ZONE-1.example", "TXT") == (dns.rcode.NOERROR, ['"one"'])
    assert _ask(stack, "www.zone-1.example", "TXT") == (dns.rcode.NOERROR, ["zone-1.example.", '"one"'])
    assert _ask(stack, "zone-1.example", "MX") == (dns.rcode.NOERROR, [])
    stack.post("dns", {"remove": ["zone-1.example TXT"], "add": ['zone-2.example. 60 IN TXT "two"']})
    assert _ask(stack, "zone-1.example", "TXT") == (dns.rcode.NXDOMAIN, [])
    assert _ask(stack, "amazonses.com", "TXT")[1]


def test_a_line_that_is_no_record_is_refused(stack: Stack) -> None:
    assert stack.post("dns", {"add": ["this is no record"]}).status_code == 400


CALLS: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("sts", "get_caller_identity", {}, "InvalidClientTokenId", "sts:GetCallerIdentity"),
    ("ses", "get_send_statistics", {}, "InvalidClientTokenId", "ses:GetSendStatistics"),
    ("sesv2", "get_account", {}, "UnrecognizedClientException", "ses:GetAccount"),
    ("sesv2", "get_configuration_set", {"ConfigurationSetName": "x"}, "UnrecognizedClientException", "ses:GetConfigurationSet"),
    ("sns", "list_topics", {}, "InvalidClientTokenId", "sns:ListTopics"),
    ("sqs", "list_queues", {}, "UnrecognizedClientException", "sqs:ListQueues"),
    ("iam", "list_access_keys", {}, "InvalidClientTokenId", "iam:ListAccessKeys"),
]  # fmt: skip


@pytest.mark.parametrize(("service", "operation", "arguments", "code", "action"), CALLS)
def test_a_key_is_revoked_or_lacks_an_action_in_every_protocol(
    stack: Stack, service: str, operation: str, arguments: dict[str, Any], code: str, action: str
) -> None:
    call = getattr(stack.client(service, account=KEY), operation)
    stack.post("keys", {"accessKeyId": KEY, "revoked": True})
    with pytest.raises(ClientError, match=code):
        call(**arguments)
    stack.post("keys", {"accessKeyId": KEY, "revoked": False, "denied": [action]})
    with pytest.raises(ClientError, match=f"AccessDenied.*not authorized to perform: {action}"):
        call(**arguments)
    stack.post("keys", {"accessKeyId": KEY, "denied": []})
    if not arguments:
        call()


def test_an_account_switches_its_sending_and_its_list_by_awss_own_calls(stack: Stack) -> None:
    ses = stack.client("sesv2", account=KEY)
    assert ses.get_account()["SuppressionAttributes"] == {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]}
    ses.put_account_suppression_attributes(SuppressedReasons=["BOUNCE"])
    ses.put_account_sending_attributes(SendingEnabled=False)
    found = ses.get_account()
    assert found["SuppressionAttributes"] == {"SuppressedReasons": ["BOUNCE"]}
    assert found["SendingEnabled"] is False
    stack.post("accounts", {"accountId": KEY, "account": {"SentLast24Hours": 9.0}})
    assert ses.get_account()["SendQuota"]["SentLast24Hours"] == 9.0
    assert stack.client("sesv2", account="700000000008").get_account()["SendingEnabled"] is True
