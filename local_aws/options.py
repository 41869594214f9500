"""Command line options; each falls back to an environment variable, then to a default."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    host: str = "127.0.0.1"
    port: int = 5055
    ministack_port: int = 14566
    ministack: Path = Path(".venv-aws/bin/ministack")
    retries: int = 3
    retry_delay: float = 20.0
    event_delay: float = 0.2
    default_topic: str = ""
    origin: str = ""
    verbose: bool = False

    @property
    def public_url(self) -> str:
        """Where the services reach this program; it stands in certificate and SubscribeURLs."""
        return self.origin or self.local_url

    @property
    def local_url(self) -> str:
        """Where ministack, on the same machine, reaches this program."""
        host = "127.0.0.1" if self.host == "0.0.0.0" else self.host  # noqa: S104 - compared, not bound
        return f"http://{host}:{self.port}"

    @property
    def ministack_url(self) -> str:
        return f"http://127.0.0.1:{self.ministack_port}"


# Option, type, what it is. The environment variable of `--port` is LOCAL_AWS_PORT, and so on.
_OPTIONS = (
    ("--host", str, "address to listen on"),
    ("--port", int, "port of the AWS endpoint, the certificate and the SubscribeURLs"),
    ("--ministack-port", int, "port of ministack, on the loopback interface only"),
    ("--ministack", Path, "path of the ministack executable"),
    ("--retries", int, "how often SNS tries an HTTP endpoint again"),
    ("--retry-delay", float, "seconds between two tries; may be a fraction"),
    ("--origin", str, "URL under which others reach this program, if not http://HOST:PORT"),
    (
        "--default-topic",
        str,
        "ARN of the topic for identities without one; then every sender is verified",
    ),
    ("--event-delay", float, "seconds between an accepted mail and its SES events"),
)


def parse_options(arguments: Sequence[str] | None = None) -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m local_aws",
        description="Serve an AWS API with signed SNS messages and SES events.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    for flag, kind, meaning in _OPTIONS:
        name = flag.removeprefix("--").replace("-", "_")
        default = os.environ.get(f"LOCAL_AWS_{name.upper()}", str(getattr(Options, name)))
        parser.add_argument(flag, type=kind, default=default, help=meaning)
    parser.add_argument("--verbose", action="store_true", help="log every request and delivery")
    return Options(**vars(parser.parse_args(arguments)))
