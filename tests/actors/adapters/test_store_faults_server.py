"""What goes wrong with a store on a server: it, its line, its rights or its address fails."""

import signal
from time import monotonic

import psycopg
import pytest

from actors.adapters import postgres
from protocol.settings import Settings, StoreSettings
from tests.actors.adapters.stores import StorePlace, cut, fault, many, refuses_what_follows, run
from tests.venues.postgres import DATABASE, PASSWORD


def test_a_server_that_loses_power_keeps_what_it_confirmed(server, postgres_server):
    journal = server.journal()
    journal.append(many(2), {"risk": 1})
    postgres_server.stop(signal.SIGQUIT)
    try:
        with fault("gone", "an answer"):
            journal.append(many(1, 3), {"risk": 2})
        refuses_what_follows(journal)
        server.close()
    finally:
        postgres_server.start()
    again = server.journal()
    assert (list(again.load()), again.positions()) == (many(2), {"risk": 1})
    again.append(many(1, 3), {"risk": 2})
    assert list(server.journal().load()) == many(3)


def test_a_server_that_is_not_there_is_a_fault(server, postgres_server, monkeypatch):
    monkeypatch.setattr(postgres, "PATIENCE_S", 0.2)
    postgres_server.stop()
    try:
        with fault("store of desk on the server", "gone", "tries again"):
            server.journal()
    finally:
        postgres_server.start()


def test_a_write_whose_answer_was_lost_is_there_and_is_not_written_twice(far, server, line):
    journal = far.journal()
    journal.append(many(1), {"risk": 1})
    line.deaf_after = b"market.cut"
    with fault("gone", "an answer"):
        journal.append(many(2, 2), {"risk": 2})
    refuses_what_follows(journal)
    again = server.journal(wait_s=2.0)  # A server notices in a moment that the line was cut.
    assert (list(again.load()), again.positions()) == (many(3), {"risk": 2})


def test_a_line_cut_before_the_write_leaves_nothing(far, server, line):
    journal = far.journal()
    journal.append(many(1), {"risk": 1})
    line.cut()
    with fault("gone"):
        journal.append(many(2, 2), {"risk": 2})
    refuses_what_follows(journal)
    assert list(server.journal(wait_s=2.0).load()) == many(1)


def test_books_whose_answer_was_lost_are_all_there_or_not_at_all(far, server, line):
    books = far.books()
    line.deaf_after = b"COMMIT"
    for seq in range(1, 6):
        books.add("bars", seq, cut(seq))
    with fault("gone"):
        books.commit()
    line.deaf_after = None
    again = server.books()
    assert again.positions() == {"bars": 5}
    assert list(again.entries("bars")) == many(5)


def test_a_server_that_does_not_answer_is_a_fault_in_time(far, line):
    journal = far.journal(wait_s=0.2)
    journal.append(many(1), {})
    line.silent.set()
    began = monotonic()
    with fault("does not answer", "timeout"):
        journal.append(many(1, 2), {})
    refuses_what_follows(journal)
    far.close()
    assert monotonic() - began < 3.0
    line.silent.clear()


def test_a_table_that_somebody_locks_is_a_fault_in_time(server, postgres_server):
    journal = server.journal(wait_s=0.2)
    journal.append(many(1), {})
    with psycopg.connect(postgres_server.url()) as other:
        other.execute(f"LOCK TABLE {server.schema}.desk_facts IN ACCESS EXCLUSIVE MODE")
        with fault("too slow", "57014"):
            journal.append(many(1, 2), {})
        other.rollback()
    assert list(server.journal().load()) == many(1)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("53100", ("no room", "53100", "Free disk")),
        ("25006", ("only reads", "primary")),
        ("58030", ("disk fails",)),
        ("XX001", ("damaged", "backup")),
        ("0A000", ("the server refuses", "Look the reason up")),
    ],
)
def test_what_a_server_says_is_said_in_our_words(server, state, words):
    journal = server.journal()
    run(
        server,
        "desk",
        f"CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'as you wish'"
        f" USING ERRCODE = '{state}'; END $$ LANGUAGE plpgsql",
        "CREATE TRIGGER refuse BEFORE INSERT ON desk_facts FOR EACH ROW EXECUTE FUNCTION refuse()",
    )
    with fault("as you wish", *words):
        journal.append(many(2), {})
    refuses_what_follows(journal)


def test_a_server_that_may_forget_is_refused(server, postgres_server):
    postgres_server.run("ALTER SYSTEM SET full_page_writes = off")
    postgres_server.run("SELECT pg_reload_conf()")
    try:
        for _ in range(100):  # It takes a moment, and no longer than a journey or two.
            if postgres_server.run("SHOW full_page_writes") == [("off",)]:
                break
        with fault("full_page_writes = off", "power cut", "postgresql.conf"):
            server.journal()
    finally:
        postgres_server.run("ALTER SYSTEM RESET full_page_writes")
        postgres_server.run("SELECT pg_reload_conf()")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (PASSWORD, f"x{PASSWORD}", ("does not let us in", "user and password")),
        (f"/{DATABASE}", "/nowhere", ("no such database", "Make it")),
        (f":{PASSWORD}", f":{PASSWORD}@{PASSWORD}", ("address cannot be used", "%40")),
        (f":{PASSWORD}", f":{PASSWORD}/{PASSWORD}", ("address cannot be used", "%2F")),
        ("127.0.0.1", f"127.0.0.1:{PASSWORD}", ("address cannot be used",)),
        (f"/{DATABASE}", f"/{DATABASE}?password={PASSWORD}", ("address cannot be used",)),
        ("postgresql", "mysql", ("address cannot be used", "postgresql://")),
    ],
)
def test_an_address_that_leads_nowhere_is_said_and_not_shown(server, old, new, words):
    wrong = StorePlace(server.url.replace(old, new, 1), server.directory)
    with fault("store of desk on the server", *words):
        wrong.journal()


def test_a_run_whose_schema_is_not_on_the_server_does_not_begin_anew(server):
    (server.directory / "store.schema").write_text("fw_run_elsewhere\n")
    with fault("fw_run_elsewhere is not on it", "store.schema", "broker flat"):
        server.journal()


def test_whoever_may_not_make_a_schema_is_told_which_right_is_missing(server, postgres_server):
    postgres_server.run("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    try:
        guest = server.url.replace(f"floor:{PASSWORD}", "guest:guest")
        with fault("a right is missing", "42501", "GRANT CREATE"):
            StorePlace(guest, server.directory).journal()
        assert list(server.directory.iterdir()) == []
    finally:
        postgres_server.run("DROP ROLE guest")


def test_an_address_is_in_no_printed_record():
    shown = repr(Settings(store=StoreSettings(url=f"postgresql://a:{PASSWORD}@b/c")))
    assert PASSWORD not in shown
