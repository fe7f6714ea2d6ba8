"""Studies to start from: for each kind of process a complete `input.yml`, with the parameters that are asked for.

`assay init` writes them. What is common to all is `_COMMON`; a template adds its process, detector and observables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class StartingParameter:
    """A parameter of a new study.

    Parameters
    ----------
    name
        Of the coefficient.
    block, entry
        Of the parameter card.
    low, high
        Its range, in the units of the card.
    """

    name: str
    block: str
    entry: int
    low: float = -1.0
    high: float = 1.0


@dataclass(frozen=True)
class Template:
    """A kind of study.

    Parameters
    ----------
    title
        What it measures in.
    model
        Of the embedded generator; empty where cards say what is generated.
    parameters
        Those it has unless others are asked for.
    process, detector, observables
        Sections of `input.yml`, as YAML.
    plotted
        Observables of the histogram method.
    """

    title: str
    model: str
    parameters: tuple[StartingParameter, ...]
    process: str
    detector: str
    observables: str
    plotted: tuple[str, ...]
    cuts: tuple[str, ...] = field(default=())


_SHOWERED = """\
shower:
  multiparton_interactions: false   # true: six times slower

detector:
  kind: parametrised
  card: ATLAS                       # ATLAS, CMS, HL-LHC, or a file of yours beside this one (docs/simulation.md)
"""

TEMPLATES: dict[str, Template] = {
    "wbf": Template(
        "WBF Higgs production, h > a a",
        "ewdim6",
        (StartingParameter("CWL2", "dim6", 2, -20.0, 20.0), StartingParameter("CPWL2", "dim6", 5, -20.0, 20.0)),
        """\
  generator: embedded
  name: wbf_higgs                   # p p > j j h by W, Z and photon
  model: ewdim6
  s_channel: false                  # true: with V h, V > j j
  decay: a a
  beam_energy: 6500.0
  scale: {choice: dynamical}
  cuts: {min_jet_pt: 20.0, max_jet_eta: 5.0, min_jet_separation: 0.4}
""",
        _SHOWERED,
        """\
  pt_j1: {expression: "j[0].pt", required: true, unit: GeV, label: "p_T(j_1)"}
  pt_j2: {expression: "j[1].pt", required: true, unit: GeV, label: "p_T(j_2)"}
  delta_phi_jj:                     # signed by which of the two jets is more forward: sensitive to CP
    expression: j[0].deltaphi(j[1]) * (-1. + 2. * float(j[0].eta > j[1].eta))
    required: true
    label: \\Delta\\phi_{jj}
  delta_eta_jj: {expression: "abs(j[0].eta - j[1].eta)", required: true, label: "|\\\\Delta\\\\eta_{jj}|"}
  m_jj: {expression: "(j[0] + j[1]).m", required: true, unit: GeV, label: "m_{jj}"}
  pt_aa: {expression: "(a[0] + a[1]).pt", required: true, unit: GeV, label: "p_T(\\\\gamma\\\\gamma)"}
""",
        ("pt_j1", "delta_phi_jj"),
        ("pt_j1 > 30",),
    ),
    "wh": Template(
        "W H production, W > l nu, h > b b",
        "warsaw",
        (StartingParameter("cHW", "SMEFT", 7), StartingParameter("cHq3", "SMEFT", 25, -0.5, 0.5)),
        """\
  generator: embedded
  name: wh                          # p p > l nu h, all flavour channels
  model: warsaw
  decay: b b~
  beam_energy: 6500.0
  scale: {choice: dynamical}
  cuts: {min_lepton_pt: 10.0, max_lepton_eta: 3.0}
""",
        """\
detector:                           # no shower; resolutions alone
  kind: none
  smearing: {b: {pt_resolution_rel: 0.12}}
  missing_momentum_noise: {absolute: 15.0}
""",
        """\
  pt_l: {expression: "l[0].pt", required: true, unit: GeV, label: "p_T(\\\\ell)"}
  pt_b1: {expression: "b[0].pt", required: true, unit: GeV, label: "p_T(b_1)"}
  pt_b2: {expression: "b[1].pt", required: true, unit: GeV, label: "p_T(b_2)"}
  m_bb: {expression: "(b[0] + b[1]).m", required: true, unit: GeV, label: "m_{bb}"}
  pt_bb: {expression: "(b[0] + b[1]).pt", required: true, unit: GeV, label: "p_T(bb)"}
  pt_miss: {expression: "met.pt", default: 0.0, unit: GeV, label: "E_T^{miss}"}
  m_tot: {expression: "(b[0] + b[1] + l[0] + met).mt", required: true, unit: GeV, label: "m_T"}
""",
        ("pt_bb", "m_tot"),
        ("pt_b2 > 25", "pt_miss > 25"),
    ),
    "zh": Template(
        "Z H production, Z > l+ l-, h > b b",
        "warsaw",
        (StartingParameter("cHW", "SMEFT", 7), StartingParameter("cHq3", "SMEFT", 25, -0.5, 0.5)),
        """\
  generator: embedded
  name: zh                          # p p > l+ l- h, all flavour channels
  model: warsaw
  decay: b b~
  beam_energy: 6500.0
  scale: {choice: dynamical}
  cuts: {min_lepton_pt: 10.0, max_lepton_eta: 3.0, min_lepton_pair_mass: 60.0}
""",
        """\
detector:                           # no shower; resolutions alone
  kind: none
  smearing: {b: {pt_resolution_rel: 0.12}}
""",
        """\
  pt_l1: {expression: "l[0].pt", required: true, unit: GeV, label: "p_T(\\\\ell_1)"}
  pt_ll: {expression: "(l[0] + l[1]).pt", required: true, unit: GeV, label: "p_T(\\\\ell\\\\ell)"}
  m_ll: {expression: "(l[0] + l[1]).m", required: true, unit: GeV, label: "m_{\\\\ell\\\\ell}"}
  pt_b2: {expression: "b[1].pt", required: true, unit: GeV, label: "p_T(b_2)"}
  m_bb: {expression: "(b[0] + b[1]).m", required: true, unit: GeV, label: "m_{bb}"}
  m_tot: {expression: "(b[0] + b[1] + l[0] + l[1]).m", required: true, unit: GeV, label: "m_{\\\\ell\\\\ell bb}"}
""",
        ("pt_ll", "m_tot"),
        ("pt_b2 > 25",),
    ),
    "wgamma": Template(
        "W gamma production, W > l nu",
        "ewdim6",
        (
            StartingParameter("CWWWL2", "dim6", 1, -10.0, 10.0),
            StartingParameter("CPWWWL2", "dim6", 4, -10.0, 10.0),
        ),
        """\
  generator: embedded
  name: wgamma                      # p p > l nu a, all flavour channels
  model: ewdim6
  beam_energy: 6500.0
  cuts: {min_lepton_pt: 15.0, max_lepton_eta: 2.5, min_photon_pt: 30.0, max_photon_eta: 2.5, min_photon_separation: 0.7}
""",
        """\
detector:                           # no shower, exact momenta
  kind: none
""",
        """\
  pt_a: {expression: "a[0].pt", required: true, unit: GeV, label: "p_T(\\\\gamma)"}
  pt_l: {expression: "l[0].pt", required: true, unit: GeV, label: "p_T(\\\\ell)"}
  pt_miss: {expression: "met.pt", default: 0.0, unit: GeV, label: "E_T^{miss}"}
  delta_phi_la: {expression: "l[0].deltaphi(a[0])", required: true, label: "\\\\Delta\\\\phi(\\\\ell, \\\\gamma)"}
  delta_eta_la: {expression: "l[0].eta - a[0].eta", required: true, label: "\\\\Delta\\\\eta(\\\\ell, \\\\gamma)"}
  mt: {expression: "(l[0] + met + a[0]).mt", required: true, unit: GeV, label: "m_T"}
""",
        ("pt_a", "delta_phi_la"),
    ),
    "cards": Template(
        "A process of MadGraph, by cards of yours",
        "",
        (),
        "",
        _SHOWERED,
        """\
  # those of your final state: j, e, mu, l, a, b, met (docs/observables.md)
  pt_j1: {expression: "j[0].pt", default: 0.0, unit: GeV, label: "p_T(j_1)"}
  n_jets: {expression: "len(j)", required: true, label: "n_j"}
  pt_miss: {expression: "met.pt", default: 0.0, unit: GeV, label: "E_T^{miss}"}
""",
        ("pt_j1",),
    ),
}
"""By the name that `assay init --template` takes."""

_COMMON = """\
# {title}. Check it with `assay validate`, run it with `assay run`; docs/input.md has every key.
assay: 1
name: {name}
title: {title}
seed: 1

# coefficients, by their entries of the parameter card; limits are in the same units
parameters:
{parameters}

# the basis optimisation adds as many as the morphing needs
benchmarks:
  sm: {{{sm}}}

process:
{process}  events_per_benchmark: {events}

{detector}
observables:
{observables}{cuts}
luminosity: 300.0                   # fb^-1

sampling:
  hypotheses: 1000
  train_samples: {train_samples}
  validation_samples: {validation_samples}

methods:
  alices: {{kind: alices}}
  sally: {{kind: sally}}
  histogram: {{kind: histogram, observables: [{plotted}]}}
  rate: {{kind: rate}}

limits:
  theta_true: sm
"""
_SAMPLES_PER_EVENT, _MOST_SAMPLES = 5, 200_000


def study_text(
    template: Template,
    name: str,
    parameters: Sequence[StartingParameter],
    events_per_benchmark: int,
    cards: Mapping[str, str] | None = None,
) -> str:
    """Return the text of a new `input.yml`.

    Parameters
    ----------
    template
        What to start from.
    name
        The study's.
    parameters
        One or more.
    events_per_benchmark
        To be generated.
    cards
        File names of MadGraph's cards by their kind, for a template that has no process of its own.
    """
    samples = min(_MOST_SAMPLES, _SAMPLES_PER_EVENT * events_per_benchmark)
    lines = [
        f"  {p.name}: {{lha_block: {p.block}, lha_id: {p.entry}, range: [{p.low!r}, {p.high!r}], max_power: 2}}"
        for p in parameters
    ]
    listed = "".join(f"    {kind}: {path}\n" for kind, path in (cards or {}).items())
    return _COMMON.format(
        title=template.title,
        name=name,
        parameters="\n".join(lines),
        sm=", ".join(f"{p.name}: 0.0" for p in parameters),
        process=template.process or f"  generator: madgraph\n  cards:\n{listed}",
        events=events_per_benchmark,
        detector=template.detector,
        observables=template.observables,
        cuts="\ncuts:\n" + "".join(f"  - {cut}\n" for cut in template.cuts) if template.cuts else "",
        train_samples=samples,
        validation_samples=max(1, samples // 4),
        plotted=", ".join(template.plotted),
    )
