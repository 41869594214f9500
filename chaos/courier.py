"""`python -m chaos.courier`: delivers as SNS does, in a process of its own that can be killed.

It reads what to post as JSON lines on standard input, and writes one line for each change of a delivery's
state to standard output. Retries and what counts as delivered are those of local_aws.
"""

import argparse
import json
import os
import sys
import threading
import time
from queue import SimpleQueue

from local_aws.background import Background
from local_aws.delivery import Courier, Parcel
from local_aws.journal import Delivery, Journal

_LOOK_EVERY = 0.01  # seconds


class _Watched(Journal):
    """Tells on standard output what becomes of each delivery."""

    def __init__(self) -> None:
        super().__init__()
        self._added: SimpleQueue[Delivery] = SimpleQueue()

    def add(self, delivery: Delivery) -> None:
        self._added.put(delivery)

    def tell(self) -> None:
        told: dict[str, tuple[int, str]] = {}
        watched: dict[str, Delivery] = {}
        while True:
            while not self._added.empty():
                delivery = self._added.get()
                watched[delivery.message_id] = delivery
            lines = []
            for number, delivery in list(watched.items()):
                state = (delivery.attempts, delivery.status)
                if state != told.get(number, (0, "retrying")):
                    told[number] = state
                    lines.append(json.dumps([int(number), *state, delivery.last_status_code]) + "\n")
                if state[1] != "retrying":
                    del watched[number], told[number]
            if lines:
                os.write(sys.stdout.fileno(), "".join(lines).encode())
            time.sleep(_LOOK_EVERY)


class _Kept:
    """The dead-letter queue: the reader of our lines keeps the letters."""

    def take(self, _parcel: Parcel, _code: str, _message: str) -> bool:
        return True


def main() -> None:
    """Deliver until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m chaos.courier")
    parser.add_argument("endpoint")
    parser.add_argument("--retries", type=int, default=3)
    parser.add_argument("--retry-delay", type=float, default=20.0)
    options = parser.parse_args()
    journal = _Watched()
    courier = Courier(Background(), journal, _Kept())
    threading.Thread(target=journal.tell, daemon=True).start()
    for line in sys.stdin:
        number, headers, body = json.loads(line)
        topic = headers["x-amz-sns-topic-arn"]
        retries, delay, queue = options.retries, options.retry_delay, f"{topic}-dead"
        courier.dispatch(Parcel(str(number), topic, options.endpoint, headers, body, retries, delay, queue))
    os._exit(0)  # whoever feeds it is gone


if __name__ == "__main__":
    main()
