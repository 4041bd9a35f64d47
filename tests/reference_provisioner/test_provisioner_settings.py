"""The provisioner's settings: one field per variable, and every mistake named at once."""

import os
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
    wrong = {
        "PORT": "harbour",
        "PASSWORD": "",
        "OMS_URL": "ftp://oms",
        "URL_FORM": "both",
        "SERVICES": "HSS,HSS",
        "RETRY_BASE_SECONDS": "-1",
        "CA_FILE": "/nowhere/ca.pem",
    }
    for name, value in wrong.items():
        environment.setenv(name, value)
    with pytest.raises(StartError) as caught:
        read_settings()
    complaints = str(caught.value).splitlines()[1:]
    assert {line.split(":")[0].strip() for line in complaints} == {"LOGIN", *wrong}
    assert "harbour" not in str(caught.value)


def test_secrets_are_masked_when_settings_are_printed(environment: pytest.MonkeyPatch) -> None:
    """No printed settings show a password or a token."""
    environment.setenv("PASSWORD", "s3cret")
    assert "s3cret" not in repr(read_settings())
    assert "offline-oms" not in repr(read_settings())


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
    assert "cannot be used" in result.stderr
    assert file.read_text().startswith("These are notes")
