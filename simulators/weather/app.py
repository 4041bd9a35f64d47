"""The web skin of the weather, a part of the control API: list the armed faults, arm one, take them away."""

from typing import Any, Final

from flask import Flask, Response, jsonify, request

from simulators.errors import WeatherError
from simulators.weather.core import Armed, Weather
from simulators.weather.plans import read_plan

EXAMPLE: Final = '{"point": "espf/status", "fault": {"effect": "reset"}, "first": 2}'


def create_app(weather: Weather) -> Flask:
    """Make the application; it is to be mounted at `/_sim/faults`."""
    app = Flask("weather")

    @app.get("/", strict_slashes=False)
    def faults() -> Response:
        return jsonify(faults=[_as_json(armed) for armed in weather.plans()], points=list(weather.points()))

    @app.post("/", strict_slashes=False)
    def arm() -> tuple[Response, int]:
        plan: Any = request.get_json(silent=True)
        if not isinstance(plan, dict):
            raise WeatherError(f"The body must be JSON like {EXAMPLE}.")
        return jsonify(_as_json(weather.add(read_plan(plan)))), 201

    @app.delete("/", strict_slashes=False)
    def clear() -> Response:
        weather.clear()
        return faults()

    @app.delete("/<int:number>")
    def disarm(number: int) -> tuple[Response, int]:
        try:
            weather.disarm(number)
        except WeatherError as error:
            return jsonify(error=str(error)), 404
        return faults(), 200

    @app.errorhandler(WeatherError)
    def refused(error: WeatherError) -> tuple[Response, int]:
        return jsonify(error=str(error)), 400

    return app


def _as_json(armed: Armed) -> dict[str, Any]:
    plan = armed.plan.model_dump(mode="json", exclude_none=True)
    return {"number": armed.number, **plan, "seen": armed.seen, "struck": armed.struck}
