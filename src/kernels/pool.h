#pragma once

#include "kernels/windows.h"

// Max pooling and its adjoint, over each of `planes` images. Elements of a window are numbered in memory
// order from 0, padding included; Number is std::uint8_t where that holds all of them, else std::int64_t.
namespace chainrule::kernels {

/// Of each window the first NaN, or else the first largest element: its value to y and its number to
/// `numbers`, where these are not null. Every window has at least one element that is not padding.
template <class T, class Number>
void max_pool(const Windows& windows, std::int64_t planes, const T* x, T* y, Number* numbers);

/// The element of each window that has the window's number; 0 if that is padding.
template <class T, class Number>
void take_from_windows(const Windows& windows, std::int64_t planes, const T* x, const Number* numbers, T* y);

/// The adjoint: zeros, to which each window's y is added where take_from_windows reads, in the order of
/// windows.
template <class T, class Number>
void max_unpool(const Windows& windows, std::int64_t planes, const T* y, const Number* numbers, T* x);

}  // namespace chainrule::kernels
