"""AWS in process, by moto; what it lacks is stubbed."""

from collections.abc import Iterator

import pytest
from botocore.credentials import Credentials
from moto import mock_aws

from config_service.providers.aws_setup.account import AwsAccount
from config_service.providers.aws_setup.account_resources import AccountResources


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[AccountResources]:
    """Return an empty account of moto's, 123456789012."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield AccountResources(AwsAccount(Credentials("AKIAIOSFODNN7EXAMPLE", "secret"), "us-east-1"))
