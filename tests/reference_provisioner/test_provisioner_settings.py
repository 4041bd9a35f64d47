"""The provisioner's settings: one field per variable, and every mistake named at once."""

import os
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from reference_provisioner.__main__ import main
from reference_provisioner.errors import StartError
from reference_provisioner.settings import read_settings

REQUIRED = {
    "PORT": "17900",
    "PORTABILLING_URL": "http://127.0.0.1:17001/",
    "OMS_URL": "http://127.0.0.1:17002",
    "LOGIN": "provisioner",
    "PASSWORD": "offline-only",
    "OMS_TOKEN": "offline-oms",
    "EVENT_USER": "espf",
    "EVENT_PASSWORD": "offline-events",
    "NOTIFY_URL": "http://127.0.0.1:17900/notifications",
    "DATABASE": "provisioner.sqlite",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Give the test an environment that holds nothing but the required variables."""
    for name in os.environ:
        if not name.startswith("PYTEST_"):
            monkeypatch.delenv(name)
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("var/state.sqlite", "sqlite:///var/state.sqlite"),
        ("sqlite:////var/state.sqlite", "sqlite:////var/state.sqlite"),
        ("postgres://me:s3cret@db/state", "postgresql+psycopg://me:***@db/state"),
        ("postgresql:///state?host=/run/postgresql", "postgresql+psycopg:///state?host=%2Frun%2Fpostgresql"),
    ],
)
def test_a_database_is_a_file_or_a_url(environment: pytest.MonkeyPatch, text: str, meant: str) -> None:
    """A name without a scheme is a file, and PostgreSQL's URLs are taken as everybody writes them."""
    environment.setenv("DATABASE", text)
    assert read_settings().database.render_as_string() == meant


def test_event_types_are_mapped_to_actions(environment: pytest.MonkeyPatch) -> None:
    """Each of the three lists may be replaced; by default both vocabularies are spoken."""
    assert sorted(read_settings().actions) == [
        "Account/New", "Account/Product/Changed", "Account/Status/Closed",
        "Subscriber/Created", "Subscriber/Deleted", "Subscriber/Updated",
    ]  # fmt: skip
    environment.setenv("MODIFY_EVENTS", "Account/ID/Changed, SIM/Updated")
    actions = read_settings().actions
    assert (actions["SIM/Updated"], actions["Account/New"]) == ("modify", "activate")
    assert "Subscriber/Updated" not in actions


def test_an_instance_has_a_name_that_outlives_it(environment: pytest.MonkeyPatch) -> None:
    """Started again, it is named by its host and port as before, unless it was given a name."""
    assert read_settings().owner == f"{socket.gethostname()}:17900"
    environment.setenv("INSTANCE", "blue")
    assert read_settings().owner == "blue"


@pytest.mark.usefixtures("environment")
def test_the_optional_settings_have_the_documented_defaults() -> None:
    """What need not be set has its default, and the ESPF lives where PortaBilling does."""
    settings = read_settings()
    assert (settings.host, settings.url_form, settings.body_form) == ("127.0.0.1", "i_account", "form")
    assert settings.services == ("HSS", "PCRF")
    assert settings.espf_base == "http://127.0.0.1:17001"
    assert (settings.retry_base_seconds, settings.retry_cap_seconds, settings.http_timeout_seconds) == (
        1,
        60,
        10,
    )


def test_services_are_a_list_with_commas(environment: pytest.MonkeyPatch) -> None:
    """Blanks around a service's name do not belong to it."""
    environment.setenv("SERVICES", "HSS, IPTV")
    assert read_settings().services == ("HSS", "IPTV")


def test_every_mistake_is_named_at_once(environment: pytest.MonkeyPatch) -> None:
    """One message names each wrong or missing variable, and quotes no value."""
    environment.delenv("LOGIN")
    environment.setenv("RETRY_BASE_SECONDS", "5")
    wrong = {
        "PORT": "harbour",
        "DATABASE": "mysql://localhost/x",
        "MODIFY_EVENTS": "Account/New",
        "DEACTIVATE_EVENTS": "Account",
        "ESPF_URL": "http://espf:port",
        "PASSWORD": "",
        "OMS_URL": "ftp://oms",
        "URL_FORM": "both",
        "SERVICES": "HSS,HSS",
        "RETRY_CAP_SECONDS": "1",
        "LEASE_SECONDS": "-1",
        "CA_FILE": "/nowhere/ca.pem",
    }
    for name, value in wrong.items():
        environment.setenv(name, value)
    with pytest.raises(StartError) as caught:
        read_settings()
    complaints = str(caught.value).splitlines()[1:]
    assert {line.split(":")[0].strip() for line in complaints} == {"LOGIN", *wrong}
    assert "harbour" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("PORTABILLING_URL", "http://me:s3cret@billing", "without a user"),
        ("OMS_URL", "http://oms/?key=s3cret", "a query"),
        ("NOTIFY_URL", "http://us/notifications#s3cret", "a fragment"),
        ("OMS_TOKEN", "s3crét", "visible ASCII"),
        ("OMS_TOKEN", "s3cret\n", "visible ASCII"),
        ("EVENT_USER", "s3:cret", "without a colon"),
        ("CA_FILE", __file__, "a PEM file"),
        ("DATABASE", ":memory:", "should be a file"),
        ("DATABASE", "postgresql://me:s3cret@db:port/state", "should be a file"),
        ("MODIFY_EVENTS", "s3cret", "as in Account/New"),
    ],
)
def test_what_could_never_work_is_told_at_the_start(
    environment: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    """A value that no request or database could be made of is refused by name, and not quoted."""
    environment.setenv(name, value)
    with pytest.raises(StartError) as caught:
        read_settings()
    (line,) = str(caught.value).splitlines()[1:]
    assert line.startswith(f"  {name}: Input should")
    assert complaint in line
    assert "s3cr" not in line


def test_a_mistake_in_many_names_is_told_once(environment: pytest.MonkeyPatch) -> None:
    """Names of one list that share a mistake make one line."""
    environment.setenv("ACTIVATE_EVENTS", "Account,Subscriber,,New")
    with pytest.raises(StartError) as caught:
        read_settings()
    assert str(caught.value).count("ACTIVATE_EVENTS") == 1


def test_secrets_are_masked_when_settings_are_printed(environment: pytest.MonkeyPatch) -> None:
    """No printed settings show a password or a token."""
    environment.setenv("PASSWORD", "s3cret")
    assert "s3cret" not in repr(read_settings())
    assert "offline-oms" not in repr(read_settings())
    environment.setenv("DATABASE", "postgresql://me:s3cret@db/state")
    assert "s3cret" not in repr(read_settings())


def test_a_wrong_environment_ends_the_command_with_code_4(environment: pytest.MonkeyPatch) -> None:
    """The command says what is wrong, without a traceback, and exits 4."""
    environment.delenv("DATABASE")
    result = CliRunner().invoke(main)
    assert result.exit_code == 4
    assert "DATABASE: It is missing." in result.stderr
    assert "Traceback" not in result.output


def test_a_database_that_is_none_ends_the_command_with_code_4(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file that is not a database is said to be none, and is left as it is."""
    file = tmp_path / "notes.txt"
    file.write_text("These are notes, and they are longer than the header of a database.\n" * 3)
    environment.setenv("DATABASE", str(file))
    result = CliRunner().invoke(main)
    assert result.exit_code == 4
    assert "file is not a database" in result.stderr
    assert file.read_text().startswith("These are notes")


def test_a_database_of_another_edition_ends_the_command_with_code_4(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Tables of the same name with other columns are left as they are, and said to be another edition's."""
    file = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE events (i_event INTEGER PRIMARY KEY)")
    environment.setenv("DATABASE", str(file))
    result = CliRunner().invoke(main)
    assert result.exit_code == 4
    assert "another edition" in result.stderr


def test_a_server_that_is_away_ends_the_command_with_code_4(environment: pytest.MonkeyPatch) -> None:
    """PostgreSQL that does not answer is told in a sentence without the password."""
    environment.setenv("DATABASE", "postgresql://me:s3cret@127.0.0.1:1/state")
    result = CliRunner().invoke(main)
    assert result.exit_code == 4
    assert "postgresql://me:***@127.0.0.1:1/state" in result.stderr
    assert "s3cret" not in result.output
    assert "Traceback" not in result.output
