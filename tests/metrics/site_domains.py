"""Random domains that meet the rules of the public suffix list, of every kind, and none."""

from hypothesis import strategies as st

from tests.metrics.reference_sites import LIST

SUFFIXES = sorted(suffix for suffix in LIST._publicsuffix if suffix.isascii())
WILDCARDS = [suffix.removeprefix("*.") for suffix in SUFFIXES if suffix.startswith("*.")]
EXCEPTIONS = [suffix.removeprefix("!") for suffix in SUFFIXES if suffix.startswith("!")]
NAMES = [suffix for suffix in SUFFIXES if suffix[0] not in "*!"]

_labels = st.sampled_from(["a", "b", "www", "mail", "1", "xn--e1afmkfd", "A", "é", "", "x" * 63, "a_b", "\n"])
_suffixes = st.one_of(
    st.sampled_from(["com", "co.uk", "ck", "www.ck", "github.io", "internal", "corp.internal", "рф", "xn--p1ai", "7"]),
    st.sampled_from(WILDCARDS),
    st.sampled_from(EXCEPTIONS),
    st.sampled_from(NAMES),
)
_tails = st.sampled_from(["", "", "", ":8080", ".", ".:1", ":", ":a", ":٣", "..", "\n", ":80\n"])
domains = st.one_of(
    st.builds(
        lambda labels, suffix, tail: ".".join([*labels, suffix]) + tail,
        st.lists(_labels, max_size=4),
        _suffixes,
        _tails,
    ),
    st.sampled_from(["chrome:", "localhost:3000", "[::1]:80", "[::1]", "127.0.0.1", "10.1.2.3:99", "1.2", "a.b.c:"]),
    st.text(max_size=12).filter(lambda text: "\0" not in text),
).filter(bool)
