"""`run.json`: what was run, on what, by which versions, as a tree of dataclasses that is checked when it is read."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.records.decoding import FieldError, decode
from bench.records.published import PublishedFigure
from bench.records.schema import FORMAT, dump, without_format

__all__ = [
    "DatasetInfo",
    "EnvironmentInfo",
    "GpuUse",
    "ModelInfo",
    "ModelSize",
    "RunInfo",
    "SplitListInfo",
    "WeightsInfo",
]


@dataclass(frozen=True)
class SplitListInfo:
    """The list that chose the pictures of a split.

    Attributes:
        file: as it was given.
        sha256: over the ids in order of code points, a line feed behind each.
        n: how many pictures it names.
        equal_to: names of published splits that list the same ids; the pictures were not compared.
    """

    file: str
    sha256: str
    n: int
    equal_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class DatasetInfo:
    """The pictures.

    Attributes:
        name: of the data set, as `spgbench ls datasets` lists it.
        revision: hash of everything that the pictures depend on.
        split: `test`, or `as given` for a data set in memory.
        size: `256`, `256x512` (height x width), `native`, or `as given`.
        limit: so many pictures, spread evenly over the split, or None for all.
        n: how many pictures that are.
        classes: names of the classes of its label maps; empty without label maps.
        root: folder of its files as it was given, or None.
        rules: hash of all that every picture depends on beside its own files: name, split, size, sizing rule, classes.
            Cells lie under it. Empty up to format 2, where cells lie under `revision`.
        split_list: the list that chose pictures of the split, or None for all.
    """

    name: str
    revision: str
    split: str
    size: str
    limit: int | None
    n: int
    classes: tuple[str, ...]
    root: str | None = None
    rules: str = ""
    split_list: SplitListInfo | None = None

    @property
    def cell_revision(self) -> str:
        """What the cells of the run are filed under."""
        return self.rules or self.revision


@dataclass(frozen=True)
class ModelSize:
    """How large a model is.

    Attributes:
        parameters: numbers that its networks hold.
        multiply_adds: multiply-adds that it spends on one picture of the run's size.
    """

    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class WeightsInfo:
    """The weights that a learned model fills with.

    Attributes:
        name: of the shipped weights, or of the file without its ending.
        sha256: of the weight file.
        trained_on: names of the data sets of its trainings, in order; empty where the weights have no card.
    """

    name: str
    sha256: str
    trained_on: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelInfo:
    """One model of a run.

    Attributes:
        name: what tables call it.
        fingerprint: hash of weights, code version and options.
        labels: where its labels come from, `{"context": ..., "hole": ...}`.
        signature: in words what a model from elsewhere is given, or None.
        size: for models that hold torch modules, else None.
        weights: of a learned model, else None.
        given: text that named the model; empty for an object in memory, None in records that do not hold it.
    """

    name: str
    fingerprint: str
    labels: dict[str, str]
    signature: str | None = None
    size: ModelSize | None = None
    weights: WeightsInfo | None = None
    given: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Name and fingerprint: what tells two models of a run apart."""
        return self.name, self.fingerprint

    @property
    def is_oracle(self) -> bool:
        """Whether it is given true labels, inside or outside of the hole."""
        return "oracle" in self.labels.values()


@dataclass(frozen=True)
class EnvironmentInfo:
    """Where a run was begun; an empty text says that it was not recorded.

    Attributes:
        python: its version.
        machine: architecture of the processor.
        system: the operating system.
        device: `cpu`, or the name of the GPU.
    """

    python: str = ""
    machine: str = ""
    system: str = ""
    device: str = ""


@dataclass(frozen=True)
class GpuUse:
    """How busy the GPU was while the pictures of the last call ran.

    Attributes:
        share: of the time, 0 to 1.
        seconds: from the first picture to the last one, so many.
        source: `NVML`, which counts every program on the GPU; or `CUDA events` around models, judge and features of
            sets, which count gaps between their kernels as work, and leave out other metrics.
    """

    share: float
    seconds: float
    source: str

    def __str__(self) -> str:
        return f"GPU busy {self.share:.0%} of {self.seconds:.0f} s ({self.source})"


@dataclass(frozen=True)
class RunInfo:
    """Everything that `run.json` holds.

    Attributes:
        suite: its name.
        dataset: the pictures.
        protocols: full names, such as `center-50@1`.
        metrics: `metric.region` to its signature, for every number that a cell holds.
        other_metrics: the same for values that records hold of earlier calls and that this one did not ask for.
        asked: protocol to a hash of all that a whole cell of it must hold: pictures, metrics, seed. The marker of a
            whole cell repeats it. Empty up to format 2.
        seed: of the holes and of models that draw random numbers.
        models: in the order of tables.
        gallery: ids of the samples whose pictures are kept.
        gate: `metric.region` to the margin that the suite asks the gate to hold; empty: the gate's own.
        unavailable: metrics that were asked for and could not be measured, to why.
        versions: library to its version.
        environment: where the run was begun.
        judge: name of the judge that was asked for; empty for an object in memory, None for that of the data set.
        mask_sets: name of a protocol of masks from files to the published set that the files are.
        given: name of a protocol to the text that named it, where the name alone does not find it again.
        command: that runs it again; empty where the command line cannot.
        tasks: protocol to what it asks of a model, of those that ask for something else than completion.
        published: figures of papers that the suite names; no number of the run depends on them.
        gpu: how busy the GPU was; None on the CPU.
    """

    suite: str
    dataset: DatasetInfo
    protocols: tuple[str, ...]
    metrics: dict[str, str]
    seed: int
    models: tuple[ModelInfo, ...]
    other_metrics: dict[str, str] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    gallery: tuple[str, ...] = ()
    gate: dict[str, str] = field(default_factory=dict)
    unavailable: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    environment: EnvironmentInfo = field(default_factory=EnvironmentInfo)
    judge: str | None = None
    mask_sets: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    command: str = ""
    tasks: dict[str, str] = field(default_factory=dict)
    published: tuple[PublishedFigure, ...] = ()
    gpu: GpuUse | None = None

    def to_json(self) -> str:
        """The text of `run.json`; what a run or a model does not have is left out."""
        data = asdict(self)
        data["models"] = [_without_none(model) for model in data["models"]]
        for name in ("unavailable", "other_metrics", "mask_sets", "given", "command", "tasks", "published"):
            if not data[name]:
                del data[name]
        for name in ("judge", "gpu"):
            if data[name] is None:
                del data[name]
        data["dataset"] = _without(data["dataset"], "root", "split_list")
        return dump({"format": FORMAT, **data})

    @property
    def weight_warnings(self) -> list[str]:
        """A sentence for the models whose weights were trained on other data sets than that of the run."""
        elsewhere: dict[tuple[str, ...], list[str]] = {}
        for model in self.models:
            if model.weights and model.weights.trained_on and self.dataset.name not in model.weights.trained_on:
                elsewhere.setdefault(model.weights.trained_on, []).append(model.name)
        return [
            f"{', '.join(names)} {'was' if len(names) == 1 else 'were'} trained on {' and '.join(trained_on)}; "
            f"this run is on {self.dataset.name}"
            for trained_on, names in elsewhere.items()
        ]

    @classmethod
    def from_data(cls, data: object) -> RunInfo:
        """Inverse of `to_json`, after parsing.

        Raises:
            FieldError: naming the first field that is missing, unknown or of another type, or another format.
        """
        info = decode(cls, without_format(data)[1])
        for where, names in (("protocols", info.protocols), ("models", [model.name for model in info.models])):
            if twice := [name for name, count in Counter(names).items() if count > 1]:
                raise FieldError(where, "name each once", f"'{twice[0]}' twice")
        return info


def _without(data: dict[str, Any], *names: str) -> dict[str, Any]:
    """The parts, less those of these names that are None."""
    return {name: part for name, part in data.items() if part is not None or name not in names}


def _without_none(data: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in data.items() if part is not None}
