"""Settings: a wrong one fails at the start, by name, and no secret is ever shown."""

import pytest

from automation import settings
from automation.intake import OpenSource
from automation.model.errors import SettingsError
from automation.settings import LogStyle, NotionPlan, Settings, secrets_for, variables
from automation.sources.discover import discover
from automation.wiring import book_of

CANARY = "canary-4711-secret"


def test_with_nothing_set_everything_has_its_default() -> None:
    assert settings.read({"PATH": "/bin", "HOME": "/root", "AUTOMATION_LOG": ""}) == Settings()


def test_every_setting_is_read() -> None:
    found = settings.read(
        {
            "NOTION_TOKEN": CANARY,
            "NOTION_BASE_URL": "http://127.0.0.1:9000/v1",
            "NOTION_PLAN": "business",
            "NOTION_REQUESTS_PER_MINUTE": "50",
            "AUTOMATION_RULES": "some/rules",
            "AUTOMATION_DATABASE": "sqlite:////var/lib/a.db",
            "AUTOMATION_HOST": "0.0.0.0",
            "AUTOMATION_PORT": "0",
            "AUTOMATION_PUBLIC_HOSTS": "hooks.example.com, ::1",
            "AUTOMATION_LOG": "json",
            "AUTOMATION_SETTLE_SECONDS": "2.5",
        }
    )
    assert found.notion_token is not None
    assert found.notion_token.get_secret_value() == CANARY
    assert found.model_dump(exclude={"notion_token"}) == {
        "notion_base_url": "http://127.0.0.1:9000/v1",
        "notion_plan": NotionPlan.BUSINESS,
        "notion_requests_per_minute": 50,
        "rules": "some/rules",
        "database": "sqlite:////var/lib/a.db",
        "host": "0.0.0.0",
        "port": 0,
        "public_hosts": "hooks.example.com, ::1",
        "log": LogStyle.JSON,
        "settle_seconds": 2.5,
    }


@pytest.mark.parametrize(
    ("plan", "own", "budget"),
    [("free", "", 180), ("plus", "", 180), ("business", "", 600), ("enterprise", "", 600),
     ("free", "150", 150), ("business", "100000", 100_000)],
)  # fmt: skip
def test_the_budget_is_the_plans_unless_it_is_named(plan: str, own: str, budget: int) -> None:
    found = settings.read({"NOTION_PLAN": plan, "NOTION_REQUESTS_PER_MINUTE": own})
    assert found.requests_per_minute == budget


WRONG = [
    ("NOTION_TOKEN", "ntn_a b"),
    ("NOTION_TOKEN", "ntn_a\n"),
    ("NOTION_TOKEN", "ntn_\u00e9"),
    ("NOTION_BASE_URL", "api.notion.com"),
    ("NOTION_BASE_URL", "http://api.notion.com"),
    ("NOTION_BASE_URL", "http://127.0.0.1.evil.example"),
    ("NOTION_BASE_URL", "http://localhost.evil.example"),
    ("NOTION_BASE_URL", "http://127.0.0.1@evil.example"),
    ("NOTION_BASE_URL", "https://user:pass@api.notion.com"),
    ("NOTION_BASE_URL", "https://"),
    ("NOTION_BASE_URL", "https://api.notion.com?x=1"),
    ("NOTION_BASE_URL", "https://api.notion.com:99999"),
    ("NOTION_BASE_URL", "file:///etc/passwd"),
    ("NOTION_PLAN", "gold"),
    ("NOTION_REQUESTS_PER_MINUTE", "0"),
    ("NOTION_REQUESTS_PER_MINUTE", "many"),
    ("AUTOMATION_DATABASE", "sqlite:///"),
    ("AUTOMATION_DATABASE", "postgresql://localhost/a"),
    ("AUTOMATION_DATABASE", "automation.db"),
    ("AUTOMATION_PORT", "-1"),
    ("AUTOMATION_PORT", "65536"),
    ("AUTOMATION_PORT", "http"),
    ("AUTOMATION_PUBLIC_HOSTS", "https://hooks.example.com"),
    ("AUTOMATION_PUBLIC_HOSTS", "hooks.example.com/x"),
    ("AUTOMATION_LOG", "verbose"),
    ("AUTOMATION_SETTLE_SECONDS", "0"),
    ("AUTOMATION_SETTLE_SECONDS", "-1"),
    ("AUTOMATION_SETTLE_SECONDS", "inf"),
    ("AUTOMATION_SETTLE_SECONDS", "nan"),
    ("AUTOMATION_SETTLE_SECONDS", "soon"),
    ("AUTOMATION_NOTHING", "1"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_setting_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as told:
        settings.read({name: value})
    assert told.value.setting == name
    assert str(told.value).startswith(f"{name}: ")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(SettingsError) as told:
        settings.read({"AUTOMATION_PORT": "x", "NOTION_PLAN": "gold", "AUTOMATION_PROT": "1"})
    assert [line.partition(":")[0] for line in str(told.value).splitlines()] == [
        "AUTOMATION_PROT", "NOTION_PLAN", "AUTOMATION_PORT",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "near"),
    [("AUTOMATION_PROT", "AUTOMATION_PORT"), ("AUTOMATION_RULE", "AUTOMATION_RULES"),
     ("AUTOMATION_DATABSE", "AUTOMATION_DATABASE"), ("AUTOMATION_HOSTS", "AUTOMATION_HOST")],
)  # fmt: skip
def test_a_misspelt_setting_is_refused_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(SettingsError, match=f"there is no such setting; did you mean {near}\\?"):
        settings.read({name: "1"})


def test_every_setting_has_a_name_and_says_what_it_is() -> None:
    assert all(name.isupper() and about for name, _, about in variables())
    assert len({name for name, _, _ in variables()}) == len(Settings.model_fields)


def test_a_token_is_not_shown_by_what_holds_it() -> None:
    found = settings.read({"NOTION_TOKEN": CANARY})
    assert CANARY not in f"{found!r} {found} {found.model_dump_json()} {found.model_dump()}"


@pytest.mark.parametrize("value", [f"{CANARY}\n", f"{CANARY} x", f"{CANARY}\u20ac"])
def test_a_wrong_token_is_not_shown_by_the_complaint(value: str) -> None:
    with pytest.raises(SettingsError) as told:
        settings.read({"NOTION_TOKEN": value})
    assert CANARY not in f"{told.value!r} {told.value} {told.value.__cause__!r}"


# webhook secrets ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "secrets"),
    [
        ({}, ()),
        ({"S": ""}, ()),
        ({"S": "new"}, (b"new",)),
        ({"S": "new", "S_PREVIOUS": "old"}, (b"new", b"old")),
        ({"S": "new", "S_PREVIOUS": ""}, (b"new",)),
        ({"S": "", "S_PREVIOUS": "old"}, ()),
        ({"S": "caf\udce9"}, (b"caf\xe9",)),
        ({"S": "caf\u00e9"}, ("caf\u00e9".encode(),)),
    ],
)
def test_a_source_is_closed_without_a_secret_and_knows_two_while_it_is_changed(
    environ: dict[str, str], secrets: tuple[bytes, ...]
) -> None:
    assert secrets_for("S", environ) == secrets


def test_secrets_are_not_shown_by_what_holds_them() -> None:
    environ = {one.secret_variable: CANARY for one in discover().values()}
    book = book_of(environ)
    for name, opened in book.all().items():
        assert opened.secrets == (CANARY.encode(),), name
        assert CANARY not in repr(opened)
    assert CANARY not in repr(OpenSource(source=discover()["github"], secrets=(CANARY.encode(),)))
