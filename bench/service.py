"""The service as `automation serve` runs it, with a request budget of the bench's choosing.

The two plans Notion sells allow 180 and 600 requests a minute. To see how fast delivery is when Notion
is not what holds it back, the bench needs a larger number than any plan has.
"""

import argparse
import asyncio
import os
import signal

from automation import settings
from automation.cli.logs import set_up
from automation.wiring import Parts, build_service


async def serve(budget: int) -> None:
    """Serve until SIGTERM."""
    given = settings.read(os.environ)
    set_up(given.log)
    service = await build_service(given, os.environ, parts=Parts(requests_per_minute=budget))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    try:
        await service.run(stop=stop)
    finally:
        await service.close()


def main() -> None:
    """Serve with the budget given."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--budget", type=int, required=True)
    asyncio.run(serve(parser.parse_args().budget))


if __name__ == "__main__":
    main()
