"""`python -m replica serve`: runs the replica alone until it is interrupted."""

import argparse
import json
import signal
import sys

from replica.server import LOOPBACK, Server
from replica.site import DEFAULT_KINDS, Site
from replica.writing import KINDS

_STOP_SIGNALS = {signal.SIGINT, signal.SIGTERM}


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m replica", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="print the value of BROADSHEET_ORIGINS when ready, and serve requests")
    serve.add_argument(
        "--articles", type=int, default=200, help="number of articles, the five seeds included (%(default)s)"
    )
    serve.add_argument("--seed", type=int, default=0, help="another number makes other articles (%(default)s)")
    serve.add_argument(
        "--kinds",
        type=lambda text: tuple(text.split(",")),
        default=DEFAULT_KINDS,
        help=f"comma-separated, drawn evenly: {', '.join(sorted(KINDS))} (default: articles and some opinion)",
    )
    serve.add_argument("--host", default=LOOPBACK, help="address to listen on (%(default)s)")
    serve.add_argument("--www-port", type=int, default=8601, help="port of the main origin, 0 for any (%(default)s)")
    serve.add_argument("--static-port", type=int, default=8602, help="port of the sitemaps' origin (%(default)s)")
    serve.add_argument("--ru-port", type=int, default=0, help="port of the Russian edition (any)")
    serve.add_argument("--old-port", type=int, default=0, help="port of the old site (any)")
    return parser.parse_args(arguments)


def main() -> int:
    """Serve until SIGINT or SIGTERM."""
    options = read_arguments()
    if unknown := set(options.kinds) - KINDS:
        sys.stderr.write(f"no such kind: {', '.join(sorted(unknown))}\n")
        return 2
    site = Site(options.articles, seed=options.seed, kinds=options.kinds)
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)  # before any thread starts, so that this one receives them
    ports = (options.www_port, options.static_port, options.ru_port, options.old_port)
    try:
        server = Server(site, host=options.host, ports=ports)
    except OSError as error:
        sys.stderr.write(f"cannot listen on {options.host}: {error.strerror}\n")
        return 1
    sys.stdout.write(json.dumps(server.origins) + "\n")
    sys.stdout.flush()
    signal.sigwait(_STOP_SIGNALS)
    server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
