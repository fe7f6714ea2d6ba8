"""What a study says about training reaches the training of every method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from assay.cli.work.train import settings_of, tried
from assay.study.load import load_study
from assay.study.model import RatioMethod, ScoreMethod, Study, TrainingSection
from assay.study.resolve import resolve

pytestmark = pytest.mark.fast

CHANGES = {
    "hidden_layers": [7, 9],
    "activation": "tanh",
    "residual": True,
    "preprocessing": {"pt_j1": "log"},
    "epochs": 17,
    "batch_size": 77,
    "learning_rate": 0.004,
    "final_learning_rate": 0.0004,
    "schedule": "exponential",
    "optimiser": "sgd",
    "momentum": 0.8,
    "trim": 6.0,
    "source": "streaming",
    "mixed_precision": True,
    "compile": True,
    "weight_decay": 0.05,
    "early_stopping_patience": 5,
    "max_gradient_norm": 3.0,
    "device": "cpu",
}
METHODS = ("alice", "alices", "sally")
Write = Callable[..., Path]


def check(study: Study, name: str) -> None:
    section = study.methods[name]
    assert isinstance(section, RatioMethod | ScoreMethod)
    network, settings = settings_of(section, 3, ("m_jj", "pt_j1"))
    assert (network.hidden, network.activation, network.residual) == ((7, 9), "tanh", True)
    assert network.preprocessing == ("auto", "log")
    found = {
        "epochs": settings.epochs,
        "batch_size": settings.batch_size,
        "learning_rate": settings.learning_rate,
        "final_learning_rate": settings.final_learning_rate,
        "schedule": settings.schedule,
        "optimiser": settings.optimiser,
        "weight_decay": settings.weight_decay,
        "early_stopping_patience": settings.patience,
        "max_gradient_norm": settings.gradient_clip,
        "device": settings.device,
        "momentum": settings.momentum,
        "trim": settings.trim,
        "mixed_precision": settings.mixed_precision,
        "compile": settings.compiled,
    }
    assert set(CHANGES) - set(found) == {"hidden_layers", "activation", "residual", "preprocessing", "source"}
    assert found == {key: value for key, value in CHANGES.items() if key in found}
    assert settings.seed == 3


@pytest.mark.parametrize("name", METHODS)
def test_the_studys_settings_reach_every_method(name: str, small_study: Write) -> None:
    """The trap: SALLY trained with epochs and batch size of its own, whatever the study said."""
    check(resolve(load_study(small_study(training=CHANGES))), name)


@pytest.mark.parametrize("name", METHODS)
def test_a_methods_own_settings_win(name: str, small_study: Write) -> None:
    study = resolve(load_study(small_study(methods={name: {"kind": name, "training": CHANGES}})))
    check(study, name)
    other = next(method for method in METHODS if method != name)
    section = study.methods[other]
    assert isinstance(section, RatioMethod | ScoreMethod)
    assert settings_of(section, 3)[1].epochs == study.training.epochs == 3


def test_the_changes_cover_every_setting() -> None:
    """A new setting has to be passed on, too."""
    assert set(CHANGES) == set(TrainingSection.model_fields)
    assert not {key for key, value in CHANGES.items() if value == TrainingSection.model_fields[key].default}


def test_a_trial_changes_what_it_tries_alone(small_study: Write) -> None:
    method = resolve(load_study(small_study())).methods["alices"]
    assert isinstance(method, RatioMethod)
    changed = tried(method, {"hidden_layers": (5, 6), "learning_rate": 0.02})
    network, settings = settings_of(changed, 3)
    assert (network.hidden, settings.learning_rate) == ((5, 6), 0.02)
    _, unchanged = settings_of(method, 3)
    assert replace(settings, learning_rate=unchanged.learning_rate) == unchanged
    assert tried(method, {}) == method


def test_defaults_train() -> None:
    """The predecessor's workflow trained for 2 epochs on 1000 samples by default."""
    assert TrainingSection().epochs >= 20
