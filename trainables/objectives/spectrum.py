"""The spectrum that access points share: their channels, the noise in one, and how far a signal stands out.

A user is served by the access point that is strongest there, S. All others of the same channel transmit, too, always
and each at full power; what of them arrives adds up as noise does:

    SINR = S / (N + sum of the others on S's channel),    N = k T B F

with the bandwidth B, the noise figure F and T = 290 K. Wi-Fi's listening before it talks is not modelled: it shares
time where this shares power.
"""

import numpy as np
import numpy.typing as npt
from pydantic import Field

from search_spaces.model import Model
from trainables.objectives.base import Powers, w_to_dbm

BOLTZMANN = 1.380649e-23
"""J/K; exact by the SI's definition."""

TEMPERATURE_K = 290.0
"""At which noise figures are defined (IEEE)."""


class SpectrumSettings(Model):
    """Channels, and the noise in them."""

    bandwidth_hz: float = Field(20e6, ge=1e3, le=1e10, description="bandwidth of a channel [Hz]")
    noise_figure_db: float = Field(7.0, ge=0, le=50, description="noise figure of the users' devices [dB]")
    num_channels: int = Field(
        4, ge=1, le=1_000, description="channels to choose from; 4: of 20 MHz at 5 GHz without radar detection"
    )
    channels: tuple[int | None, ...] = Field(
        (),
        max_length=1_000,
        description="channel of each access point, the first being 1; null, and those beyond the list: chosen for each "
        "placement, such that they disturb each other little",
    )

    def check(self) -> None:
        """Raise ``ValueError`` if a channel is given that is none."""
        for number, channel in enumerate(self.channels):
            if channel is not None and not 1 <= channel <= self.num_channels:
                raise ValueError(
                    f"spectrum.channels.{number} must be 1 to num_channels={self.num_channels}, but got {channel}; "
                    "choose one of them or raise num_channels"
                )

    @property
    def noise_w(self) -> float:
        """Power of the noise in a channel [W]."""
        return float(BOLTZMANN * TEMPERATURE_K * self.bandwidth_hz * 10 ** (self.noise_figure_db / 10))

    @property
    def noise_dbm(self) -> float:
        """The same in dBm."""
        return w_to_dbm(self.noise_w)

    def interferes(self, num_ap: int) -> bool:
        """Whether any of so many access points may have to share a channel."""
        given = [channel for channel in self.channels[:num_ap] if channel is not None]
        return len(set(given)) < len(given) or num_ap > self.num_channels

    def assigned(self, rss_w: Powers) -> npt.NDArray[np.intp]:
        """Channel of each access point of a map ``[num_ap, num_cells]`` [W], from 1: ``[num_ap]``.

        Greedy: those that serve most cells choose first, each the channel on which it and those already there disturb
        each other least, counted in decibels over the noise in the cells that either serves.
        """
        server, num_ap = rss_w.argmax(axis=0), len(rss_w)
        rise_db = 10 * np.log10(1 + rss_w / self.noise_w)
        disturbed = np.array([rise_db[:, server == ap].sum(axis=1) for ap in range(num_ap)])  # [served, disturbing]
        disturbed += disturbed.T
        channels: npt.NDArray[np.intp] = np.zeros(num_ap, dtype=np.intp)
        for ap, channel in enumerate(self.channels[:num_ap]):
            channels[ap] = channel or 0
        served = np.bincount(server, minlength=num_ap)
        for ap in np.lexsort((-rise_db.sum(axis=1), -served)):
            if not channels[ap]:
                costs = np.bincount(channels, disturbed[ap], minlength=self.num_channels + 1)[1:]
                channels[ap] = 1 + costs.argmin()
        return channels

    def signal_w(self, rss_w: Powers) -> Powers:
        """What a signal would be that stood out of the noise alone as far as each cell's does, ``[num_cells]`` [W].

        The SINR is this over ``noise_w``.
        """
        server, cell = rss_w.argmax(axis=0), np.arange(rss_w.shape[1])
        channels = self.assigned(rss_w)
        disturbing = channels[:, None] == channels[server]
        disturbing[server, cell] = False
        return np.asarray(rss_w[server, cell] / (1 + (rss_w * disturbing).sum(axis=0) / self.noise_w))
