"""The radio settings: frequency, antennas, and which interactions rays may take."""

from pydantic import Field

from search_spaces.antenna import AntennaConfig, Pattern, Polarization
from search_spaces.design import AccessPoint
from search_spaces.model import Model


class RadioConfig(Model):
    """The radio system and the propagation model."""

    frequency_hz: float = Field(5.18e9, ge=1e9, le=100e9, description="carrier frequency [Hz]; Wi-Fi channel 36")
    tx_pattern: Pattern = Field(
        "tr38901",
        description="antenna element of access points without an antenna of their own: iso, dipole, hw_dipole, tr38901 "
        "(8 dBi, 65 degrees wide), ceiling_omni, or the path of a file: .msi, .pln, .csv",
    )
    polarization: Polarization = Field("V", description="polarisation of the element")
    array_rows: int = Field(1, ge=1, le=64, description="rows of an access point's antenna array")
    array_columns: int = Field(1, ge=1, le=64, description="columns of the array")
    array_spacing: float = Field(0.5, gt=0, description="element spacing [wavelengths]")
    max_depth: int = Field(8, ge=0, le=50, description="most interactions of a ray; a corridor guides many")
    line_of_sight: bool = Field(True, description="trace direct rays")
    specular_reflection: bool = Field(True, description="trace mirror reflections")
    refraction: bool = Field(False, description="trace rays through walls; needed between rooms, twice as slow")
    diffuse_reflection: bool = Field(False, description="trace scattering off rough surfaces")
    scattering_coefficient: float = Field(
        0.3,
        gt=0,
        le=1,
        description="roughness of a floor plan's surfaces, used with diffuse_reflection; 0.3: painted walls",
    )
    diffraction: bool = Field(
        False,
        description="add what edges diffract, of first order; indoors it is little: below 0.1 dB of P5 in l_corridor",
    )

    @property
    def antenna(self) -> AntennaConfig:
        """That of access points that have none of their own."""
        return AntennaConfig(
            pattern=self.tx_pattern,
            polarization=self.polarization,
            rows=self.array_rows,
            columns=self.array_columns,
            spacing=self.array_spacing,
        )

    def antenna_of(self, access_point: AccessPoint) -> AntennaConfig:
        """Its own antenna, or that of all."""
        return access_point.antenna or self.antenna
