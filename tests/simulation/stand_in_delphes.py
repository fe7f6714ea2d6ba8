"""A stand-in for DelphesHepMC3: reads HepMC3 text from its standard input, writes a ROOT file with Delphes' tree.

Particles above 20 GeV become jets, photons and leptons above 10 GeV themselves. A comment `# stand-in: WORD` in the
card makes it fail in one of the ways in which Delphes does.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np


def main() -> int:
    card, output = Path(sys.argv[1]), Path(sys.argv[2])
    text = card.read_text()
    fault = next((line.split(":")[1].strip() for line in text.splitlines() if line.startswith("# stand-in:")), "")
    if output.exists():
        print(f"** ERROR: can't create output file {output}", file=sys.stderr)
        return 1
    print("** Reading standard input")
    print(f"seed {[line.split()[-1] for line in text.splitlines() if line.startswith('set RandomSeed')][-1]}")
    if fault == "card":
        print("** ERROR: can't access input list 'NoSuch/array' in module 'JetFinder'", file=sys.stderr)
        return 1
    if fault == "early":
        return 3
    events = read_events()
    if fault == "crash":
        print(" *** Break *** segmentation violation", flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
    if fault == "damaged":
        print("** ERROR: invalid event format", file=sys.stderr)
        events = events[: len(events) // 2]
    if fault == "short":
        events = events[:-1]
    if fault == "none":
        events = []
    if fault != "nothing":
        write(output, events)
    print("\r** [####] (100.00%)\n** Exiting...")
    return 0


def read_events() -> list[tuple[int, float, np.ndarray]]:
    """Return number, first weight and final particles (pdg, px, py, pz, e, m) of every event."""
    events, particles, number, weight = [], [], -1, 1.0
    for line in (*sys.stdin, "E -1 0 0"):
        words = line.split()
        if not words:
            continue
        if words[0] == "E":
            if number >= 0:
                events.append((number, weight, np.array(particles, dtype=np.float64).reshape(-1, 6)))
            number, particles = int(words[1]), []
        elif words[0] == "W" and number >= 0 and len(words) > 1:
            weight = float(words[1])
        elif words[0] == "P" and words[-1] == "1":  # P id vertex pdg px py pz e m status
            particles.append([float(word) for word in words[3:9]])
    return events


def write(output: Path, events: list[tuple[int, float, np.ndarray]]) -> None:
    import awkward as ak  # take a second, which most failures do without
    import uproot

    flat = [describe(particles) for _, _, particles in events]

    def lists(kind: str, names: tuple[str, ...]) -> Any:
        counts = np.array([len(event[kind]) for event in flat], dtype=np.int64)
        rows = [row for event in flat for row in event[kind]]
        return ak.unflatten(
            ak.zip({name: np.array([row[name] for row in rows], dtype(name)) for name in names}), counts
        )

    def dtype(name: str) -> type[np.generic]:
        return np.int32 if name in ("Charge", "BTag", "TauTag", "Flavor", "PID", "Status", "M1") else np.float32

    def one(values: list[float], kind: type[np.generic] = np.float32) -> Any:
        return ak.from_regular(ak.Array(np.asarray(values, dtype=kind)[:, np.newaxis]))

    momentum = ("PT", "Eta", "Phi")
    met = [event["met"] for event in flat]
    content = {
        "Event": ak.zip(
            {
                "Number": one([number for number, _, _ in events], np.int64),
                "ReadTime": one([0.1] * len(events)),
                "Weight": one([weight for _, weight, _ in events]),
                "CrossSection": one([1.0] * len(events)),
            }
        ),
        "Weight": ak.zip({"Weight": one([weight for _, weight, _ in events])}),
        "Particle": lists("all", (*momentum, "Mass", "PID", "Status", "M1", "Charge", "E")),
        "Track": lists("tracks", (*momentum, "Charge")),
        "Tower": lists("all", ("E", "Eta", "Phi")),
        "Jet": lists("jets", (*momentum, "Mass", "Flavor", "BTag", "TauTag", "Charge")),
        "Electron": lists("electrons", (*momentum, "Charge")),
        "Muon": lists("muons", (*momentum, "Charge")),
        "Photon": lists("photons", (*momentum, "E")),
        "MissingET": ak.zip(
            {"MET": one([m[0] for m in met]), "Eta": one([0.0] * len(met)), "Phi": one([m[1] for m in met])}
        ),
        "ScalarHT": ak.zip({"HT": one([0.0] * len(met))}),
    }
    with uproot.recreate(output) as file:
        types = {name: array.layout.form.type for name, array in content.items()}
        tree = file.mktree(
            "Delphes",
            types,
            counter_name=lambda name: f"{name}_size",
            field_name=lambda outer, inner: f"{outer}.{inner}",
        )
        if len(events):
            tree.extend(content)


def describe(particles: np.ndarray) -> dict[str, list[dict[str, float]]]:
    """Return the branches of one event."""
    rows = []
    for pdg, px, py, pz, e, m in particles:
        pt = np.hypot(px, py)
        eta = np.arcsinh(pz / pt) if pt > 0 else 99.0
        charge = -np.sign(pdg) if abs(pdg) in (11, 13) else 0
        row = {"PID": pdg, "PT": pt, "Eta": eta, "Phi": np.arctan2(py, px), "Mass": m, "E": e, "Charge": charge}
        rows.append(row | {"Status": 1, "M1": -1, "BTag": 2 + (abs(pdg) == 5), "TauTag": 0, "Flavor": abs(pdg) % 100})
    hard = [row for row in rows if row["PT"] > 10 and abs(row["Eta"]) < 5]
    invisible = [row for row in rows if abs(row["PID"]) in (12, 14, 16)]
    x, y = (sum(row["PT"] * function(row["Phi"]) for row in invisible) for function in (np.cos, np.sin))
    leptons = (11, 12, 13, 14, 16, 22)
    return {
        "all": rows,
        "tracks": [row for row in rows if row["Charge"]],
        "jets": [row for row in hard if abs(row["PID"]) not in leptons and row["PT"] > 20],
        "electrons": [row for row in hard if abs(row["PID"]) == 11],
        "muons": [row for row in hard if abs(row["PID"]) == 13],
        "photons": [row for row in hard if row["PID"] == 22],
        "met": (float(np.hypot(x, y)), float(np.arctan2(y, x))),
    }


if __name__ == "__main__":
    sys.exit(main())
