"""The arena's ranking as text files."""

import csv
import io
import json
import re

from longplay.pages.arena.referee import Referee

RANKING_COLUMNS = ("name", "id", "score", "mu", "sigma", "votes", "wins", "confidence", "present")


def export_json(referee: Referee) -> str:
    """Return the ranking, the clips and all votes as JSON."""
    return json.dumps(referee.export(), indent=2) + "\n"


def export_csv(referee: Referee) -> str:
    """Return the ranking as comma-separated values.

    A quote precedes each name that a spreadsheet could evaluate as a formula, after it has dropped leading characters.
    """
    text = io.StringIO()
    table = csv.DictWriter(text, RANKING_COLUMNS, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    table.writeheader()
    for row in referee.ranking():
        table.writerow(row | {"name": re.sub(r"^(?=[\s=+\-@])", "'", row["name"])})
    return text.getvalue()
