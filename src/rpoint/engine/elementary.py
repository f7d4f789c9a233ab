"""exp, log and pow on vectors, in LLVM IR: relative errors of a few 1e-16, no library needed.

exp: reduction by multiples of ln 2 (in two parts) and the Taylor series to degree 13.
log: mantissa in [sqrt(1/2), sqrt(2)) and the series of artanh.
pow: exp(e*log x), with the cases x <= 0 apart.
"""

from __future__ import annotations

import math
import struct

from rpoint.engine.ir import Function

_LN2_HIGH = float.fromhex("0x1.62e42fefa0000p-1")
_LN2_LOW = float.fromhex("0x1.cf79abc9e3b3ap-40")
_MAGIC = 6755399441055744.0  # 1.5*2**52: adding it rounds to an integer in the low bits


def elementary(lanes: int) -> str:
    """IR of rp_exp, rp_log and rp_pow on vectors; relative error of a few 1e-16."""
    return _exp_text(lanes) + _log_text(lanes) + _pow_text(lanes)


def _exp_text(lanes: int) -> str:
    f = Function("rp_exp", f"<{lanes} x double> %x", lanes, f"<{lanes} x double>")
    x = f.sel(f.cmp("ogt", "%x", f.splat(709.0)), f.splat(709.0), "%x")
    x = f.sel(f.cmp("olt", x, f.splat(-708.0)), f.splat(-708.0), x)
    shifted = f.fma(x, f.splat(1 / math.log(2)), f.splat(_MAGIC))
    k = f.bin("fsub", shifted, f.splat(_MAGIC))
    r = f.fma(k, f.splat(-_LN2_HIGH), x)
    r = f.fma(k, f.splat(-_LN2_LOW), r)
    p = f.horner([1 / math.factorial(j) for j in range(13, -1, -1)], r)
    exponent = f.let(f"bitcast {f.vec} {shifted} to {f.ints}")
    exponent = f.let(f"shl {f.ints} {exponent}, {f.splat_int(52)}")
    exponent = f.let(f"add {f.ints} {exponent}, {f.splat_int(1023 << 52)}")
    return f.text(f.bin("fmul", p, f.let(f"bitcast {f.ints} {exponent} to {f.vec}")))


def _log_text(lanes: int) -> str:
    """log of positive numbers (smaller than 2.3e-308: as of that); NaN below zero."""
    f = Function("rp_log", f"<{lanes} x double> %x", lanes, f"<{lanes} x double>")
    tiny = f.splat(2.2250738585072014e-308)
    x = f.sel(f.cmp("olt", "%x", tiny), tiny, "%x")
    b = f.let(f"bitcast {f.vec} {x} to {f.ints}")
    half = struct.unpack("<q", struct.pack("<d", math.sqrt(0.5)))[0]
    d = f.let(f"sub {f.ints} {b}, {f.splat_int(half - (1024 << 52))}")
    e = f.let(f"lshr {f.ints} {d}, {f.splat_int(52)}")
    up = f.let(f"shl {f.ints} {e}, {f.splat_int(52)}")
    m = f.let(f"sub {f.ints} {b}, {up}")
    m = f.let(f"add {f.ints} {m}, {f.splat_int(1024 << 52)}")
    m = f.let(f"bitcast {f.ints} {m} to {f.vec}")
    k = f.let(f"or {f.ints} {e}, {f.splat_int(0x4330000000000000)}")
    k = f.bin("fsub", f.let(f"bitcast {f.ints} {k} to {f.vec}"), f.splat(2.0**52 + 1024.0))
    u = f.bin("fdiv", f.bin("fsub", m, f.splat(1.0)), f.bin("fadd", m, f.splat(1.0)))
    u2 = f.bin("fmul", u, u)
    tail = f.horner([2 / (2 * j + 1) for j in range(10, 0, -1)], u2)
    series = f.fma(f.bin("fmul", tail, u2), u, f.bin("fmul", u, f.splat(2.0)))
    low = f.fma(k, f.splat(_LN2_LOW), series)
    out = f.fma(k, f.splat(_LN2_HIGH), low)
    bad = f.cmp("uge", "%x", f.splat(0.0))
    return f.text(f.sel(bad, f.sel(f.cmp("uno", "%x", "%x"), "%x", out), f.splat(math.nan)))


def _pow_text(lanes: int) -> str:
    """x**e; of a negative base zero**e unless e is an integer; finite everywhere."""
    f = Function("rp_pow", f"<{lanes} x double> %x, <{lanes} x double> %e", lanes,
                 f"<{lanes} x double>")
    size = f.intrinsic("fabs", "%x")
    r = f.call("rp_exp", f.bin("fmul", "%e", f.call("rp_log", size)))
    zero, one = f.splat(0.0), f.splat(1.0)
    at_zero = f.sel(f.cmp("ogt", "%e", zero), zero, f.sel(f.cmp("olt", "%e", zero),
                                                          f.splat(1e300), one))
    half = f.bin("fmul", "%e", f.splat(0.5))
    odd = f.cmp("une", f.intrinsic("rint", half), half)
    signed = f.sel(odd, f.let(f"fneg {f.vec} {r}"), r)
    whole = f.cmp("oeq", f.intrinsic("rint", "%e"), "%e")
    negative = f.sel(whole, signed, at_zero)
    r = f.sel(f.cmp("olt", "%x", zero), negative, r)
    return f.text(f.sel(f.cmp("olt", size, f.splat(2.3e-308)), at_zero, r))
