"""`python -m local_aws`: serve until Ctrl-C or SIGTERM."""

import logging
import signal
import sys
from collections.abc import Sequence

from local_aws.errors import StartError
from local_aws.options import parse_options
from local_aws.server import LocalAws


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse_options(arguments)
    level = logging.INFO if options.verbose else logging.WARNING
    logging.basicConfig(level=level, format="local AWS: %(levelname)s %(message)s")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    stand_in = LocalAws(options)
    try:
        stand_in.start()
        print(f"local AWS ready at {options.public_url}", flush=True)
        stand_in.serve()
    except StartError as error:
        print(f"local AWS: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    finally:
        stand_in.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
