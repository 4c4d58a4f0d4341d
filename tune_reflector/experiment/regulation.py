"""What access points may radiate, by band: a warning where no rule known here would allow it.

Limits are of EIRP, the power of an isotropic antenna that would be as strong in the best direction, over the whole
channel. They are a planner's first look and no legal advice: rules on power density, on transmit power control and on
being indoors are left out.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from search_spaces.antenna import AntennaConfig
from search_spaces.design import AccessPoint
from trainables.tracing.radio import RadioConfig

ELEMENT_GAIN_DBI = {"iso": 0.0, "dipole": 1.76, "hw_dipole": 2.15, "tr38901": 8.0}
"""Largest gain of the elements that are equations: 10 log10 of 1, 3/2 and 1.64; 3GPP TR 38.901, table 7.3-1."""


@dataclass(frozen=True)
class Limit:
    """The most that one rule allows in one band."""

    low_hz: float
    high_hz: float
    eirp_dbm: float
    rule: str


LIMITS = (
    Limit(2.4000e9, 2.4835e9, 20.0, "ETSI EN 300 328"),
    Limit(2.4000e9, 2.4835e9, 36.0, "FCC 47 CFR 15.247"),  # 1 W into 6 dBi, and so on
    Limit(5.150e9, 5.350e9, 23.0, "ETSI EN 301 893"),
    Limit(5.470e9, 5.725e9, 30.0, "ETSI EN 301 893"),
    Limit(5.150e9, 5.250e9, 36.0, "FCC 47 CFR 15.407"),
    Limit(5.250e9, 5.350e9, 30.0, "FCC 47 CFR 15.407"),
    Limit(5.470e9, 5.725e9, 30.0, "FCC 47 CFR 15.407"),
    Limit(5.725e9, 5.850e9, 36.0, "FCC 47 CFR 15.407"),
    Limit(5.945e9, 6.425e9, 23.0, "ETSI EN 303 687, indoors"),
    Limit(5.925e9, 7.125e9, 30.0, "FCC 47 CFR 15.407, indoors"),
)


def eirp_dbm(power_dbm: float, antenna: AntennaConfig) -> float:
    """The power that an access point radiates into its best direction, over isotropic [dBm]."""
    table = antenna.table()
    element_dbi = ELEMENT_GAIN_DBI[antenna.pattern] if table is None else float(table.gain_dbi.max())
    return power_dbm + element_dbi + 10 * math.log10(antenna.num_elements)


def limits_at(frequency_hz: float) -> list[Limit]:
    """Those of the band that a carrier is in; none where no rule here knows it."""
    return [limit for limit in LIMITS if limit.low_hz <= frequency_hz <= limit.high_hz]


def too_strong(radio: RadioConfig, access_points: Iterable[AccessPoint]) -> list[str]:
    """Warn of the access point that radiates most, if that is more than every rule of its band allows."""
    limits = limits_at(radio.frequency_hz)
    radiated = [(eirp_dbm(ap.power_dbm, radio.antenna_of(ap)), ap.power_dbm) for ap in access_points]
    if not limits or not radiated:
        return []
    most_dbm, power_dbm = max(radiated)
    if most_dbm <= max(limit.eirp_dbm for limit in limits) + 1e-9:
        return []
    rules = ", ".join(f"{limit.eirp_dbm:g} dBm ({limit.rule})" for limit in limits)
    return [
        f"access_points.power_dbm: {power_dbm:g} dBm and the antenna's gain make {most_dbm:.1f} dBm EIRP, more than "
        f"rules allow at {radio.frequency_hz / 1e9:g} GHz: {rules}; lower it"
    ]
