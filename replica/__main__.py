"""`python -m replica serve`: the replica by itself, until it is interrupted."""

import argparse
import json
import signal
import sys

from replica.server import LOOPBACK, Server
from replica.site import DEFAULT_KINDS, Site
from replica.writing import KINDS

_ENDING = {signal.SIGINT, signal.SIGTERM}


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m replica", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="print the value of BROADSHEET_ORIGINS when ready, and answer requests")
    serve.add_argument("--articles", type=int, default=200, help="how many, the five seeds included (%(default)s)")
    serve.add_argument("--seed", type=int, default=0, help="another number makes other articles (%(default)s)")
    serve.add_argument(
        "--kinds",
        type=lambda text: tuple(text.split(",")),
        default=DEFAULT_KINDS,
        help=f"drawn from evenly: {', '.join(sorted(KINDS))}, split by commas (articles and some opinion)",
    )
    serve.add_argument("--host", default=LOOPBACK, help="where to listen (%(default)s)")
    serve.add_argument("--www-port", type=int, default=8601, help="of the main origin, 0 for any (%(default)s)")
    serve.add_argument("--static-port", type=int, default=8602, help="of the sitemaps' origin (%(default)s)")
    serve.add_argument("--ru-port", type=int, default=0, help="of the Russian edition (any)")
    serve.add_argument("--old-port", type=int, default=0, help="of the old site (any)")
    return parser.parse_args(arguments)


def main() -> int:
    """Serve until SIGINT or SIGTERM."""
    options = read_arguments()
    if unknown := set(options.kinds) - KINDS:
        sys.stderr.write(f"no such kind: {', '.join(sorted(unknown))}\n")
        return 2
    site = Site(options.articles, seed=options.seed, kinds=options.kinds)
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)  # before any thread starts, so that this one gets them
    ports = (options.www_port, options.static_port, options.ru_port, options.old_port)
    try:
        server = Server(site, host=options.host, ports=ports)
    except OSError as error:
        sys.stderr.write(f"cannot listen on {options.host}: {error.strerror}\n")
        return 1
    sys.stdout.write(json.dumps(server.origins) + "\n")
    sys.stdout.flush()
    signal.sigwait(_ENDING)
    server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
