"""A backend that runs everything in this process, and can be told to stop."""

from __future__ import annotations

from citybrain.studies.execute import StudyRecord, execute_run


class Inline:
    def __init__(self, *, stop_after=None, fail=lambda _run: False, order=lambda runs: range(len(runs))):
        self.stop_after, self.fail, self.order = stop_after, fail, order
        self.ran = []

    def run(self, runs, *, limit_s, progress):
        for index in self.order(runs):
            if self.stop_after is not None and len(self.ran) >= self.stop_after:
                raise KeyboardInterrupt
            run = runs[index]
            self.ran.append(run.key)
            if self.fail(run):
                yield index, StudyRecord(status="failed", error="told to", measures={}, timings={})
            else:
                yield index, execute_run(run)
