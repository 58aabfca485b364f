"""A lab in another process, controlled line by line: `python -m bench.worker URI DATABASE`.

It needs only odmantic 1.1.0 and its dependencies. Each line of its input is a JSON list, a method of the lab and
its arguments; each line of its output is a reply.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from typing import Any

from bench.data import Kind
from bench.lab import Lab
from bench.workloads import Colour, Task


def answer(lab: Lab, request: list[Any]) -> dict[str, Any]:
    """Carry out the request of one line."""
    method, library, workload, colour, *rest = request
    try:
        if method == "can":
            return {"can": lab.can(library, workload, Colour(colour))}
        fields = rest[0]
        task = Task(**(fields | {"kind": Kind(fields["kind"])}))
        sample = lab.run(library, workload, Colour(colour), task)
    except Exception as error:  # noqa: BLE001 - the other process tells it
        return {"error": f"{type(error).__name__}: {error}"}
    return dataclasses.asdict(sample)


def main() -> None:
    """Answer until the input ends."""
    # Output of a library must not get among the replies.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with Lab(sys.argv[1], sys.argv[2]) as lab:
        for line in sys.stdin:
            print(json.dumps(answer(lab, json.loads(line))), file=answers)


if __name__ == "__main__":
    main()
