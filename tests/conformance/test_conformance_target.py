"""The target file: what it may say, and that all its mistakes are told at once."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.bench import open_bench
from conformance.errors import TargetError
from conformance.target import (
    PLACEHOLDERS,
    TargetFile,
    ca_file_of_target,
    fill,
    fill_url,
    load_target,
)
from simulators.bundled import fixtures

TARGET = """
[target]
name = "acme"
events_url = "http://127.0.0.1:9000/events"
notify_url = "http://127.0.0.1:9000/notifications"
"""

Load = Callable[[str], TargetFile]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Reads a target file with this text."""

    def read(text: str) -> TargetFile:
        path = tmp_path / "acme.toml"
        path.write_text(text, encoding="utf-8")
        return load_target(str(path))[1]

    return read


def test_bundled_reference_loads() -> None:
    """The bundled target is found by its name, and is a target that the harness starts."""
    path, file = load_target("reference")
    assert path == fixtures() / "targets" / "reference.toml"
    assert file.target.name == "reference-provisioner"
    assert file.target.command[0] == "{python}"
    assert file.features.url == ("i_account", "id")


def test_file_is_found_by_its_path(tmp_path: Path) -> None:
    """A path names a file wherever it lies, and is given back: its folder is the working directory."""
    path = tmp_path / "acme.toml"
    path.write_text(TARGET, encoding="utf-8")
    found, file = load_target(str(path))
    assert (found, file.target.name) == (path, "acme")


def test_smallest_file_has_the_documented_defaults(load: Load) -> None:
    """Whoever says only where the target is gets what the documentation prints."""
    file = load(TARGET)
    assert file.target.command == ()
    assert (file.simulators.host, file.simulators.reading, file.simulators.success) == (
        "127.0.0.1", "lenient", "200",
    )  # fmt: skip
    assert file.features.groups == {"HSS": ("HSS",), "PCRF": ("PCRF",)}
    assert file.timeouts.model_dump() == {
        "ack": 5.0, "hang": 2.0, "silence": 8.0, "early": 0.5,
        "settle": 0.3, "converge": 15.0, "ready": 20.0, "stop": 5.0,
    }  # fmt: skip


def test_all_mistakes_are_told_at_once(load: Load) -> None:
    """Unknown keys, wrong types and values outside their set are told together, with what was given."""
    with pytest.raises(TargetError) as told:
        load(
            TARGET.replace('"acme"', "7")
            + 'colour = "red"\n[features]\nurl = ["account"]\nevent-auth = "maybe"\ngroups = {}\n'
            "[timeouts]\nready = 0\n[simulators]\nreading = 'loose'\n[extra]\n"
        )
    message = str(told.value)
    assert "acme.toml has mistakes:" in message
    for line in (
        "target.name: Input should be a valid string (given: 7)",
        "target.colour: this key is not known",
        "features.url.0: Input should be 'i_account' or 'id' (given: 'account')",
        "features.event-auth: ",
        "features.groups: ",
        "timeouts.ready: Input should be greater than 0 (given: 0)",
        "simulators.reading: Input should be 'lenient' or 'strict' (given: 'loose')",
        "extra: this key is not known",
    ):
        assert f"  - {line}" in message


def test_missing_keys_are_told(load: Load) -> None:
    """A file without its obligatory keys is told each of them."""
    with pytest.raises(TargetError) as told:
        load("[target]\n")
    assert [line.strip() for line in str(told.value).splitlines()[1:]] == [
        f"- target.{name}: this key is required" for name in ("name", "events_url", "notify_url")
    ]


def test_feature_names_are_spelt_with_hyphens(load: Load) -> None:
    """The names of features are the documented ones; Python's spelling is not known."""
    assert load(TARGET + "[features]\nevent-auth = false\n").features.event_auth is False
    with pytest.raises(TargetError, match=r"features\.event_auth: this key is not known"):
        load(TARGET + "[features]\nevent_auth = false\n")


@pytest.mark.parametrize("line", ["hang = 5.0", "ack = 9.0", "silence = 4.0", "ack = 2.0"])
def test_timeouts_out_of_order_are_refused(load: Load, line: str) -> None:
    """A hanging reply must end before the acknowledgement is due, and that before silence counts."""
    with pytest.raises(TargetError, match="hang < ack < silence is required; they are "):
        load(f"{TARGET}[timeouts]\n{line}\n")


@pytest.mark.parametrize(
    "line",
    [
        'ready_url = "{wrong}"',
        'command = ["{python}", "{wrong}"]',
        'command = ["run"]\nkill = ["kill", "{wrong}"]',
        'env = {PORT = "{wrong}"}',
    ],
)
def test_unknown_placeholder_is_refused(load: Load, line: str) -> None:
    """A misspelt placeholder is told wherever it stands, and is not passed on as it is."""
    with pytest.raises(TargetError, match="these placeholders are not known: wrong"):
        load(TARGET + line)


@pytest.mark.parametrize("line", ['ready_url = "http://127.0.0.1:{port}/"', 'env = {PORT = "{port}"}'])
def test_port_needs_a_command(load: Load, line: str) -> None:
    """The port of a target that already runs is its own, so the harness cannot fill it in."""
    with pytest.raises(TargetError, match=r"\{port\} is only known when the harness starts the target"):
        load(TARGET + line)
    assert load(f'{TARGET}{line}\ncommand = ["run"]').target.command == ("run",)


def test_missing_file_names_the_bundled_ones() -> None:
    """Whoever misspells a name reads which ones come with the harness."""
    with pytest.raises(TargetError, match=r"nowhere does not exist: .*bundled targets: .*reference"):
        load_target("nowhere")


def test_text_that_is_not_toml_is_refused(load: Load) -> None:
    """A file that is no TOML is told with its path and the place."""
    with pytest.raises(TargetError, match=r"acme\.toml cannot be read as TOML: .*line 1"):
        load("target = \nname")


def test_fill_replaces_what_is_known() -> None:
    """Each placeholder is replaced wherever it stands, and other braces stay."""
    values = {"port": "21000", "host": "127.0.0.1"}
    assert fill("http://{host}:{port}/{port}", values) == "http://127.0.0.1:21000/21000"
    assert fill('{"a": {}}', values) == '{"a": {}}'


def test_ipv6_host_is_bracketed_in_urls_alone() -> None:
    """An address needs brackets where a port follows it, and none where a program listens."""
    assert fill_url("http://{host}:{port}/", {"port": "1", "host": "::1"}) == "http://[::1]:1/"
    assert fill_url("http://{host}/", {"host": "acme.example"}) == "http://acme.example/"
    assert fill("{host}", {"host": "::1"}) == "::1"


def test_target_may_have_a_certificate_of_its_own(load: Load, tmp_path: Path) -> None:
    """Its CA file stands beside the target file, or anywhere with an absolute path."""
    file = load(f'{TARGET}ca_file = "ca.pem"\n[simulators]\ntls = true\n')

    assert (file.simulators.tls, load(TARGET).simulators.tls) == (True, False)
    assert ca_file_of_target(file, folder=tmp_path) == str(tmp_path / "ca.pem")
    assert ca_file_of_target(load(TARGET), folder=tmp_path) is None


@pytest.mark.parametrize("line", ['ca_file = "no.pem"', '[simulators]\ntls = true\nadvertise = "a b"'])
def test_certificate_that_cannot_be_is_the_target_file_s_mistake(
    load: Load, tmp_path: Path, line: str
) -> None:
    """It ends the run as any other mistake of the file does, before anything is started."""
    file = load(f'{TARGET}command = ["run"]\n{line}\n')

    with (
        pytest.raises(TargetError, match="ertificate"),
        open_bench(file, folder=tmp_path, url_form="id", report_dir=tmp_path),
    ):
        pytest.fail("a bench was opened")


def test_fill_knows_the_interpreter() -> None:
    """The harness's own interpreter needs no value."""
    assert fill("{python}", {}) == sys.executable


def test_filled_value_is_not_filled_again() -> None:
    """A value that looks like a placeholder, such as a password, stays as it is."""
    assert fill("{password}", {"password": "{port}", "port": "1"}) == "{port}"


def test_each_placeholder_can_be_used(load: Load) -> None:
    """Every name that the documentation lists is taken in a target's settings."""
    names = sorted(PLACEHOLDERS)
    env = ", ".join(f'{name} = "{{{name}}}"' for name in names)
    assert sorted(load(f'{TARGET}command = ["run"]\nenv = {{{env}}}').target.env) == names


@pytest.mark.parametrize("name", ["events_url", "notify_url", "ready_url"])
def test_address_without_a_scheme_is_refused(load: Load, name: str) -> None:
    """An address that no request could be sent to is told before anything is started."""
    lines = [line for line in TARGET.splitlines() if not line.startswith(name)]
    with pytest.raises(TargetError, match=f"target.{name}.*begins with http"):
        load("\n".join([*lines, f'{name} = "127.0.0.1:8080/x"', ""]))
