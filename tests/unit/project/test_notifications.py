"""`notify:` of headrace.yaml and of pipeline.yaml: what is read, and what is said of what cannot be."""

from __future__ import annotations

import pytest

from headrace.project.notifications import effective_notify, unknown_channels
from headrace.project.reader import read_pipeline
from headrace.project.settings import Settings, read_settings
from headrace.protocol.notifications import Notify

CHANNELS = """\
notify:
  team: slack://${SLACK_TOKEN}/#data
  mail:
    url: mailtos://me:${MAIL_PASSWORD}@smtp.example.org?to=data@example.org
    events: [failure, recovery]
    private: true
  hook: ${HOOK_URL}
"""


def said(settings: Settings) -> list[str]:
    return [f"{one.line}:{one.column}: {one.message}" for one in settings.problems]


def test_channels_are_urls_or_maps() -> None:
    settings = read_settings(CHANNELS)
    assert said(settings) == []
    team, mail, hook = settings.notify.values()
    assert (team.name, team.service, team.variables, team.private) == (
        "team",
        "slack",
        ("SLACK_TOKEN",),
        False,
    )
    assert (mail.service, mail.events, mail.private, mail.line) == (
        "mailtos",
        ("failure", "recovery"),
        True,
        3,
    )
    assert hook.service == "${HOOK_URL}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("notify: slack", "1:8: `notify:` must be a map"),
        ("notify:\n  Team: slack://x", "2:2: 'Team' cannot name a channel"),
        ("notify:\n  team: [a]", "2:8: Channel 'team' needs a URL"),
        ("notify:\n  team: {events: [failure]}", "2:8: Channel 'team' needs a URL"),
        ("notify:\n  team: slack.com/x", "2:8: The URL of channel 'team' must begin with a service"),
        ("notify:\n  mail: mailto://me:hunter2@example.org", "2:8: The URL of channel 'mail' holds a password"),
        ("notify:\n  me: dbus://", "2:6: Channel 'me' would tell the server's own screen"),
        ("notify:\n  team: {url: slack://x, events: [failed]}", "2:34: 'failed' is no event"),
        ("notify:\n  team: {url: slack://x, event: [failure]}", "2:25: 'event' is no key of a channel"),
        ("public_url: headrace.example.org", "1:12: `public_url:` must begin with http:// or https://"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place_and_without_a_secret(text: str, problem: str) -> None:
    [found] = said(read_settings(text))
    assert found.startswith(problem)
    assert "hunter2" not in found


def read(text: str) -> tuple[Notify | None, list[str]]:
    pipeline = read_pipeline("p", f"blocks: []\n{text}")
    return pipeline.notify, [f"{one.line}:{one.column}: {one.message}" for one in pipeline.problems]


def test_a_pipeline_says_who_is_told() -> None:
    notify, problems = read(
        "notify: {failure: [team, mail], recovery: team, late: [mail], late_after: 2h}"
    )
    assert problems == []
    assert notify == Notify(
        failure=["team", "mail"], recovery=["team"], late=["mail"], late_after_s=7200, line=2
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("notify: [team]", "2:8: `notify:` must be a map"),
        ("notify: {fail: [team]}", "2:9: 'fail' is no key of `notify:`"),
        ("notify: {failure: {team: 1}}", "2:18: `failure:` must be a list"),
        ("notify: {late: [team]}", "2:15: `late:` needs `late_after:`"),
        ("notify: {late_after: soon}", "2:21: 'soon' is not a duration"),
    ],
)
def test_a_wrong_notify_is_said_with_its_place(text: str, problem: str) -> None:
    _, [found] = read(text)
    assert found.startswith(problem)


def test_a_pipeline_without_a_word_is_told_of_where_channels_ask_for_it() -> None:
    channels = read_settings(CHANNELS).notify
    assert effective_notify(None, channels) == Notify(failure=["mail"], recovery=["mail"])
    assert effective_notify(read("notify: {}")[0], channels) == Notify(line=2)
    assert effective_notify(read("notify:")[0], channels) == Notify(), "an empty one tells nobody"


def test_a_channel_that_headrace_yaml_does_not_name_is_said() -> None:
    channels = read_settings(CHANNELS).notify
    [problem] = unknown_channels("p", read("notify: {failure: [teem, mail]}")[0], channels)
    assert (problem.file, problem.line) == ("pipelines/p/pipeline.yaml", 2)
    assert "'teem'" in problem.message
    assert "hook, mail, team" in problem.message
