"""``preau pac``: the file that tells browsers to use the gateway."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from proxy.cli.output import emit
from proxy.errors import InputError
from proxy.policy.pac import render

GROUP = "Upkeep"
HELP = "write proxy.pac, which tells browsers to use the gateway"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which gateways, and what goes round them."""
    parser.add_argument(
        "--gateway",
        action="append",
        default=[],
        metavar="HOST:PORT",
        help="as devices reach it; several are tried in this order (default: the site's listen)",
    )
    parser.add_argument(
        "--direct",
        action="append",
        default=[],
        metavar="HOST",
        help="a host, or *.domain, that devices reach without the gateway: nothing of it is "
        "protected or recorded",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")


def run(args: argparse.Namespace) -> int:
    """Write it."""
    from proxy.site import load_site

    site = load_site(args.site)
    gateways: list[str] = args.gateway or [str(site.listen)]
    try:
        if not args.gateway:
            one = site.listen
            if one.host in ("127.0.0.1", "::1", "0.0.0.0", "::"):  # noqa: S104  # compared only
                raise InputError(f"devices cannot reach {one}: say --gateway NAME:PORT")
        text = render(site.name, gateways, args.direct)
    except ValueError as error:
        raise InputError(str(error)) from None
    if args.output is not None:
        try:
            args.output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(f"{args.output} cannot be written ({error.strerror})") from None
    elif not args.json:
        sys.stdout.write(text)
        return 0
    emit(args, str(args.output), {"pac": text, "output": str(args.output or "")})
    return 0
