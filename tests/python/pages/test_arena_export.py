"""A spreadsheet can open the arena's exports."""

import csv
import io

import pytest

pytest.importorskip("starlette", reason="the extra [arena] is not installed")

from longplay.pages.arena.export import export_csv


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n=", " =", " \t@", "\u00a0="])
def test_a_name_in_the_csv_export_is_never_a_formula(start):
    class Named:
        def ranking(self):
            return [{"name": f"{start}1+1"}, {"name": "a =1\r=1"}]

    first, second = csv.DictReader(io.StringIO(export_csv(Named()), newline=""))
    assert (first["name"], second["name"]) == (f"'{start}1+1", "a =1\r=1")
