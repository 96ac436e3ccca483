"""Made-up requests by schemathesis from the OpenAPI page; used by the tests and by benchmarks/api_fuzz.py."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as with_seed
from schemathesis import GenerationMode


@dataclass
class Fuzzed:
    """What came of it: requests by status, those that changed something, answers that must not be."""

    requests: int = 0
    changed: int = 0
    statuses: Counter = field(default_factory=Counter)
    failures: list = field(default_factory=list)


def fuzz(app, authorization, *, examples, seed):
    """Send ``examples`` requests of either kind (by the rules and against them) to each operation."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    found = Fuzzed()
    headers = {} if authorization is None else {"authorization": authorization}
    for result in schema.get_all_operations():
        operation = result.ok()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _fuzz_one(operation, mode, headers, found, examples, seed)
    return found


def _fuzz_one(operation, mode, headers, found, examples, seed):
    streams = operation.path.endswith("/events")

    @with_seed(seed)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=False,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case):
        if streams:
            case.query = {"most": 1}  # or it would go on for ever
        answer = case.call(headers=headers)
        found.requests += 1
        found.statuses[answer.status_code] += 1
        if case.method.upper() == "POST" and answer.status_code < 300:
            found.changed += 1
        if answer.status_code >= 500:
            found.failures.append((case.method, case.formatted_path, case.body, answer.status_code, answer.text[:300]))

    try:
        send()
    except Exception as error:
        if "Unsatisfiable" not in type(error).__name__ and "negative" not in str(error).lower():
            raise
