"""The regions that credentials may name."""

import pytest

from config_service.providers.regions import SES, SNS, known_regions, region_fault


def test_regions_of_every_partition_are_known() -> None:
    assert {"us-east-1", "eu-west-1", "us-gov-west-1"} <= known_regions(SES)
    assert {"us-east-1", "cn-north-1", "us-gov-east-1"} <= known_regions(SNS)


@pytest.mark.parametrize(
    ("region", "advice"),
    [
        ("us-est-1", "did you mean us-east-1?"),
        ("US-EAST-1", "did you mean us-east-1?"),
        ("eu_west_1", "did you mean eu-west-1?"),
        ("frankfurt", "give one such as us-east-1."),
    ],
)
def test_a_region_that_is_none_gets_the_nearest_proposed(region: str, advice: str) -> None:
    assert region_fault(region) == f"{region!r} is no AWS region that offers SES; {advice}"


def test_a_region_without_the_service_is_refused_for_that_service_only() -> None:
    assert region_fault("cn-north-1", SES)
    assert region_fault("cn-north-1", SNS) is None
