"""Looks at the webhook's public URL from here, for words on why no confirmation comes from it."""

from dataclasses import dataclass

import requests

TIMEOUT = 10  # seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """What a URL answers to something that is no SNS message; `reached` where anything answered at all."""

    fits: bool
    reached: bool
    text: str


def examine(url: str) -> str:
    """Return what `url` answers, and what that means."""
    return look(url).text


def look(url: str, timeout: float = TIMEOUT) -> Answer:
    """Return what `url` answers; only for a URL that the platform's operator chose."""
    try:
        answer = requests.post(url, data="{}", timeout=timeout, allow_redirects=False)
    except requests.exceptions.SSLError:
        text = f"The certificate of {url} is not valid: SNS delivers to valid ones only."
        return Answer(fits=False, reached=False, text=text)
    except requests.RequestException as error:
        text = f"{url} cannot be reached from here ({type(error).__name__}): check DNS, firewall and gateway."
        return Answer(fits=False, reached=False, text=text)
    return Answer(fits=answer.status_code in (400, 503), reached=True, text=meaning(url, answer.status_code))


def meaning(url: str, status: int) -> str:
    """Return in words what a status says about the webhook behind `url`."""
    if status == 400:
        return f"{url} answers as the webhook does: it is reached, and has not accepted the topic."
    if status == 503:
        return f"{url} answers 503: the webhook is reached, and config_service is not."
    if 300 <= status < 400:
        return f"{url} redirects: SNS does not follow; give the URL that it leads to."
    return f"{url} answers {status}: the webhook's path is /api/v1/webhooks/ses."
