"""CamVid's 32 classes, and the 11 that SegNet and most papers after it make of them."""

from __future__ import annotations

from dataclasses import dataclass

from bench.data.files import Labelling
from bench.vocabulary import VOID

__all__ = ["CLASSES", "OBJECTS", "ORIGINAL", "OriginalClass", "labelling_of_11"]

CLASSES = (
    "sky",
    "building",
    "pole",
    "road",
    "pavement",
    "tree",
    "sign",
    "fence",
    "car",
    "pedestrian",
    "bicyclist",
)
OBJECTS = ("tree", "sign", "car", "pedestrian", "bicyclist")
UNLABELLED = 11


@dataclass(frozen=True)
class OriginalClass:
    """One of the 32 classes.

    Attributes:
        name: as in label_colors.txt and codes.txt.
        colour: red, green and blue in the label maps of Cambridge.
        group: the class of CLASSES that it is part of; empty for Void.
    """

    name: str
    colour: tuple[int, int, int]
    group: str

    @property
    def index(self) -> int:
        """Its place in CLASSES, or VOID."""
        return CLASSES.index(self.group) if self.group else VOID


ORIGINAL = (
    OriginalClass("Animal", (64, 128, 64), "pedestrian"),
    OriginalClass("Archway", (192, 0, 128), "building"),
    OriginalClass("Bicyclist", (0, 128, 192), "bicyclist"),
    OriginalClass("Bridge", (0, 128, 64), "building"),
    OriginalClass("Building", (128, 0, 0), "building"),
    OriginalClass("Car", (64, 0, 128), "car"),
    OriginalClass("CartLuggagePram", (64, 0, 192), "pedestrian"),
    OriginalClass("Child", (192, 128, 64), "pedestrian"),
    OriginalClass("Column_Pole", (192, 192, 128), "pole"),
    OriginalClass("Fence", (64, 64, 128), "fence"),
    OriginalClass("LaneMkgsDriv", (128, 0, 192), "road"),
    OriginalClass("LaneMkgsNonDriv", (192, 0, 64), "road"),
    OriginalClass("Misc_Text", (128, 128, 64), "sign"),
    OriginalClass("MotorcycleScooter", (192, 0, 192), "bicyclist"),
    OriginalClass("OtherMoving", (128, 64, 64), "car"),
    OriginalClass("ParkingBlock", (64, 192, 128), "pavement"),
    OriginalClass("Pedestrian", (64, 64, 0), "pedestrian"),
    OriginalClass("Road", (128, 64, 128), "road"),
    OriginalClass("RoadShoulder", (128, 128, 192), "pavement"),
    OriginalClass("Sidewalk", (0, 0, 192), "pavement"),
    OriginalClass("SignSymbol", (192, 128, 128), "sign"),
    OriginalClass("Sky", (128, 128, 128), "sky"),
    OriginalClass("SUVPickupTruck", (64, 128, 192), "car"),
    OriginalClass("TrafficCone", (0, 0, 64), "pole"),
    OriginalClass("TrafficLight", (0, 64, 64), "sign"),
    OriginalClass("Train", (192, 64, 128), "car"),
    OriginalClass("Tree", (128, 128, 0), "tree"),
    OriginalClass("Truck_Bus", (192, 128, 192), "car"),
    OriginalClass("Tunnel", (64, 0, 64), "building"),
    OriginalClass("VegetationMisc", (192, 192, 0), "tree"),
    OriginalClass("Void", (0, 0, 0), ""),
    OriginalClass("Wall", (64, 192, 0), "building"),
)
"""In the order of label_colors.txt. The groups are those of MathWorks' example of SegNet on CamVid."""


def labelling_of_11() -> Labelling:
    """Of label maps that hold the 11 classes and 11 for unlabelled pixels."""
    return Labelling.named(CLASSES, OBJECTS, {index: index for index in range(len(CLASSES))} | {UNLABELLED: VOID})
