"""Settings are read once, and a bad one is named in one line."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.errors import SettingsError
from shared.settings import CommonSettings, SettingsReader, environment

TOPICS = ("arn:aws:sns:us-east-1:123456789012:a", "arn:aws-cn:sns:cn-north-1:123456789012:b")


def test_nothing_set_is_development() -> None:
    assert SettingsReader({}).common() == CommonSettings(
        production=False, log_level="INFO", shared_topic_arns=()
    )


def test_what_is_set_is_read() -> None:
    variables = {
        "APP_ENV": "production",
        "LOG_LEVEL": "DEBUG",
        "AWS_SNS_TOPIC_ARN": f" {TOPICS[0]} ,, {TOPICS[1]},",
    }
    assert SettingsReader(variables).common() == CommonSettings(
        production=True, log_level="DEBUG", shared_topic_arns=TOPICS
    )


@pytest.mark.parametrize("empty", ["", "   "])
def test_an_empty_value_counts_as_none(empty: str) -> None:
    reader = SettingsReader({"APP_ENV": empty, "X": empty})
    assert reader.text("X", "default") == "default"
    assert reader.text("X") is None
    assert reader.items("X") == ()


def _raise(message: str) -> Callable[[str], Any]:
    def parse(_: str) -> Any:
        raise ValueError(message)

    return parse


@pytest.mark.parametrize(
    ("variables", "read"),
    [
        ({}, lambda reader: reader.required("X", "it is needed")),
        ({"X": "c"}, lambda reader: reader.choice("X", ("a", "b"), "a")),
        ({"X": "0"}, lambda reader: reader.whole_number("X", 5)),
        ({"X": "-1"}, lambda reader: reader.whole_number("X", 5, least=0)),
        ({"X": "1.5"}, lambda reader: reader.whole_number("X", 5)),
        ({"X": "many"}, lambda reader: reader.whole_number("X", 5)),
        ({}, lambda reader: reader.parsed("X", "s3cret", _raise("wrong shape"))),
        ({"APP_ENV": "production", "X": "1"}, lambda reader: reader.refuse_in_production("X", "why")),
    ],
    ids=range(8),
)
def test_a_bad_setting_is_named_in_one_line(
    variables: dict[str, str], read: Callable[[SettingsReader], Any]
) -> None:
    with pytest.raises(SettingsError, match=r"^X ") as caught:
        read(SettingsReader(variables))
    assert "\n" not in caught.value.message
    assert "s3cret" not in caught.value.message


@pytest.mark.parametrize("bad", ["ses-events", f"{TOPICS[0]},x", "arn:aws:sqs:us-east-1:123456789012:q"])
def test_a_topic_must_be_an_arn(bad: str) -> None:
    with pytest.raises(SettingsError, match="AWS_SNS_TOPIC_ARN"):
        SettingsReader({"AWS_SNS_TOPIC_ARN": bad}).common()


@pytest.mark.parametrize("variables", [{"APP_ENV": "test"}, {"APP_ENV": "Production"}, {"LOG_LEVEL": "info"}])
def test_words_must_be_the_known_ones(variables: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        SettingsReader(variables).common()


def test_good_values_come_through() -> None:
    reader = SettingsReader({"N": "7", "C": "b", "R": "there", "D": "dev"})
    assert reader.whole_number("N", 5) == 7
    assert reader.whole_number("M", 5) == 5
    assert reader.choice("C", ("a", "b"), "a") == "b"
    assert reader.required("R", "why") == "there"
    assert reader.refuse_in_production("D", "why") == "dev"
    assert reader.parsed("N", "7", int) == 7


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("FROM_FILE", "FROM_BOTH"):  # so that they are gone again afterwards
        monkeypatch.setenv(name, "x")
    monkeypatch.delenv("FROM_FILE")
    monkeypatch.setenv("FROM_BOTH", "process")
    monkeypatch.delenv("APP_ENV", raising=False)
    path = tmp_path / ".env"
    path.write_text("FROM_FILE=file\nFROM_BOTH=file\n")
    return path


def test_a_file_adds_to_the_environment_and_changes_nothing_in_it(env_file: Path) -> None:
    found = environment(env_file)
    assert (found["FROM_FILE"], found["FROM_BOTH"]) == ("file", "process")
    assert os.environ["FROM_FILE"] == "file"


def test_production_reads_no_file(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ENV", "production")
    assert "FROM_FILE" not in environment(env_file)


def test_a_missing_file_is_none(tmp_path: Path) -> None:
    assert environment(tmp_path / "nothing") == environment() == dict(os.environ)


def test_a_region_where_no_shared_topic_is_stops_the_start() -> None:
    topic = "arn:aws:sns:us-east-1:123456789012:events"
    assert (
        SettingsReader({"AWS_SNS_TOPIC_ARN": topic, "AWS_SNS_REGION": "us-east-1"}).common().shared_topic_arns
    )
    with pytest.raises(SettingsError, match="AWS_SNS_REGION is 'eu-west-1'"):
        SettingsReader({"AWS_SNS_TOPIC_ARN": topic, "AWS_SNS_REGION": "eu-west-1"}).common()


@pytest.mark.parametrize("regions", ["us-east-1,cn-north-1", " cn-north-1 , us-east-1,", "cn-north-1"])
def test_several_topics_may_have_several_regions(regions: str) -> None:
    variables = {"AWS_SNS_TOPIC_ARN": ",".join(TOPICS), "AWS_SNS_REGION": regions}
    assert SettingsReader(variables).common().shared_topic_arns == TOPICS


def test_each_region_must_be_that_of_a_shared_topic() -> None:
    variables = {"AWS_SNS_TOPIC_ARN": ",".join(TOPICS), "AWS_SNS_REGION": "us-east-1,eu-west-1"}
    with pytest.raises(SettingsError, match="AWS_SNS_REGION is 'eu-west-1'"):
        SettingsReader(variables).common()


def test_variables_are_found_by_how_their_names_begin() -> None:
    variables = {"APP_B": "1", "APP_A": "2", "APP_EMPTY": " ", "AP": "3", "XAPP_C": "4"}
    assert SettingsReader(variables).names("APP_") == ("APP_A", "APP_B")
