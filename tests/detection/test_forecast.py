"""Flow forecasts: from history and the level of today."""

from __future__ import annotations

import numpy as np
import pytest

from citybrain.detection.forecast import FlowForecast, ForecastParameters, geh
from citybrain.errors import InputError

USUAL = np.array([[10.0, 100.0], [20.0, 100.0], [40.0, 100.0], [20.0, 100.0]])


def test_a_usual_day_is_forecast_as_usual():
    forecast = FlowForecast(USUAL[None], 300.0)
    forecast.update(USUAL[0])
    np.testing.assert_allclose(forecast.ahead(1), USUAL[1])
    np.testing.assert_allclose(forecast.ahead(3), USUAL[3])


def test_a_busy_day_is_forecast_above_the_usual_and_returns_to_it():
    forecast = FlowForecast(USUAL[None], 300.0)
    forecast.update(2.0 * USUAL[0])
    near, far = forecast.ahead(1) / USUAL[1], forecast.ahead(3) / USUAL[3]
    assert (near > far).all()
    assert (far > 1.0).all()
    assert near[1] > near[0]  # ten vehicles say less than a hundred
    assert near[1] == pytest.approx(1 + (220 / 120 - 1) * np.exp(-300 / 2700))


def test_days_are_averaged():
    forecast = FlowForecast(np.stack((USUAL, 3 * USUAL)), 300.0)
    np.testing.assert_allclose(forecast.usual, 2 * USUAL)


def test_geh_by_hand():
    np.testing.assert_allclose(geh(np.array([600.0, 0.0]), np.array([500.0, 0.0])), [np.sqrt(2 * 100**2 / 1100), 0.0])


@pytest.mark.parametrize("intervals", [0, 4])
def test_what_lies_outside_the_history_is_refused(intervals):
    forecast = FlowForecast(USUAL[None], 300.0)
    forecast.update(USUAL[0])
    with pytest.raises(InputError, match="intervals"):
        forecast.ahead(intervals)


def test_bad_parameters_are_refused():
    with pytest.raises(InputError, match="memory_s is -1"):
        ForecastParameters(memory_s=-1)
    with pytest.raises(InputError, match="shape"):
        FlowForecast(USUAL, 300.0)
