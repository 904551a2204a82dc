"""What the machine and the site's files say of themselves, measured when somebody looks.

A collector beside ``Metrics``: nothing here changes with a request, so nothing is counted.
Every worker tells the same; merged, the highest is kept. Files are looked at once a minute,
as a supervisor asks its workers far more often than a certificate or a list grows old.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from proxy.blocking.subscriptions import read_subscriptions
from proxy.blocking.subscriptions.shelf import Shelf
from proxy.blocking.subscriptions.update import due
from proxy.ca import ca_info
from proxy.errors import PreauError
from proxy.metrics import MAX_LISTS, Folder
from proxy.site import Site

_EVERY = 60.0


class SiteFacts(Collector):
    """Age of the CA and of subscribed lists, space on the disks, steps of the clock."""

    def __init__(self, site: Site, clock: Callable[[], float] = time.time) -> None:
        self._site = site
        self._clock = clock
        self._since = clock()
        self._read_at = float("-inf")
        self._read: list[Metric] = []

    def describe(self) -> list[Metric]:
        """Nothing is looked at when the collector is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All of it; what cannot be read is left out, and another metric tells."""
        now = time.monotonic()
        if now - self._read_at >= _EVERY:
            self._read_at, self._read = now, [self._ca(), self._overdue(), *self._disks()]
        yield GaugeMetricFamily(
            "preau_clock_offset_seconds",
            "The wall clock less the machine's steady one; a step: the clock was moved.",
            self._clock() - now,
        )
        yield from self._read

    def _ca(self) -> Metric:
        family = GaugeMetricFamily(
            "preau_ca_not_after_timestamp_seconds", "Until when the certificate authority is valid."
        )
        try:
            family.add_metric((), ca_info(self._site.ca_dir).not_after.timestamp())
        except (OSError, PreauError):
            return family
        return family

    def _overdue(self) -> Metric:
        family = GaugeMetricFamily(
            "preau_list_overdue_seconds",
            "How long ago a subscribed block list should have been fetched again.",
            labels=("list",),
        )
        try:
            subscriptions = read_subscriptions(self._site.root).active()
        except (OSError, PreauError):
            return family
        shelf, now = Shelf(self._site.state_dir), self._clock()
        for one in subscriptions[:MAX_LISTS]:
            slip = shelf.slip(one)
            since = due(one, slip) if slip.taken else self._since
            family.add_metric((one.name,), max(0.0, now - since))
        return family

    def _disks(self) -> tuple[Metric, Metric]:
        free = GaugeMetricFamily(
            "preau_disk_free_ratio", "Part of a folder's disk that is free.", labels=("folder",)
        )
        inodes = GaugeMetricFamily(
            "preau_disk_inodes_free_ratio",
            "Part of the files that a folder's disk can still hold.",
            labels=("folder",),
        )
        for folder, path in folders(self._site).items():
            try:
                disk = os.statvfs(existing(path))
            except OSError:
                continue
            free.add_metric((folder.value,), disk.f_bavail / max(1, disk.f_blocks))
            if disk.f_files:  # some file systems count none
                inodes.add_metric((folder.value,), disk.f_favail / disk.f_files)
        return free, inodes


def folders(site: Site) -> dict[Folder, Path]:
    """The folders of a site that grow."""
    return {
        Folder.STATE: site.state_dir,
        Folder.AUDIT: site.audit_dir,
        Folder.CACHE: site.cache_dir,
    }


def existing(path: Path) -> Path:
    """``path``, or the nearest folder above it that is there."""
    return next((one for one in (path, *path.parents) if one.exists()), Path("/"))
