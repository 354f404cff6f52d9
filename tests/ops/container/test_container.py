"""No image is built here: the files are read, and what they say is compared with the repository."""

import fnmatch
import re
import shlex
from pathlib import Path

import yaml

from protocol.settings import Settings
from supervision.spec import stop_limit_s
from supervision.tree import floor

ROOT = Path(__file__).resolve().parents[3]
CONTAINER = ROOT / "ops" / "container"
DOCKERFILE = (CONTAINER / "Dockerfile").read_text().replace("\\\n", " ")
SERVICE = yaml.safe_load((CONTAINER / "compose.yaml").read_text())["services"]["floor"]
PACKAGES = ("actors", "ops", "protocol", "supervision", "web")


def steps(word: str) -> list[str]:
    return re.findall(rf"^{word} (.*)$", DOCKERFILE, re.MULTILINE)


def copied() -> list[str]:
    """Return every path of the repository that is copied into the image."""
    lines = [shlex.split(step) for step in steps("COPY")]
    return [path for line in lines if not line[0].startswith("--from") for path in line[:-1]]


def test_what_is_copied_exists_and_is_all_the_program_needs():
    paths = copied()
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert {f"{package}/" for package in PACKAGES} <= set(paths)
    assert {"start.py", "requirements.lock", "setup.cfg"} <= set(paths)


def test_what_is_copied_reaches_the_build_and_secrets_and_runs_do_not():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert {line[1:] for line in rules if line.startswith("!")} == set(copied())
    hidden = [rule.removeprefix("**/") for rule in rules[1:] if not rule.startswith("!")]
    for secret in (".env", "floorwatch.env"):
        assert any(fnmatch.fnmatch(secret, rule) for rule in hidden), secret


def test_the_packages_come_from_the_lock_alone():
    assert not re.search(r"\b(pip|apt-get|curl|wget)\b", " ".join(steps("RUN")))
    assert any("start.py --help" in step for step in steps("RUN"))
    lock = (ROOT / "requirements.lock").read_text()
    pinned = len(re.findall(r"^[a-z0-9][^ ]*==", lock, re.MULTILINE))
    assert pinned > 50
    assert len(re.findall(r"\\\n    --hash=sha256:", lock)) >= pinned


def test_it_runs_as_nobody_special_and_says_whether_it_is_well():
    assert steps("USER") == ["10001:10001"]
    (health,) = steps("HEALTHCHECK")
    assert "http://127.0.0.1:8000/healthz" in health and Settings().web.port == 8000
    assert all(image.startswith("python:3.11-slim") for image in steps("FROM"))


def test_nothing_secret_is_in_the_image():
    for step in [*steps("ENV"), *steps("ARG")]:
        assert not re.search("(?i)(key|token|secret|password|webhook|url)[a-z_]*=", step), step


def test_the_service_can_write_its_runs_only_and_holds_no_capability():
    assert SERVICE["read_only"] is True
    assert SERVICE["cap_drop"] == ["ALL"] and "cap_add" not in SERVICE
    assert SERVICE["security_opt"] == ["no-new-privileges:true"]
    assert SERVICE["volumes"] == [f"runs:{steps('VOLUME')[0]}"]
    assert f"FLOORWATCH_RUN__DIRECTORY={steps('VOLUME')[0]}" in steps("ENV")[0]
    assert [place.partition(":")[0] for place in SERVICE["tmpfs"]] == ["/tmp"]
    assert not SERVICE.get("privileged")


def test_the_service_comes_back_within_limits_and_its_log_does_not_fill_the_disk():
    assert SERVICE["restart"] == "unless-stopped" and SERVICE["init"] is True
    assert (SERVICE["mem_limit"], SERVICE["pids_limit"]) == ("1g", 256)
    assert SERVICE["logging"]["driver"] == "json-file"
    assert {"max-size", "max-file"} <= SERVICE["logging"]["options"].keys()


def test_the_page_is_published_to_this_machine_only():
    assert SERVICE["ports"] == ["127.0.0.1:8000:8000"]


def test_the_floor_is_given_the_time_to_stop_in_order():
    grace_s = int(SERVICE["stop_grace_period"].removesuffix("s"))
    assert grace_s > stop_limit_s(floor(Settings().supervision)) + 15


def test_the_build_finds_its_files_from_where_compose_looks():
    build = SERVICE["build"]
    assert (CONTAINER / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).samefile(CONTAINER / "Dockerfile")
