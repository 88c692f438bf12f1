"""kubectl as a function."""

import json
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0
PAUSE = 0.2


class Kubectl:
    """kubectl on one cluster, from the root of the repository; gives all that it said.

    Raises AssertionError where it fails, unless `fine` is False.
    """

    def __init__(self, program: Path, kubeconfig: Path) -> None:
        # A cache of its own: what one server once had says nothing of another at the same port.
        cache = kubeconfig.parent / "kubectl-cache"
        self.kubeconfig = kubeconfig
        self._command = [str(program), f"--kubeconfig={kubeconfig}", f"--cache-dir={cache}"]

    def __call__(self, *args: str, stdin: Any = None, fine: bool = True) -> str:
        done = self._run(args, stdin, fine=fine)
        return done.stdout + done.stderr

    def json(self, *args: str, stdin: Any = None) -> Any:
        """What it prints as JSON, parsed."""
        return json.loads(self._run((*args, "-o", "json"), stdin, fine=True).stdout)

    def _run(
        self, args: Sequence[str], stdin: Any, *, fine: bool
    ) -> subprocess.CompletedProcess[str]:
        text = None if stdin is None else json.dumps(stdin)
        done = subprocess.run(
            [*self._command, *args],
            input=text,
            text=True,
            capture_output=True,
            check=False,
            cwd=ROOT,
        )
        assert not fine or done.returncode == 0, f"{' '.join(args)}: {done.stderr}"
        return done

    def until(self, *args: str, says: str, stdin: Any = None) -> str:
        """Ask again and again until it says so."""
        end = time.monotonic() + PATIENCE
        while says not in (text := self(*args, stdin=stdin, fine=False)):
            assert time.monotonic() < end, f"{' '.join(args)}: {text}"
            time.sleep(PAUSE)
        return text
