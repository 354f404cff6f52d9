"""The webhook against a server that keeps Discord's limits, and the secrecy of its address."""

import logging

import pytest
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st

from actors.adapters.notify.discord import (
    EMBEDS_MAX,
    BadWebhook,
    Discord,
    embed_of,
    fitting,
    judged,
    webhook_of,
)
from actors.adapters.notify.port import Refused, RetryAfter, Sent, Unreachable
from actors.core.notices.notice import Notice, Severity
from protocol.watch_settings import NotifySettings
from tests.actors.core.notices.test_notice import NOTICES
from tests.venues.discord import CUT, HANG, TOKEN, DiscordServer, Step, faults_of, too_fast

GOOD = f"https://discord.com/api/webhooks/1/{TOKEN}"


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with DiscordServer() as found:
        yield found


def note(title="t", **fields):
    values = {"severity": Severity.INFO, "code": "X", "title": title, "ts_ns": 0}
    return Notice(**(values | fields))


def message_of(notices):
    return {"embeds": fitting(notices), "allowed_mentions": {"parse": []}}


def test_a_notice_arrives_with_its_words_colour_and_code(server):
    fields = (("entry", "5000.25"), ("", ""))
    critical = note("No trades", severity=Severity.CRITICAL, lines=("a", "b"), fields=fields)
    assert Discord(server.url, 5.0).send([critical]) == Sent(1)
    (message,) = server.messages
    (embed,) = message["embeds"]
    assert embed["title"] == "CRITICAL: No trades"
    assert (embed["description"], embed["footer"]["text"]) == ("a\nb", "X")
    assert embed["color"] == 0xC62828
    assert embed["fields"][0]["value"] == "5000.25"
    assert message["allowed_mentions"] == {"parse": []}


def test_several_notices_share_a_message_up_to_ten(server):
    assert Discord(server.url, 5.0).send([note(str(n)) for n in range(12)]) == Sent(10)
    assert server.titles == [f"INFO: {n}" for n in range(10)]


def test_marks_and_mentions_are_taken_literally():
    embed = embed_of(note("*a* _b_ `c` ||d|| <@1> [x](y)", lines=("# @everyone",)))
    assert embed["title"] == r"INFO: \*a\* \_b\_ \`c\` \|\|d\|\| \<\@1\> \[x\]\(y\)"
    assert embed["description"] == r"\# \@everyone"


def test_a_text_is_cut_at_its_limit_and_never_within_a_mark_or_a_character():
    assert len(embed_of(note("a" * 249))["title"]) == 255
    assert embed_of(note("a" * 250))["title"] == "INFO: " + "a" * 250
    assert embed_of(note("a" * 251))["title"] == "INFO: " + "a" * 249 + "\u2026"
    cut = embed_of(note("*" * 251))["title"]
    assert cut == "INFO: " + r"\*" * 124 + "\u2026"
    assert len(embed_of(note("\U0001f600" * 200))["title"].encode("utf-16-le")) // 2 <= 256


WILD = st.text(st.sampled_from("a*_@<\n \x00\U0001f600"), max_size=50).map(lambda t: t * 120)
WIDE = st.builds(
    note,
    title=WILD,
    lines=st.lists(WILD, max_size=4).map(tuple),
    fields=st.lists(st.tuples(WILD, WILD), max_size=30).map(tuple),
)


@trying(max_examples=60)
@given(st.lists(WIDE | NOTICES, min_size=1, max_size=14))
def test_no_words_make_a_message_that_is_beyond_a_limit(notices):
    message = message_of(notices)
    assert faults_of(message) == []
    assert 1 <= len(message["embeds"]) <= min(EMBEDS_MAX, len(notices))


def test_a_message_takes_as_many_notices_as_fit_and_not_one_less():
    # Title and code are 8 characters, so three of these are 6,000 exactly.
    exact, more = (note("t", lines=("x" * length,)) for length in (1_992, 1_993))
    assert len(fitting([exact] * 4)) == 3
    assert len(fitting([exact, exact, more])) == 2


@pytest.mark.parametrize(
    ("step", "wanted"),
    [
        (Step(200), Sent(1)), (Step(204), Sent(1)),
        (Step(400), Refused(1, "400: the message is not accepted", gone=False)),
        (Step(401), Refused(1, "401: the webhook's token is wrong", gone=True)),
        (Step(404), Refused(1, "404: the webhook was deleted", gone=True)),
        (too_fast(0.64), RetryAfter(0.64)), (too_fast(7, in_body=False), RetryAfter(7.0)),
        (Step(429), RetryAfter(5.0)), (Step(429, {}, {"Retry-After": "soon"}), RetryAfter(5.0)),
        (Step(429, {"retry_after": None}), RetryAfter(5.0)),
        (Step(500), Unreachable("answer 500")), (Step(503), Unreachable("answer 503")),
    ],
    ids=lambda value: str(getattr(value, "what", value)),
)  # fmt: skip
def test_each_answer_is_what_discord_means_by_it(server, step, wanted):
    server.steps.append(step)
    assert Discord(server.url, 5.0).send([note()]) == wanted
    assert server.tried == 1  # Nothing is repeated behind our back.


def test_a_webhook_that_hangs_is_left_after_the_time_out(server):
    server.steps.append(Step(HANG))
    assert Discord(server.url, 0.2).send([note()]) == Unreachable("ReadTimeout")


def test_an_answer_that_breaks_off_is_no_answer(server):
    server.steps.append(Step(CUT))
    assert isinstance(Discord(server.url, 1.0).send([note()]), Unreachable)


def test_nobody_there_is_unreachable(server):
    gone = server.url.replace(server.url.split(":")[2].split("/")[0], "1")
    assert Discord(gone, 1.0).send([note()]) == Unreachable("ConnectionError")


def test_an_unknown_webhook_is_gone_and_a_request_time_out_is_not(server):
    assert Discord(server.url + "x", 5.0).send([note()]).gone
    assert judged(408, {}, b"", 1) == Unreachable("answer 408")


def test_the_address_is_shown_nowhere(server, caplog):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.DEBUG)
    server.steps += [Step(400), Step(500), Step(HANG), Step(CUT), too_fast(1.0)]
    discord = Discord(server.url, 0.2)
    answers = [discord.send([note()]) for _ in range(6)]
    shown = [repr(discord), str(discord), repr(answers), caplog.text]
    shown += [repr(NotifySettings(discord_webhook=GOOD))]
    assert [text for text in shown if TOKEN in text] == []


@pytest.mark.parametrize(
    "url",
    [f"http://discord.com/api/webhooks/1/{TOKEN}", f"ftp://x/api/webhooks/1/{TOKEN}", TOKEN,
     f"https:///api/webhooks/{TOKEN}", f"https://[x/api/webhooks/{TOKEN}", f"https://x/{TOKEN}"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_without_being_shown(url):
    for refuse in (lambda: Discord(url, 1.0),
                   lambda: webhook_of(NotifySettings(discord_webhook=url))):  # fmt: skip
        with pytest.raises(BadWebhook) as refusal:
            refuse()
        assert TOKEN not in str(refusal.value)
        assert refusal.value.__cause__ is None


def test_the_address_comes_from_the_settings_or_from_a_file_that_only_the_owner_reads(tmp_path):
    path = tmp_path / "webhook"
    path.write_text(f"{GOOD}\n")
    path.chmod(0o600)
    of_file = NotifySettings(discord_webhook_file=str(path))
    assert webhook_of(of_file) == webhook_of(NotifySettings(discord_webhook=GOOD)) == GOOD
    assert webhook_of(NotifySettings()) == ""
    for mode in (0o640, 0o604, 0o644):
        path.chmod(mode)
        with pytest.raises(BadWebhook, match=f"mode {mode:o}, wanted 600"):
            webhook_of(of_file)


def test_a_file_without_an_address_and_two_sources_are_refused(tmp_path):
    path = tmp_path / "webhook"
    with pytest.raises(BadWebhook, match="No such file"):
        webhook_of(NotifySettings(discord_webhook_file=str(path)))
    path.touch(mode=0o600)
    with pytest.raises(BadWebhook, match="holds 0 bytes"):
        webhook_of(NotifySettings(discord_webhook_file=str(path)))
    with pytest.raises(BadWebhook, match="wanted one"):
        webhook_of(NotifySettings(discord_webhook=GOOD, discord_webhook_file=str(path)))
