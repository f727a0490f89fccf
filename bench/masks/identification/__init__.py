"""Which published set of masks a folder holds: by the hashes of its holes, and by rule where a rule draws them."""

from bench.masks.identification.catalogue import read_passports, shipped_passports
from bench.masks.identification.identify import Identification, identify
from bench.masks.identification.passport import MaskPassport, make_passport
from bench.masks.identification.text import identification_data, identification_lines

__all__ = [
    "Identification",
    "MaskPassport",
    "identification_data",
    "identification_lines",
    "identify",
    "make_passport",
    "read_passports",
    "shipped_passports",
]
