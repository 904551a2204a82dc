"""From the site's settings to tasks. Nothing is opened or connected to here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from proxy.audit.events import fit
from proxy.audit.export import (
    FORMATS,
    Cursor,
    Exporter,
    FileSink,
    HttpSink,
    LogReader,
    Origin,
    Sink,
    SyslogSink,
)
from proxy.audit.outgoing.state import cursor_path
from proxy.audit.outgoing.tasks import (
    ExportTask,
    PublishTask,
    Record,
    ShipTask,
    Task,
    WitnessTask,
)
from proxy.audit.publish import FileTarget, GitTarget, PaperTarget, Target, UrlTarget
from proxy.audit.shipping import Credentials, FolderStore, S3Store, Shipper, Store
from proxy.outbound import Place, StreamPlace
from proxy.policy.outgoing_schema import ExportFile, PublishFile, ShipFile, parse_collector
from proxy.site import Site
from proxy.witness import WitnessClient, WitnessKey


@dataclass(frozen=True, slots=True)
class Plan:
    """The names of a site's tasks, known without opening its log."""

    site: Site

    @property
    def folder(self) -> Path:
        """Where cursors and states lie."""
        return self.site.state_dir / "outgoing"

    @property
    def names(self) -> tuple[str, ...]:
        """Every task's name, in the order of the settings."""
        asked = self.site.outgoing
        witnesses = ("witnesses",) if asked.witnesses else ()
        published = (publish_name(place, item) for place, item in enumerate(asked.publish, 1))
        return (
            *witnesses,
            *published,
            *(item.name for item in asked.export),
            *(item.name for item in asked.ship),
        )


def publish_name(place: int, item: PublishFile) -> str:
    """``publish-2-git``: the second entry, a git tree."""
    return f"publish-{place}-{item.kind}"


def make_plan(site: Site, record: Record) -> list[Task]:
    """The tasks of a site whose log exists. Raises ``InputError`` for missing credentials."""
    return list(_Maker(site, record).tasks())


class _Maker:
    def __init__(self, site: Site, record: Record) -> None:
        self._site = site
        self._asked = site.outgoing
        self._record = record
        self._folder = Plan(site).folder
        self._log = LogReader(site.audit_dir).key().name
        self._origin = Origin(self._log, fit("gateway", site.name))

    def tasks(self) -> Iterator[Task]:
        if self._asked.witnesses:
            yield self._witnesses()
        for place, item in enumerate(self._asked.publish, 1):
            yield self._publish(publish_name(place, item), item)
        for export in self._asked.export:
            yield ExportTask(
                export.name,
                Exporter(
                    self._reader(), self._sink(export), self._cursor(export.name), self._origin
                ),
            )
        for ship in self._asked.ship:
            yield ShipTask(
                ship.name, Shipper(self._reader(), self._store(ship), self._cursor(ship.name))
            )

    def _reader(self) -> LogReader:
        """One for each task: it keeps the segment that its task is in."""
        return LogReader(self._site.audit_dir)

    def _cursor(self, name: str) -> Cursor:
        return Cursor(cursor_path(self._folder, name), self._log)

    def _path(self, text: str) -> Path | None:
        return self._site.under(text) if text else None

    def _place(self, url: str, item: PublishFile | ExportFile | ShipFile) -> Place:
        return Place(url, self._path(item.ca), self._path(item.certificate))

    def _witnesses(self) -> Task:
        clients = tuple(
            WitnessClient(
                WitnessKey.parse(item.key),
                Place(item.url, self._path(item.ca), self._path(item.certificate)),
            )
            for item in self._asked.witnesses
        )
        return WitnessTask(
            self._reader(),
            clients,
            self._asked.witnesses_wanted,
            float(self._asked.publish_every),
            self._cursor("witnesses"),
            self._record,
        )

    def _publish(self, name: str, item: PublishFile) -> Task:
        return PublishTask(
            name,
            item.kind,
            self._reader(),
            self._target(item),
            bool(self._asked.witnesses),
            float(self._asked.publish_every),
            self._cursor(name),
            self._record,
        )

    def _target(self, item: PublishFile) -> Target:
        if item.file:
            return FileTarget(self._site.under(item.file))
        if item.git:
            return GitTarget(self._site.under(item.git), item.push)
        if item.paper:
            return PaperTarget(self._site.under(item.paper), self._site.language)
        return UrlTarget(self._place(item.url, item), item.method.value)

    def _sink(self, item: ExportFile) -> Sink:
        formatter = FORMATS[item.format]
        if item.file:
            return FileSink(self._site.under(item.file), formatter, item.rotate, item.keep)
        if item.url:
            return HttpSink(self._place(item.url, item), formatter)
        host, port = parse_collector(item.syslog)
        place = StreamPlace(host, port, self._path(item.ca), self._path(item.certificate))
        return SyslogSink(place, formatter)

    def _store(self, item: ShipFile) -> Store:
        if item.folder:
            return FolderStore(self._site.under(item.folder))
        scheme, _, rest = item.s3.partition("://")
        host, bucket, *prefix = rest.split("/", 2)
        return S3Store(
            self._place(f"{scheme}://{host}", item),
            bucket,
            prefix[0] if prefix else "",
            item.region,
            Credentials.load(self._path(item.credentials)),
        )
