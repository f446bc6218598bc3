"""Lines of a shell that install packages."""

from __future__ import annotations

import shlex

_INSTALLERS = frozenset({"pip", "pip3", "conda", "mamba", "uv"})
_BEFORE = frozenset({"sudo", "python", "python3", "{sys.executable}"}) | _INSTALLERS
_TAKES_VALUE = frozenset(
    {
        *("-r", "--requirement", "-c", "--constraint", "--channel", "-e", "--editable"),
        *("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--trusted-host"),
        *("-n", "--name", "-p", "--prefix", "--python", "--root", "--src", "-t", "--target"),
    }
)
"""Options whose value is no package."""


def installed(command: str) -> list[str] | None:
    """Return the packages that a line installs, None for a line that installs nothing."""
    try:
        words = shlex.split(command, comments=True)
    except ValueError:
        words = command.split()
    words = [word for word in words if word != "-m"]
    while words and words[0] in _BEFORE:
        if words[0] in _INSTALLERS and "install" in words[1:3]:
            return _packages(words[words.index("install") + 1 :])
        words = words[1:]
    return None


def _packages(words: list[str]) -> list[str]:
    found: list[str] = []
    is_value = False
    for word in words:
        if word in {"&&", ";", "|", "||", ">"}:
            break
        if not is_value and not word.startswith("-"):
            found.append(word)
        is_value = word in _TAKES_VALUE
    return found
