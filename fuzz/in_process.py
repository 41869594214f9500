"""The long run in process: several processes, each with a piece at a time."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait

from fuzz.progress import Progress
from fuzz.shards import Report, Shard, run_shard

# What each target gets of a hundred inputs: what a stranger can reach gets most.
SHARES = {"webhook": 35, "both": 15, "internal": 25, "api": 25}
_PIECE = 2_500


def pieces(inputs: int, seed: int) -> Iterator[Shard]:
    """Yield the shards of a run, those of the targets in turn."""
    left = {target: inputs * share // 100 for target, share in SHARES.items()}
    left["webhook"] += inputs - sum(left.values())
    first = dict.fromkeys(left, 0)
    while any(left.values()):
        for target, rest in left.items():
            if count := min(_PIECE, rest):
                yield Shard(target, seed, first[target], count)
                first[target] += count
                left[target] -= count


def run(inputs: int, seed: int, processes: int, minutes: float, say: Callable[[str], None]) -> list[Report]:
    """Ask `inputs` in process; return a report a target. What the time did not suffice for is not asked."""
    progress = Progress("in process", inputs, say)
    waiting, running = pieces(inputs, seed), set[Future[Report]]()
    until = time.monotonic() + minutes * 60
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        while True:
            while len(running) < processes and time.monotonic() < until and (shard := next(waiting, None)):
                running.add(pool.submit(run_shard, shard))
            if not running:
                return progress.finished()
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                progress.add(future.result())
