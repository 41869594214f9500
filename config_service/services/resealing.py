"""Brings everything that is sealed under the current key, while the service serves; may be interrupted."""

from collections.abc import Iterator
from dataclasses import dataclass

from config_service.encryption import CredentialCipher, SealedValueError, sealed_prefix
from config_service.services.addresses import address_place
from config_service.services.arrivals import DETAIL, RAW
from config_service.services.clinic_rows import ClinicRows
from config_service.services.suppressions import NOTE
from config_service.storage.database import Database
from config_service.storage.sealed_columns import COLUMNS, SealedColumn, SealedColumnRepository, SealedRow

_PURPOSES = {"note_sealed": NOTE, "detail_sealed": DETAIL, "raw_sealed": RAW}


@dataclass(frozen=True, slots=True)
class Progress:
    """What was sealed anew so far: of clinics, or of one column."""

    what: str
    count: int


class Resealing:
    """Goes over clinics and columns; what is under the current key already is passed over."""

    def __init__(self, database: Database, cipher: CredentialCipher, rows: ClinicRows) -> None:
        """Take the database, what seals, and the clinics' rows."""
        self._database = database
        self._columns = SealedColumnRepository(database)
        self._cipher = cipher
        self._rows = rows
        self._failed: list[str] = []

    def run(self) -> Iterator[Progress]:
        """Seal everything anew and yield how far it is.

        Raise SealedValueError at the end where some values do not open: it names where they stand.
        """
        self._failed = []
        for count, _ in enumerate(self._clinics(), start=1):
            yield Progress("clinics", count)
        for column in COLUMNS:
            count = 0
            for page in self._columns.pages(column, sealed_prefix(self._cipher.key_id)):
                count += self._page(column, page)
                yield Progress(f"{column.table}.{column.name}", count)
        self._rows.empty_log()
        if self._failed:
            raise SealedValueError(
                f"{len(self._failed)} places hold values that do not open, {self._failed[0]} among them.",
                hint="Keep the older keys in CREDENTIALS_KEYS, or enter the credentials again.",
            )

    def _clinics(self) -> Iterator[str]:
        try:
            yield from self._rows.reseal()
        except SealedValueError as error:
            self._failed.append(error.message)

    def _page(self, column: SealedColumn, page: list[SealedRow]) -> int:
        count = 0
        with self._database.transaction():
            for row in page:
                place = address_place(row.bound_to) if column.bound_to else _PURPOSES[column.name]
                try:
                    opened = self._cipher.open(row.value, place)
                except SealedValueError:
                    self._failed.append(f"{column.table}.{column.name} of {row.id}")
                    continue
                self._columns.replace(column, row, self._cipher.seal(opened, place))
                count += 1
        return count
