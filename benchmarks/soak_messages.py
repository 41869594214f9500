"""The messages of a soak: every one distinct and signed before it begins, so that signing disturbs nothing.

A message is 3 to 5 KB, so ten minutes at 500 a second are about 1.3 GB on the disk, and some minutes of
preparation on two cores.
"""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from benchmarks.messages import certificate_of, signed_envelope

_PIECE = 500  # messages that a process signs before it asks for more
_AHEAD = 4  # pieces that a process may be ahead of the disk


class SigningKey:
    """A key of this run alone, and the certificate that proves what it signed."""

    def __init__(self) -> None:
        """Make both."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.certificate = certificate_of(key).public_bytes(serialization.Encoding.PEM)

    def write(self, path: Path, first: int, last: int, amazon: str, origin: str) -> Path:
        """Sign messages `first` to `last` into a file for `run_wrk`, with the certificate at `origin`."""
        pieces = ((self.pem, start, min(start + _PIECE, last)) for start in range(first, last, _PIECE))
        workers = os.cpu_count() or 1
        with path.open("wb") as file, ProcessPoolExecutor(workers) as pool:
            while some := list(islice(pieces, workers * _AHEAD)):
                for piece in pool.map(_signed, some):
                    for head, envelope in piece:
                        body = envelope.replace(amazon, origin).encode()
                        file.write(f"{len(body)} {head}\n".encode() + body)
        return path


def read(path: Path) -> Iterator[tuple[dict[str, str], bytes]]:
    """Yield the headers and the body of each message in a file."""
    with path.open("rb") as file:
        while head := file.readline():
            size, message_id, kind, topic = head.decode().split()
            headers = {
                "Content-Type": "text/plain; charset=UTF-8",
                "x-amz-sns-message-type": kind,
                "x-amz-sns-message-id": message_id,
                "x-amz-sns-topic-arn": topic,
            }
            yield headers, file.read(int(size))


def _signed(piece: tuple[bytes, int, int]) -> list[tuple[str, str]]:
    """Return the head (id, type, topic) and the envelope of some messages."""
    pem, first, last = piece
    key = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return [_with_head(signed_envelope(key, number, "2")) for number in range(first, last)]


def _with_head(envelope: str) -> tuple[str, str]:
    document = json.loads(envelope)
    return f"{document['MessageId']} {document['Type']} {document['TopicArn']}", envelope
