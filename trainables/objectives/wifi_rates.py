"""The rates of Wi-Fi 6, one user on one spatial stream, and the SINR that each needs.

Rates are those of IEEE Std 802.11ax-2021, clause 27.5 (parameters for HE-MCSs: 242-, 484-, 996- and 2x996-tone RUs):
data subcarriers times bits of a subcarrier times code rate, every 12.8 us and a guard interval of 0.8 us.

What they need follows from the receiver's minimum input level sensitivity (the same standard, Table 27-51; 20 MHz), at
which packets of 4096 octets fail in 10 %. It supposes a noise figure of 10 dB and an implementation margin of 5 dB
(IEEE Std 802.11-2020, clause 17.3.10.2), and noise of -101 dBm (k 290 K 20 MHz). A wider channel has as much more noise
as the standard asks for more power, 3 dB every doubling: the SINR stays.
"""

import numpy as np
import numpy.typing as npt

SUBCARRIERS = {20e6: 234, 40e6: 468, 80e6: 980, 160e6: 1960}
"""For data, by bandwidth [Hz]."""

SYMBOL_US = 12.8 + 0.8

_BITS = np.array([1, 2, 2, 4, 4, 6, 6, 6, 8, 8, 10, 10])
"""Of a subcarrier, of HE-MCS 0 to 11: BPSK, QPSK, 16-, 64-, 256- and 1024-QAM."""

_CODE_RATE = np.array([1 / 2, 1 / 2, 3 / 4, 1 / 2, 3 / 4, 2 / 3, 3 / 4, 5 / 6, 3 / 4, 5 / 6, 3 / 4, 5 / 6])

SENSITIVITY_DBM = np.array([-82.0, -79, -77, -74, -70, -66, -65, -64, -59, -57, -54, -52])
"""Table 27-51, 20 MHz."""

NEEDED_SINR_DB = SENSITIVITY_DBM - (-101 + 10 + 5)
"""Of HE-MCS 0 to 11: 4 to 34 dB."""

LEAST_SINR_DB = float(NEEDED_SINR_DB[0])


def rates_mbps(sinr_db: npt.NDArray[np.float64], bandwidth_hz: float) -> npt.NDArray[np.float64]:
    """The highest rate [Mbit/s] that each SINR bears, 0 where it bears none; any shape.

    Raises:
        KeyError: the standard has no such bandwidth.
    """
    of_mcs = SUBCARRIERS[bandwidth_hz] * _BITS * _CODE_RATE / SYMBOL_US
    return np.concatenate([[0.0], of_mcs])[np.searchsorted(NEEDED_SINR_DB, sinr_db, side="right")]
