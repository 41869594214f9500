"""Certificate URLs that only look like SNS's, in messages whose signature is right: none is ever visited."""

import pytest
import responses
from sns_kit import CERT_PATH, CERT_URL, CLINIC_TOPIC, HOST, FakeConfigService, Post, Sns, sample

from webhook_service.certificates import CertificateStore
from webhook_service.errors import UntrustedUrlError
from webhook_service.origins import SnsOrigins

AMAZON = "sns.us-east-1.amazonaws.com"

URLS = {
    # buckets and other things of Amazon's that a customer may name "sns"
    "bucket": f"https://sns.s3.amazonaws.com{CERT_PATH}",
    "bucket of an old region": f"https://sns.s3-us-west-2.amazonaws.com{CERT_PATH}",
    "bucket's web site": f"https://sns.s3-website-us-east-1.amazonaws.com{CERT_PATH}",
    "bucket of a dual stack": f"https://sns.s3.dualstack.us-east-1.amazonaws.com{CERT_PATH}",
    "bucket in China": f"https://sns.s3.cn-north-1.amazonaws.com.cn{CERT_PATH}",
    "accelerated bucket": f"https://sns.s3-accelerate.amazonaws.com{CERT_PATH}",
    "access point": f"https://sns.s3-accesspoint.us-east-1.amazonaws.com{CERT_PATH}",
    "path in a bucket": f"https://s3.us-east-1.amazonaws.com/{AMAZON}{CERT_PATH}",
    "balancer": f"https://sns.us-east-1.elb.amazonaws.com{CERT_PATH}",
    "API gateway": f"https://sns.execute-api.us-east-1.amazonaws.com{CERT_PATH}",
    "computer": f"https://sns.us-east-1.compute.amazonaws.com{CERT_PATH}",
    # shapes of regions
    "no region": f"https://sns.amazonaws.com{CERT_PATH}",
    "half a region": f"https://sns.us-east.amazonaws.com{CERT_PATH}",
    "two regions": f"https://sns.us-east-1.us-east-1.amazonaws.com{CERT_PATH}",
    "zone": f"https://sns.us-east-1a.amazonaws.com{CERT_PATH}",
    "other region": f"https://sns.eu-west-1.amazonaws.com{CERT_PATH}",
    "China's suffix": f"https://{AMAZON}.cn{CERT_PATH}",
    "other service": f"https://sqs.us-east-1.amazonaws.com{CERT_PATH}",
    # endpoints of SNS's own that sign nothing, see docs/decisions/0010
    "FIPS": f"https://sns-fips.us-east-1.amazonaws.com{CERT_PATH}",
    "FIPS at the end": f"https://sns.us-east-1-fips.amazonaws.com{CERT_PATH}",
    "dual stack": f"https://sns.us-east-1.api.aws{CERT_PATH}",
    "private link": f"https://vpce-1.sns.us-east-1.vpce.amazonaws.com{CERT_PATH}",
    "sovereign cloud": f"https://sns.eusc-de-east-1.amazonaws.eu{CERT_PATH}",
    "isolated": f"https://sns.us-iso-east-1.c2s.ic.gov{CERT_PATH}",
    # hosts that begin, end or are spelt like SNS's
    "other host": f"https://evil.example{CERT_PATH}",
    "prefix": f"https://{AMAZON}.evil.example{CERT_PATH}",
    "suffix": f"https://evil-{AMAZON}{CERT_PATH}",
    "subdomain": f"https://x.{AMAZON}{CERT_PATH}",
    "trailing dot": f"https://{AMAZON}.{CERT_PATH}",
    "two dots": f"https://sns..us-east-1.amazonaws.com{CERT_PATH}",
    "upper case": f"https://{AMAZON.upper()}{CERT_PATH}",
    "Cyrillic letter": f"https://\u0455ns.us-east-1.amazonaws.com{CERT_PATH}",
    "wide letter": f"https://\uff53ns.us-east-1.amazonaws.com{CERT_PATH}",
    "wide dot": f"https://sns\u3002us-east-1.amazonaws.com{CERT_PATH}",
    "wide digit": f"https://sns.us-east-\uff11.amazonaws.com{CERT_PATH}",
    "soft hyphen": f"https://sns\u00ad.us-east-1.amazonaws.com{CERT_PATH}",
    "no width": f"https://sns\u200b.us-east-1.amazonaws.com{CERT_PATH}",
    "punycode": f"https://xn--sns-.us-east-1.amazonaws.com{CERT_PATH}",
    "percent in the host": f"https://sns%2eus-east-1.amazonaws.com{CERT_PATH}",
    "percent slash": f"https://{AMAZON}%2f@evil.example{CERT_PATH}",
    "percent at": f"https://{AMAZON}%40evil.example{CERT_PATH}",
    "NUL": f"https://{AMAZON}\0.evil.example{CERT_PATH}",
    "percent NUL": f"https://{AMAZON}%00.evil.example{CERT_PATH}",
    "backslash": f"https://evil.example\\{AMAZON}{CERT_PATH}",
    "backslashes": f"https:\\\\{AMAZON}{CERT_PATH}",
    "three slashes": f"https:///{AMAZON}{CERT_PATH}",
    "no slashes": f"https:{AMAZON}{CERT_PATH}",
    "tab": f"https://{AMAZON}\t{CERT_PATH}",
    "tab in the scheme": f"ht\ttps://{AMAZON}{CERT_PATH}",
    "line": f"https://{AMAZON}\r\nHost: evil.example\r\n{CERT_PATH}",
    # addresses
    "IPv4": f"https://52.94.133.131{CERT_PATH}",
    "IPv4 in one number": f"https://2130706433{CERT_PATH}",
    "IPv4 in hex": f"https://0x7f.0.0.1{CERT_PATH}",
    "IPv4 in octal": f"https://0177.0.0.1{CERT_PATH}",
    "short IPv4": f"https://127.1{CERT_PATH}",
    "IPv6": f"https://[::1]{CERT_PATH}",
    "IPv4 in IPv6": f"https://[::ffff:169.254.169.254]{CERT_PATH}",
    "metadata": f"http://169.254.169.254{CERT_PATH}",
    "this machine": f"http://localhost{CERT_PATH}",
    # ports, people and schemes
    "its own port": f"https://{AMAZON}:443{CERT_PATH}",
    "other port": f"https://{AMAZON}:8443{CERT_PATH}",
    "empty port": f"https://{AMAZON}:{CERT_PATH}",
    "user": f"https://user@{AMAZON}{CERT_PATH}",
    "user and password": f"https://user:secret@{AMAZON}{CERT_PATH}",
    "empty user": f"https://@{AMAZON}{CERT_PATH}",
    "host as a user": f"https://{AMAZON}@evil.example{CERT_PATH}",
    "host as a user with a port": f"https://{AMAZON}:443@evil.example{CERT_PATH}",
    "http": f"http://{AMAZON}{CERT_PATH}",
    "ftp": f"ftp://{AMAZON}{CERT_PATH}",
    "file": f"file://{AMAZON}{CERT_PATH}",
    "file of this machine": "file:///etc/ssl/certs/ca-certificates.crt",
    "data": "data:application/x-pem-file,-----BEGIN%20CERTIFICATE-----",
    "scheme in upper case": f"HTTPS://{AMAZON}{CERT_PATH}",
    "no scheme": f"//{AMAZON}{CERT_PATH}",
    # paths
    "query": f"{CERT_URL}?x=1",
    "empty query": f"{CERT_URL}?",
    "fragment": f"{CERT_URL}#x",
    "parameter": f"{CERT_URL};x=1",
    "pem in the query": f"{HOST}/?x=.pem",
    "certificate in the query": f"{HOST}/?Action=x&y={CERT_PATH}",
    "percent in the path": f"{HOST}/SimpleNotificationService-%30123.pem",
    "percent in the name": f"{HOST}/%53impleNotificationService-0123.pem",
    "percent in the ending": f"{HOST}/SimpleNotificationService-0123%2epem",
    "upper case digits": f"{HOST}/SimpleNotificationService-0123ABCDEF.pem",
    "digits of another script": f"{HOST}/SimpleNotificationService-\u0660\u0661\u0662\u0663.pem",
    "too many digits": f"{HOST}/SimpleNotificationService-{'0' * 65}.pem",
    "no digits": f"{HOST}/SimpleNotificationService-.pem",
    "up and down": f"{HOST}/x/..{CERT_PATH}",
    "two slashes": f"{HOST}/{CERT_PATH}",
    "slash at the end": f"{CERT_URL}/",
    "line at the end": f"{CERT_URL}\n",
    "blank before": f" {CERT_URL}",
    "another document": f"{HOST}/SimpleNotificationService.pem",
    "a hundred kilobytes": f"{CERT_URL}{'x' * 100_000}",
}


@pytest.mark.parametrize("url", URLS.values(), ids=URLS.keys())
def test_no_certificate_is_fetched_from_elsewhere(
    url: str, post: Post, sns: Sns, config_service: FakeConfigService, network: responses.RequestsMock
) -> None:
    response = post(sns.notification(sample("event_complaint"), SigningCertURL=url))
    assert (response.status_code, response.json["code"]) == (403, "untrusted_url")
    assert len(network.calls) == 0
    assert config_service.events == []


@pytest.mark.parametrize(
    ("partition", "region", "host"),
    [
        ("aws", "us-east-1", "sns.us-east-1.amazonaws.com"),
        ("aws", "ap-southeast-5", "sns.ap-southeast-5.amazonaws.com"),
        ("aws-us-gov", "us-gov-west-1", "sns.us-gov-west-1.amazonaws.com"),
        ("aws-cn", "cn-north-1", "sns.cn-north-1.amazonaws.com.cn"),
        ("aws-cn", "cn-northwest-1", "sns.cn-northwest-1.amazonaws.com.cn"),
    ],
)
def test_each_region_has_one_host_and_no_other(partition: str, region: str, host: str) -> None:
    store = CertificateStore(SnsOrigins())
    store.check_url(f"https://{host}{CERT_PATH}", region)
    hosts = {url.removesuffix(CERT_PATH) for url in URLS.values()} | {HOST}
    for other in hosts - {f"https://{host}"}:
        with pytest.raises(UntrustedUrlError):
            store.check_url(f"{other}{CERT_PATH}", region)


def test_a_redirect_is_not_followed_also_when_it_leads_to_sns(
    post: Post, sns: Sns, network: responses.RequestsMock, certificate_pem: bytes
) -> None:
    elsewhere = f"{HOST}/SimpleNotificationService-ffff.pem"
    network.get(CERT_URL, status=307, headers={"Location": elsewhere}, body=certificate_pem)
    network.get(elsewhere, body=certificate_pem)
    response = post(sns.notification(sample("event_complaint")))
    assert (response.status_code, response.json["code"]) == (503, "certificate_unavailable")
    assert [call.request.url for call in network.calls] == [CERT_URL]


def test_a_certificate_that_is_kept_for_one_region_serves_no_other(
    post: Post, sns: Sns, config_service: FakeConfigService, amazon: responses.RequestsMock
) -> None:
    """Else a key of one region's would sign for topics in all others."""
    elsewhere = CLINIC_TOPIC.replace("us-east-1", "eu-west-1")
    config_service.owners[elsewhere] = ("clinic-2",)
    assert post(sns.notification(sample("event_bounce"))).status_code == 200
    response = post(sns.notification(sample("event_bounce"), TopicArn=elsewhere))
    assert (response.status_code, response.json["code"]) == (403, "untrusted_url")


@pytest.mark.parametrize("digit", ["\uff11", "\u0661", "\u0967"], ids=["wide", "Arabic", "Devanagari"])
def test_a_region_is_written_in_ascii(
    digit: str, post: Post, sns: Sns, config_service: FakeConfigService, network: responses.RequestsMock
) -> None:
    """Else a topic whose region ends in a digit of another script would name a host of its own."""
    topic = CLINIC_TOPIC.replace("east-1", f"east-{digit}")
    config_service.owners[topic] = ("clinic-2",)
    url = f"https://sns.us-east-{digit}.amazonaws.com{CERT_PATH}"
    response = post(sns.notification(sample("event_bounce"), TopicArn=topic, SigningCertURL=url))
    assert response.status_code in {400, 403}
    assert len(network.calls) == 0
    with pytest.raises(UntrustedUrlError):  # nor where the topic's own shape has let it pass
        CertificateStore(SnsOrigins()).check_url(url, f"us-east-{digit}")
