"""Small published tables that the tests of meta-analysis share; counts are facts of the papers."""

from __future__ import annotations

import numpy as np

# BCG against tuberculosis: cases and totals, vaccinated and control, latitude, year.
# Colditz et al. 1994, JAMA 271:698; Berkey et al. 1995, Stat Med 14:395.
BCG = np.array(
    [
        (4, 123, 11, 139, 44, 1948),
        (6, 306, 29, 303, 55, 1949),
        (3, 231, 11, 220, 42, 1960),
        (62, 13598, 248, 12867, 52, 1977),
        (33, 5069, 47, 5808, 13, 1973),
        (180, 1541, 372, 1451, 44, 1953),
        (8, 2545, 10, 629, 19, 1973),
        (505, 88391, 499, 88391, 13, 1980),
        (29, 7499, 45, 7277, 27, 1968),
        (17, 1716, 65, 1665, 42, 1961),
        (186, 50634, 141, 27338, 18, 1974),
        (5, 2498, 3, 2341, 33, 1969),
        (27, 16913, 29, 17854, 33, 1976),
    ]
)

# Vasospasm prevented by hyperdynamic therapy: Pritz 1997, Surg Neurol 48:364.
PRITZ_X = np.array([16, 10, 4, 43, 10, 25, 13, 12, 22, 4, 5, 18, 58, 6])
PRITZ_N = np.array([17, 12, 8, 58, 10, 42, 14, 12, 41, 5, 6, 23, 68, 10])

# Catheter infections, coated (a) and standard (c): Niël-Weise et al. 2007, Intensive Care Med
# 33:2058, as analysed by Stijnen et al. 2010, Stat Med 29:3046.
NIEL_A = np.array([0, 1, 2, 0, 5, 1, 1, 1, 1, 1, 0, 0, 3, 6, 0, 0, 1, 4])
NIEL_N1 = np.array(
    [116, 44, 208, 130, 151, 98, 174, 74, 97, 113, 66, 70, 188, 187, 118, 252, 345, 64]
)
NIEL_C = np.array([3, 3, 9, 7, 6, 4, 3, 2, 19, 2, 7, 1, 5, 11, 0, 1, 3, 1])
NIEL_N2 = np.array(
    [117, 35, 195, 136, 157, 139, 177, 39, 103, 122, 64, 58, 175, 180, 105, 262, 362, 69]
)

# Hyperprogression in six cohorts (Champiat 2017, Saâda-Bouzid 2017, Kato 2017, Ferrara 2018,
# Lo Russo 2019, Matos 2020).
SIX_X = [12, 10, 6, 56, 39, 29]
SIX_N = [131, 34, 155, 406, 152, 270]
