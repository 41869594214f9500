"""Lines of CSV that a spreadsheet may open."""

import csv
import io
from collections.abc import Iterable

# A spreadsheet runs a cell that begins so as a formula; a local part or a name may begin so as well.
# https://owasp.org/www-community/attacks/CSV_Injection
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_line(values: Iterable[str]) -> str:
    """Return one line; a cell that would be a formula begins with an apostrophe."""
    out = io.StringIO()
    csv.writer(out).writerow([f"'{value}" if value.startswith(FORMULA) else value for value in values])
    return out.getvalue()
