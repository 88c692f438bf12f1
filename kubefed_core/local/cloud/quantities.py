"""Amounts of resources, as Kubernetes writes them."""

from decimal import Decimal, InvalidOperation

_FACTORS = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    **{unit: Decimal(1000) ** (power + 1) for power, unit in enumerate("kMGTPE")},
    **{f"{unit}i": Decimal(1024) ** (power + 1) for power, unit in enumerate("KMGTPE")},
}


def parse(text: str | int | float) -> Decimal:
    """Such as `250m`, `1.5Gi` or `2e3`; raises ValueError for what is none."""
    digits = str(text).strip()
    number = digits.rstrip("numkKMGTPEi")
    try:
        return Decimal(number) * _FACTORS[digits[len(number) :]]
    except (InvalidOperation, KeyError) as error:
        raise ValueError(f"{text!r} is not a quantity") from error
