"""The options that every verb and sub-verb takes, wherever they stand on the line."""

from __future__ import annotations

import argparse
from pathlib import Path

DEFAULT_SITE = Path("policies")


def add_common(parser: argparse.ArgumentParser) -> None:
    """``--site`` and ``--json``; without defaults here, so that no level overrides another."""
    parser.add_argument(
        "--site",
        type=Path,
        default=argparse.SUPPRESS,
        metavar="DIR",
        help=f"the site's folder (default: ./{DEFAULT_SITE})",
    )
    parser.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON document"
    )


def with_defaults(args: argparse.Namespace) -> argparse.Namespace:
    """Fill in what no level of the command line gave."""
    args.site = getattr(args, "site", DEFAULT_SITE)
    args.json = getattr(args, "json", False)
    return args
