// In place of zlib, which this build does not have: the page unpacks .gz itself. What asks for it is told so.
#pragma once

#include "absent.h"

using Bytef = unsigned char;
using uInt = unsigned int;
struct z_stream_s {
  Bytef *next_in, *next_out;
  uInt avail_in, avail_out;
  const char* msg;
};
using z_stream = z_stream_s;

constexpr int Z_OK = 0, Z_STREAM_END = 1, Z_MEM_ERROR = -4, Z_BUF_ERROR = -5, Z_NO_FLUSH = 0, MAX_WBITS = 15;

inline int inflateInit2(z_stream*, int) { chainrule::web::absent("gzip"); }
inline int inflate(z_stream*, int) { return Z_BUF_ERROR; }
inline int inflateReset(z_stream*) { return Z_OK; }
inline int inflateEnd(z_stream*) { return Z_OK; }
