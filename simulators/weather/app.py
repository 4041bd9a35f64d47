"""The web skin of the weather, a part of the control API: list the armed faults, arm one, take them away."""

from typing import Any

from flask import Flask, Response, jsonify
from werkzeug.exceptions import NotFound

from simulators.control.reading import read_body
from simulators.errors import WeatherError
from simulators.weather.core import Armed, Weather
from simulators.weather.plans import FaultPlan


def add_faults(app: Flask, weather: Weather) -> None:
    """Add `/faults` to the control application."""

    @app.get("/faults")
    def faults() -> Response:
        return jsonify(faults=[_as_json(armed) for armed in weather.plans()], points=list(weather.points()))

    @app.post("/faults")
    def arm() -> tuple[Response, int]:
        return jsonify(_as_json(weather.add(read_body(FaultPlan)))), 201

    @app.delete("/faults")
    def clear() -> Response:
        weather.clear()
        return faults()

    @app.delete("/faults/<int:number>")
    def disarm(number: int) -> Response:
        try:
            weather.disarm(number)
        except WeatherError as error:
            raise NotFound(str(error)) from error
        return faults()


def _as_json(armed: Armed) -> dict[str, Any]:
    plan = armed.plan.model_dump(mode="json", exclude_none=True)
    return {"number": armed.number, **plan, "seen": armed.seen, "struck": armed.struck}
