"""Colours that the colour-blind tell apart, the same in every picture (Okabe and Ito 2008)."""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's, which the colour-blind can tell apart; then they repeat with another line style."""

AP_COLOUR, PLATE_COLOUR = "#CC79A7", "#D55E00"
AFTER_COLOUR, BEFORE_COLOUR = "#0072B2", "#E69F00"
