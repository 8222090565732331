#!/bin/sh
# How DejaVuSans-subset.ttf was made: Latin-1, Greek, arrows, mathematics, super- and subscripts, shapes (fonttools 4.68).
set -eu
pyftsubset "${1:-/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf}" --output-file="$(dirname "$0")/DejaVuSans-subset.ttf" \
  --layout-features='' --no-hinting --drop-tables+=GPOS,GSUB,GDEF,kern,FFTM --name-IDs=0,1,2,3,4,5,6,13,14 \
  --unicodes=U+0020-007E,U+00A0-00FF,U+0131,U+0152-0153,U+0391-03A9,U+03B1-03C9,U+2009-2015,U+2018-201E,U+2020-2022,U+2026,U+202F-2030,U+2032-2033,U+2039-203A,U+2044,U+2070-209C,U+20AC,U+2115,U+211D,U+2124,U+2190-2199,U+21D0-21D4,U+2200-220D,U+220F,U+2211-2213,U+2215,U+2217-221E,U+2225,U+2227-222B,U+2236,U+223C,U+2245,U+2248,U+2260-2265,U+226A-226B,U+2282-2287,U+2295-2297,U+22A2-22A5,U+22C5,U+2308-230B,U+25A0-25A1,U+25B2-25B3,U+25BC-25BD,U+25C6-25C7,U+25CB,U+25CF,U+2713-2718
