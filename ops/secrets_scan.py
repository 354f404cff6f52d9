"""`python -m ops.secrets_scan`: finds what looks like a credential in the files that are kept.

Only shapes that hardly anything else has are looked for, so that a finding is worth a look. What
stands for a secret in a test or a document says so: it holds a word like "example", or it is one
character repeated. Findings name the place and the kind, and never show what was found.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BYTES_MAX = 4 * 1024 * 1024
HARMLESS = re.compile(
    r"example|sample|dummy|fake|placeholder|not.?a|not.?real|password|passwd|secret|webhook|test"
    r"|x{4}|\.\.\.|<|\$|\{|%\(|(.)\1{7}",
    re.IGNORECASE,
)
NOWHERE = re.compile(r"@(127\.0\.0\.1|localhost|\[::1\]|host|server)[:/]")

# The group `value` is what must not be a placeholder.
KINDS = {
    "private key": r"(?P<value>-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----\s*[A-Za-z0-9+/=]{32})",
    "AWS access key": r"\b(?P<value>(?:AKIA|ASIA)[A-Z2-7]{16})\b",
    "AWS secret key": r"(?i)aws.{0,20}(?:secret|key).{0,20}[=:]\s*[\"']?"
    r"(?P<value>[A-Za-z0-9+/]{40})(?![A-Za-z0-9+/=])",
    "Discord webhook": r"discord(?:app)?\.com/api/webhooks/(?P<value>\d{15,}/[\w-]{40,})",
    "Slack token": r"\b(?P<value>xox[abprs]-[\w-]{20,})",
    "GitHub token": r"\b(?P<value>(?:gh[pousr]_\w{36}|github_pat_\w{60,}))",
    "Databento key": r"\b(?P<value>db-[A-Za-z0-9]{29})\b",
    "web token": r"\b(?P<value>eyJ[\w-]{15,}\.eyJ[\w-]{15,}\.[\w-]{20,})",
    "password in an address": r"\b[a-z][a-z0-9+]*://[^\s:/@\"'<>]+:(?P<value>[^\s:/@\"'<>]{6,})@"
    r"[^\s\"'<>]+",
}
PATTERNS = {kind: re.compile(pattern) for kind, pattern in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Finding:
    """Where something stands that looks like a credential."""

    path: str
    line: int
    kind: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.kind}"


def scan(paths: Iterable[Path]) -> Iterator[Finding]:
    """Yield what is found in files; what is no text has none of these shapes that can be seen."""
    for path in paths:
        with path.open("rb") as file:
            text = file.read(BYTES_MAX).decode(errors="replace")
        yield from found_in(str(path), text)


def found_in(path: str, text: str) -> Iterator[Finding]:
    """Yield what is found in a text."""
    for kind, pattern in PATTERNS.items():
        for match in pattern.finditer(text):
            # A server of a test is on this machine, or nowhere, and its password is no secret.
            if not HARMLESS.search(match["value"]) and not NOWHERE.search(match[0] + "/"):
                yield Finding(path, text.count("\n", 0, match.start("value")) + 1, kind)


def kept_files(root: Path) -> list[Path]:
    """Return the files of a clone that are kept, or would be with the next commit."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others"]
    listed = subprocess.run([*command, "--exclude-standard"], capture_output=True, check=True)
    paths = [root / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def main() -> int:
    """Scan the repository; return 1 if something was found."""
    findings = list(scan(kept_files(ROOT)))
    for finding in findings:
        print(f"{finding}: take it out, and make a new one where it is from")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
