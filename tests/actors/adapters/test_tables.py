"""Statements are learnt by way of a child, and what makes them stays there."""

import subprocess
import sys

from actors.adapters.sql import POSTGRESQL, SQLITE
from actors.adapters.tables import BOOKS, tables_of
from tests.system.running import ROOT


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_who_has_learnt_the_tables_has_not_loaded_what_makes_them(tmp_path):
    program = (
        "import sys; from actors.adapters import open, store, tables; open.prepare();"
        f"store.SqlJournal(store.database_for('', {str(tmp_path)!r}, 'desk'), 'desk').close();"
        f"store.SqlBooks(store.database_for('', {str(tmp_path)!r}, 'books')).close();"
        "print([name for name in ('sqlalchemy', 'sqlmodel') if name in sys.modules])"
    )
    assert run(program) == "[]"
    assert {path.name for path in tmp_path.glob("*.sqlite")} == {"desk.sqlite", "books.sqlite"}


def test_what_was_learnt_is_what_would_have_been_made():
    program = (
        "from actors.adapters import open, tables; open.prepare();"
        "print(tables.tables_of('desk', 'sqlite'), tables.tables_of('books', 'sqlite'))"
    )
    assert run(program) == f"{tables_of('desk', SQLITE)} {tables_of(BOOKS, SQLITE)}"


def test_each_dialect_has_statements_of_its_own():
    file, server = tables_of("desk", SQLITE), tables_of("desk", POSTGRESQL)
    assert file.inserts["desk_facts"].statement.count("?") == 6
    assert "unnest(%b::BIGINT[]" in server.inserts["desk_facts"].statement
    assert file.makes.keys() == server.makes.keys() == {"desk_facts", "desk_versions"}
