from pathlib import Path

import pytest
import yaml

from assay.errors import StudyError
from assay.study.load import load_study
from assay.study.migration import CARDS, cards_in, migrate

pytestmark = pytest.mark.fast

DATA = Path(__file__).parents[2] / "data" / "madminer-workflow"


@pytest.fixture
def migrated(tmp_path):
    """Migrate, with changes (old, new) of the two texts; returns the study and the losses as text."""

    def run(*changes, ml="ml.yml"):
        paths = []
        for name in ("ph.yml", *([ml] if ml else [])):
            text = (DATA / name).read_text()
            for old, new in changes:
                text = text.replace(old, new)
            paths.append(tmp_path / name)
            paths[-1].write_text(text)
        found = migrate(paths[0], paths[1] if ml else None, "old")
        (tmp_path / "study.yml").write_text(found.text)
        return found, {loss.where: loss for loss in found.losses}

    return run


def test_a_valid_study(migrated, tmp_path):
    migrated()
    study = load_study(tmp_path / "study.yml")
    assert study.name == "old"
    assert list(study.parameters) == ["CWL2", "CPWL2"]
    parameter = study.parameters["CWL2"]
    assert (parameter.lha_block, parameter.lha_id, parameter.transform) == ("dim6", 2, "16.52*theta")
    assert (parameter.range, parameter.max_power) == ((-10.0, 10.0), 2)
    assert study.benchmarks == {"sm": {"CWL2": 0.0, "CPWL2": 0.0}, "w": {"CWL2": 10.0, "CPWL2": 0.0}}
    assert study.morphing.max_overall_power == 2
    assert study.observables["pt_j1"].expression == "j[0].pt"
    assert study.observables["pt_j1"].default == 0.0
    assert study.observables["delta_phi_jj"].required
    assert study.cuts == ("pt_j1 > 30.",)
    assert study.reference == "sm"
    assert list(study.methods) == ["alice", "alices", "sally", "histogram_pt_j1", "rate"]
    assert study.methods["histogram_pt_j1"].observables == ("pt_j1",)
    assert study.sampling.prior["CWL2"].gaussian == (0.0, 1.0)
    assert study.sampling.prior["CPWL2"].flat == (-4.0, 5.0)
    assert study.sampling.hypotheses == 20
    assert study.limits.theta_true == {"CWL2": 0.0, "CPWL2": 0.0}
    assert study.limits.fisher.at == {"CWL2": 0.0, "CPWL2": 0.0}
    assert study.limits.include_rate == (True, False)
    assert study.limits.grid["CPWL2"].points == 21


def test_what_could_not_be_kept(migrated):
    found, losses = migrated()
    expected = {
        "ph.yml: set_morphing.n_trials": "until it converges",
        "ph.yml: observables[1].definition": "jumps by 2 pi",
        "ml.yml: alice.theta_0.sampling_number": "few hypotheses",
        "ml.yml: asymptotic_limits.region.theta_0": "the grid is [-3.0, 3.0]",
        "ml.yml: asymptotic_limits.region.theta_1": "the grid is [-4.0, 5.0]",
        "ml.yml: luminosity": "10 fb^-1",
        "ml.yml: fisher_information.histogram_bins": "bins are chosen",
        "ml.yml: plotting": "all figures are drawn",
    }
    for where, why in expected.items():
        assert why in losses[where].why
    # the process, the detector and the number of events are not in the files
    assert sum("not part of its input" in loss.why for loss in found.losses) == 3
    # the study says all of it at its top
    for loss in found.losses:
        assert f"# - {str(loss).splitlines()[0]}" in found.text


def test_the_first_layout(migrated, tmp_path):
    _, losses = migrated(ml="ml-first.yml")
    study = load_study(tmp_path / "study.yml")
    assert study.luminosity == 10.0  # 10 000 pb^-1
    assert list(study.methods) == ["sally", "alices", "scandal", "histogram_pt_j1", "rate"]
    assert study.sampling.fractions.model_dump() == {"train": 0.35, "validation": 0.15, "test": 0.5}
    assert (study.sampling.train_samples, study.sampling.test_samples) == (1000, 100)
    assert (study.training.epochs, study.training.batch_size) == (2, 100)
    assert study.limits.grid["CPWL2"].range == (-3.0, 3.0)
    assert "ml-first.yml: methods[2]" not in losses
    assert "default 0.1" in losses["ml-first.yml: alpha"].why
    assert "no such observable" in losses["ml-first.yml: fisher_information.observable"].why
    assert "too few" in losses["ml-first.yml: num_epochs"].why
    assert "far too few" in losses["ml-first.yml: n_samples.train"].why


def test_the_physics_alone(migrated, tmp_path):
    _, losses = migrated(ml=None)
    study = load_study(tmp_path / "study.yml")
    assert list(study.methods) == ["alice", "alices", "sally", "rate"]
    assert "the input of madminer-workflow-ml" in losses


def test_keys_that_nobody_knows_are_told(migrated):
    changes = ("n_trials: 100", "n_trials: 100\n  colour: red"), ("estimator:", "spam: {eggs: [1, 2]}\nestimator:")
    _, losses = migrated(*changes)
    assert losses["ph.yml: set_morphing.colour"].what == "red"
    assert "ml.yml: spam.eggs[0]" in losses
    assert "ml.yml: spam.eggs[1]" in losses


def test_ranges_grow_to_hold_the_benchmarks(migrated, tmp_path):
    _, losses = migrated(("value_1: 10.0", "value_1: 15.2"))
    assert load_study(tmp_path / "study.yml").parameters["CWL2"].range == (-10.0, 15.2)
    assert losses["ph.yml: parameters[0].parameter_range"].what == "(-10.0,10.0)"


def test_names_that_a_study_cannot_have(migrated, tmp_path):
    _, losses = migrated(("CWL2", "c-w"), ("'sm'", "'0 sm'"))
    study = load_study(tmp_path / "study.yml")
    assert list(study.parameters) == ["c_w", "CPWL2"]
    assert "it is called c_w" in losses["ph.yml: parameters[0].parameter_name"].why
    assert "it is called p_0_sm" in losses["ph.yml: benchmarks[0].name"].why


def test_observables_and_cuts_that_are_not_ours(migrated, tmp_path):
    changes = ("'j[0].pt'", "'secret(j[0])'"), ("'pt_j1 > 30.'", "'pt_j1 > 30. and spam'")
    _, losses = migrated(*changes, ("histogram_vars: pt_j1", ""), ("observable: pt_j1", "observable: delta_phi_jj"))
    study = load_study(tmp_path / "study.yml")
    assert list(study.observables) == ["delta_phi_jj"]
    assert study.cuts == ()
    assert "not an observable of Assay's" in losses["ph.yml: observables[0].definition"].why
    assert "not a cut of Assay's" in losses["ph.yml: cuts[0].expression"].why


def test_methods_of_older_forms_are_accepted(migrated, tmp_path):
    text = "(j[0].phi() - j[1].phi()) * (-1. + 2.*float(j[0].eta > j[1].eta))"
    migrated(("(j[0].phi - j[1].phi) * (-1. + 2.*float(j[0].eta > j[1].eta))", text))
    assert load_study(tmp_path / "study.yml").observables["delta_phi_jj"].expression == text


def test_an_observable_without_default(migrated, tmp_path):
    _, losses = migrated(("required: False\n    default: 0.0", "required: False\n    default: null"))
    assert load_study(tmp_path / "study.yml").observables["pt_j1"].required
    assert "MadMiner put NaN there" in losses["ph.yml: observables[0].required"].why


def test_doubly_parameterised_ratios_and_hypotheses_that_are_listed(migrated, tmp_path):
    changes = (
        ("'parameterized'", "'double_parameterized'"),
        ("['alice', 'alices', 'sally']", "['alices', 'sallino', 'nde']"),
        ("alices: *ratio", "alices:\n  theta_0: {sampling_method: benchmarks, sampling_arg: [sm, w]}\n"
         "  theta_1: {sampling_method: benchmark, sampling_arg: w}\n"
         "nde:\n  theta: {sampling_method: morphing_points, sampling_arg: [[0.5, -1], [2.0, 1.0]]}"),
    )  # fmt: skip
    _, losses = migrated(*changes)
    study = load_study(tmp_path / "study.yml")
    kinds = {name: method.kind for name, method in study.methods.items()}
    assert kinds.items() >= {"alices": "alices", "sallino": "sallino", "nde": "nde"}.items()
    assert study.methods["alices"].family == "doubly_parameterised"
    assert study.reference == "w"
    assert study.sampling.numerator == ("sm", "w")
    assert "that of the first" in losses["ml.yml: nde.theta"].why
    assert "ml.yml: estimator" not in losses


def test_points_are_hypotheses(migrated, tmp_path):
    points = "  theta_0: {sampling_method: morphing_points, sampling_arg: [[0.5, -1], [2.0, 1.0]]}"
    only = "['alice', 'alices', 'sally']", "['alices']"
    migrated(only, ("alices: *ratio", f"alices:\n{points}"))
    numerator = load_study(tmp_path / "study.yml").sampling.numerator
    assert numerator == ({"CWL2": 0.5, "CPWL2": -1.0}, {"CWL2": 2.0, "CPWL2": 1.0})


def test_other_estimators_hypotheses_and_references_are_told(migrated, tmp_path):
    changes = (
        ("'parameterized'", "'quadrupled'"),
        ("alices: *ratio", "alices:\n  theta_0: {sampling_method: benchmarks, sampling_arg: [ssm]}\n"
         "  theta_1: {sampling_method: benchmark, sampling_arg: w}"),
    )  # fmt: skip
    _, losses = migrated(*changes)
    assert load_study(tmp_path / "study.yml").reference == "sm"
    assert "no such estimator" in losses["ml.yml: estimator"].why
    assert "one reference, sm" in losses["ml.yml: alices.theta_1"].why
    assert "no hypothesis of this study: ssm" in losses["ml.yml: alices.theta_0.sampling_arg"].why
    assert "drawn from a prior" in losses["ml.yml: alices.theta_0.sampling_method"].why


def test_the_study_is_plain_yaml(migrated):
    found, _ = migrated()
    assert yaml.safe_load(found.text)["assay"] == 1


WRONG = {
    "no yaml": (("parameters:", "parameters: ["), "cannot be read"),
    "no parameters": (("parameters:", "parameter:"), "no input of madminer-workflow-ph|parameters"),
    "no number": (("lha_id: 2", "lha_id: two"), r"ph.yml: parameters\[0\].lha_id: two"),
    "a fraction": (("lha_id: 2", "lha_id: 2.5"), "expected: a whole number"),
    "no range": (("(-10.0,10.0)", "wide"), r"parameters\[0\].parameter_range: wide"),
    "another parameter": (("parameter_name_2: 'CPWL2'", "parameter_name_2: 'CX'"), "expected: one of CWL2, CPWL2"),
    "a shape": (("'flat'", "'round'"), "expected: flat or gaussian"),
    "theta_true": (("theta_true: [0.0, 0.0]", "theta_true: [0.0]"), "expected: 2 numbers"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_files_that_are_wrong(migrated, fault):
    change, message = WRONG[fault]
    with pytest.raises(StudyError, match=message):
        migrated(change)


def test_missing_files(tmp_path):
    with pytest.raises(StudyError, match="file not found"):
        migrate(tmp_path / "none.yml", None, "x")


def test_observables_called_like_particles_get_other_names(migrated, tmp_path):
    # as the tutorials of MadMiner have it: `met` is an observable, `met.pt` a property of the missing momentum
    _, losses = migrated(
        ("name: 'pt_j1'", "name: 'met'"), ("definition: 'j[0].pt'", "definition: 'met.pt'"),
        ("'pt_j1 > 30.'", "'met > 30. and met.phi < 9'"),
    )  # fmt: skip
    assert any("met_1" in str(loss) for loss in losses.values())
    study = load_study(tmp_path / "study.yml")
    assert study.observables["met_1"].expression == "met.pt"
    assert study.cuts == ("met_1 > 30. and met.phi < 9",)


@pytest.mark.parametrize(
    "definition",
    [
        "j[0].deltaphi(j[1]) * (-1. + 2.*float(j[0].eta > j[1].eta))",
        "(l[0] + met).mt",
        "j[0].deltaR(j[1])",
        "abs(j[0].phi - j[1].phi)",
        "l[0].charge * float(abs(l[0].pdgid) == 11)",
        "sqrt((l[0].e + j[0].e) ** 2 - (l[0].pt + j[0].pt) ** 2)",
        "atan2(j[0].py, j[0].px) + pow(met.pt, 2) / pi",
        "len(mu) + len(tau) + visible.e",
        "(j[0] + j[1] + l[0] + met).M2",
        "boost_to_com(j[0]).pt",
        "p[0].pt",
    ],
)
def test_expressions_of_madminers_users_are_kept(migrated, tmp_path, definition):
    migrated(("definition: 'j[0].pt'", f"definition: '{definition}'"))
    assert load_study(tmp_path / "study.yml").observables["pt_j1"].expression == definition


def write_cards(folder, **more):
    """Cards as madminer-workflow-ph has them, and more by name."""
    folder.mkdir()
    cards = {
        "proc_card_signal.dat": "import model EWdim6-full\ngenerate p p > h j j QCD=0\noutput mg -f\nlaunch\n",
        "run_card_signal.dat": "  5000 = nevents ! number\n 6500 = ebeam1\n",
        "param_card_template.dat": "BLOCK DIM6\n  2 0.0\n",
        "delphes_card.dat": "set ExecutionPath {}\n",
    }
    for name, text in (cards | more).items():
        (folder / name).write_text(text)
    return folder


def test_cards_make_it_a_study_of_madgraph(tmp_path):
    found = cards_in(write_cards(tmp_path / "code"))
    migration = migrate(DATA / "ph.yml", None, "old", found)
    process = yaml.safe_load(migration.text)["process"]
    assert process == {
        "generator": "madgraph",
        "cards": {
            "proc": f"{CARDS}/proc_card_signal.dat",
            "run": f"{CARDS}/run_card_signal.dat",
            "param": f"{CARDS}/param_card_template.dat",
        },
        "events_per_benchmark": 5000,
    }
    assert found.text("proc") == "import model EWdim6-full\ngenerate p p > h j j QCD=0\n"
    losses = {loss.what: loss for loss in migration.losses}
    assert {"output mg -f", "launch", "Delphes"} <= set(losses)
    assert "process and run cards" not in losses
    (tmp_path / CARDS).mkdir(parents=True)
    for kind, path in found.files.items():
        (tmp_path / CARDS / path.name).write_text(found.text(kind))
    (tmp_path / "study.yml").write_text(migration.text)
    assert load_study(tmp_path / "study.yml").process.cards.run == f"{CARDS}/run_card_signal.dat"


def test_the_signal_is_told_from_other_cards_of_a_folder(tmp_path):
    more = {"proc_card_background.dat": "generate p p > t t~\n", "run_card_background.dat": "1 = nevents\n"}
    found = cards_in(write_cards(tmp_path / "code", **more))
    assert found.files["proc"].name == "proc_card_signal.dat"
    assert [path.name for path in found.others] == ["proc_card_background.dat", "run_card_background.dat"]
    losses = [loss for loss in found.losses() if loss.what == "another card"]
    assert all("`signal: true`" in loss.mend for loss in losses)
    assert len(losses) == 2


@pytest.mark.parametrize("missing", ["proc", "run"])
def test_a_folder_without_cards_is_refused(tmp_path, missing):
    folder = write_cards(tmp_path / "code")
    (folder / f"{missing}_card_signal.dat").unlink()
    with pytest.raises(StudyError, match=rf"no {missing}_card"):
        cards_in(folder)
