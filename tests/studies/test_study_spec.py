from __future__ import annotations

import pytest

from citybrain.errors import InputError
from citybrain.studies.spec import StudySpec, read_spec

GOOD = 'scenarios = ["twin:1x1"]\n'


def spec_of(tmp_path, text):
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    return read_spec(path)


def test_defaults(tmp_path):
    spec = spec_of(tmp_path, GOOD)
    assert spec == StudySpec(
        name="study", baseline="fixed-time", scenarios=("twin:1x1",), policies=(), demand=(1.0,), sensors=("camera",),
        seeds=(1, 2, 3), begin_s=None, end_s=None, parameters={}, keep_trips=False, run_limit_s=None,
    )  # fmt: skip
    assert spec_of(tmp_path, GOOD + "seeds = 2\n").seeds == (1, 2)
    assert spec_of(tmp_path, GOOD + "seeds = [4]\n").seeds == (4,)
    assert spec_of(tmp_path, GOOD + 'policies = ["greedy", "fixed-time"]').all_policies == ("fixed-time", "greedy")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD + "polices = []", "unknown key 'polices' (did you mean 'policies'?)"),
        ("seeds = 3", "key 'scenarios' is missing"),
        ("scenarios = []", "scenarios = []: tuple should have at least 1 item"),
        (GOOD + "demand = [0.0]", "demand.0 = 0.0: input should be greater than 0"),
        (GOOD + "seeds = 0", "seeds = 0: as a number of seeds it must be 1 to 10000"),
        (GOOD + "seeds = [-1]", "seeds = [-1]: needs integers of 0 to 2147483647"),
        (GOOD + "seeds = [1, 1]", "seeds names 1 twice"),
        (GOOD + 'policies = ["gredy"]', "unknown policy 'gredy' (did you mean 'greedy'?)"),
        (GOOD + 'sensors = ["eyes"]', "unknown sensors 'eyes'"),
        (GOOD + "[parameters.greedy]\nsight_m = 1", "parameters for 'greedy', which is not run"),
        (
            GOOD + 'policies = ["greedy"]\n[parameters.greedy]\nsight = 1',
            "policy 'greedy' has no parameter 'sight' (did you mean 'sight_m'?)",
        ),
        (
            GOOD + 'policies = ["adaptive"]\n[parameters.adaptive]\nqueue_weigth = 3',
            "adaptive: no parameter 'queue_weigth' (did you mean 'queue_weight'?)",
        ),
        (
            GOOD + 'policies = ["adaptive"]\n[parameters.adaptive]\nclear_s = [10, -1]',
            "adaptive: clear_s is -1, it must be 0 or more",
        ),
        (
            GOOD + 'policies = ["greedy"]\n[parameters.greedy]\nsight_m = [nan]',
            "parameters.greedy.sight_m = [nan]: needs finite values",
        ),
        ("scenarios = [", "broken TOML"),
    ],
)
def test_bad_specs_get_one_line_with_the_file(tmp_path, text, words):
    with pytest.raises(InputError) as error:
        spec_of(tmp_path, text)
    message = str(error.value)
    assert words in message
    assert "\n" not in message


def test_a_spec_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"none\.toml: cannot be read \(No such file"):
        read_spec(tmp_path / "none.toml")
