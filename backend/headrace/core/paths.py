"""Where things lie in a project, and the one gate for paths that come from outside."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from headrace.core.errors import InvalidInput, NotFound
from headrace.core.ids import check_name


@dataclass(frozen=True)
class ProjectPaths:
    """The folders and files of one project; `root` is absolute and real."""

    root: Path

    @classmethod
    def of(cls, folder: str | os.PathLike[str]) -> ProjectPaths:
        """Return the paths of an existing folder; raise NotFound when there is none."""
        root = Path(folder).expanduser().resolve()
        if not root.is_dir():
            raise NotFound(f"There is no folder {str(folder)!r}.", kind="project")
        return cls(root)

    @property
    def pipelines(self) -> Path:
        return self.root / "pipelines"

    @property
    def blocks(self) -> Path:
        return self.root / "blocks"

    @property
    def settings(self) -> Path:
        return self.root / "headrace.yaml"

    @property
    def state(self) -> Path:
        return self.root / ".headrace"

    @property
    def database(self) -> Path:
        return self.state / "headrace.db"

    @property
    def store(self) -> Path:
        return self.state / "store"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def server_file(self) -> Path:
        return self.state / "server.json"

    @property
    def lock_file(self) -> Path:
        return self.state / "lock"

    def pipeline(self, name: str) -> Path:
        """Return the folder of a pipeline, whether it exists or not."""
        return self.pipelines / check_name(name, "pipeline")

    def make_state(self) -> None:
        """Create `.headrace/`, private to its owner and ignored by git through itself."""
        self.state.mkdir(mode=0o700, exist_ok=True)
        if self.state.stat().st_mode & 0o077:
            self.state.chmod(0o700)  # it came by a copy, or from an unpacked archive
        for folder in (self.store, self.logs):
            folder.mkdir(exist_ok=True)
        ignore = self.state / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")


def beneath(root: Path, relative: str) -> Path:
    """Return `root / relative`, symlinks followed; raise InvalidInput when it leaves `root`."""
    if not relative or "\x00" in relative or "\\" in relative or Path(relative).is_absolute():
        raise InvalidInput(f"{relative[:80]!r} is not a path inside the project.", field="path")
    path = (root / relative).resolve()
    if not path.is_relative_to(root.resolve()):
        raise InvalidInput(f"{relative[:80]!r} leads out of the project.", field="path")
    return path
