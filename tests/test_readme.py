"""The README is true: its example is what the command prints, its commands run, its links lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
FOLLOWUP = Path(sys.executable).parent / "followup"

#: Run elsewhere: the make targets and the server by CI (.ci/run) and tests/test_serving.py, `eval` by tests/test_eval.py.
ELSEWHERE = ("make ", "curl ", "followup serve", "followup eval")


def commands() -> list[str]:
    """Every line of a shell block, without its comment; a line that ends in a backslash goes on."""
    blocks = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    prompts = re.findall(r"^\$ (.*)$", README, flags=re.MULTILINE)
    return [re.sub(r"\s+#.*", "", line).strip() for line in lines if line.strip()] + prompts


@pytest.mark.parametrize("command", [command for command in commands() if not command.startswith(ELSEWHERE)])
def test_a_command_of_the_readme_runs(command: str, settings: Settings, tmp_path: Path) -> None:
    program, *arguments = shlex.split(command)
    assert program == "followup"
    environment = _environment(settings, tmp_path)
    run = subprocess.run([FOLLOWUP, *arguments], env=environment, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert run.stdout


def test_what_ci_runs_covers_the_other_commands() -> None:
    ci = (ROOT / ".ci" / "run").read_text("utf-8")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in ("setup", "serve", "check"):
        assert re.search(rf"\b{target}\b", ci)
    for command in commands():
        if command.startswith("make "):
            assert re.search(rf"^{command.split()[1]}:", makefile, flags=re.MULTILINE)
    assert "check: lint types test" in makefile


def test_the_example_is_what_followup_ask_prints(settings: Settings, tmp_path: Path) -> None:
    match = re.search(r"^\$ followup ask \"(.*?)\"\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
    assert match
    run = subprocess.run(
        [FOLLOWUP, "ask", match[1]], env=_environment(settings, tmp_path), capture_output=True, text=True, timeout=120, check=True
    )
    printed = re.sub(r"\n\(answer .*\)\n$", "\n", run.stdout)
    assert match[2].rstrip() == printed.rstrip()


def test_every_file_the_readme_links_to_exists() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def _environment(settings: Settings, folder: Path) -> dict[str, str]:
    return os.environ | {"FOLLOWUP_INDEX": str(settings.index), "FOLLOWUP_DATABASE": f"sqlite:///{folder / 'a.sqlite'}"}
