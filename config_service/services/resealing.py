"""Brings everything that is sealed under the current key, while the service serves; may be interrupted."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from config_service.encryption import CredentialCipher, SealedValueError, key_id_of, sealed_prefix
from config_service.services.addresses import address_place
from config_service.services.arrivals import DETAIL, RAW
from config_service.services.clinic_rows import ClinicRows
from config_service.services.credential_sealing import sealed_secrets
from config_service.services.giving_way import PAGE, in_turn, pages
from config_service.services.suppressions import NOTE
from config_service.storage.clinics import ClinicRepository
from config_service.storage.database import Database
from config_service.storage.sealed_columns import COLUMNS, SealedColumn, SealedColumnRepository, SealedRow
from config_service.storage.windows import windows

_PURPOSES = {"note_sealed": NOTE, "detail_sealed": DETAIL, "raw_sealed": RAW}


@dataclass(frozen=True, slots=True)
class Progress:
    """How much was changed so far, of how much that was looked at: clinics, or rows of one place."""

    what: str
    changed: int
    seen: int


class Resealing:
    """Goes over clinics and columns; what is under the current key already is passed over."""

    def __init__(
        self, database: Database, cipher: CredentialCipher, rows: ClinicRows, clinics: ClinicRepository
    ) -> None:
        """Take the database, what seals, and the clinics."""
        self._database = database
        self._columns = SealedColumnRepository(database)
        self._cipher = cipher
        self._rows = rows
        self._clinics = clinics

    def run(self) -> Iterator[Progress]:
        """Seal everything anew and yield how far it is.

        Raise SealedValueError at the end where some values do not open: it names one, and its key.
        """
        failed: list[tuple[str, SealedValueError]] = []
        yield from self._all_clinics(failed)
        for column in COLUMNS:
            yield from self._column(column, failed)
        self._rows.empty_log()
        if failed:
            place, first = failed[0]
            raise SealedValueError(
                f"{len(failed)} places hold values that do not open, {place} among them. {first.message}",
                code=first.code,
                hint=first.hint,
            )

    def left(self) -> Counter[str]:
        """Return how many values are sealed with each key."""
        found: Counter[str] = Counter()
        for record in self._clinics.every():
            found.update(map(key_id_of, sealed_secrets(record.settings)))
        for column in COLUMNS:
            for window in windows(self._database, column.table):
                found += self._columns.key_ids(column, window)
        return found

    def _all_clinics(self, failed: list[tuple[str, SealedValueError]]) -> Iterator[Progress]:
        changed = 0
        for seen, record in enumerate(self._clinics.every(), start=1):
            try:
                changed += in_turn(self._database, partial(self._rows.reseal, record.id))
            except SealedValueError as error:
                failed.append((f"clinic {record.id}", error))
            yield Progress("clinics", changed, seen)

    def _column(self, column: SealedColumn, failed: list[tuple[str, SealedValueError]]) -> Iterator[Progress]:
        changed = seen = 0
        for window in windows(self._database, column.table):
            rows = self._columns.sealed_otherwise(column, sealed_prefix(self._cipher.key_id), window)
            for page in pages(rows, PAGE):
                done, unopened = in_turn(self._database, partial(self._page, column, page))
                changed += done
                failed += unopened
                yield Progress(f"{column.table}.{column.name}", changed, seen + len(page))
            seen += window.rows
            yield Progress(f"{column.table}.{column.name}", changed, seen)

    def _page(
        self, column: SealedColumn, page: Sequence[SealedRow]
    ) -> tuple[int, list[tuple[str, SealedValueError]]]:
        changed, failed = 0, []
        for row in page:
            place = address_place(row.bound_to) if column.bound_to else _PURPOSES[column.name]
            try:
                opened = self._cipher.open(row.value, place)
            except SealedValueError as error:
                failed.append((f"{column.table}.{column.name} of {row.id}", error))
                continue
            changed += self._columns.replace(column, row, self._cipher.seal(opened, place))
        return changed, failed
