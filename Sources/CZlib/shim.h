#pragma once

#include <zlib.h>

// deflateInit2 is a macro, which Swift does not import. 16 more window bits ask for gzip's header and trailer.
static inline int keystow_zlib_start_gzip(z_stream *stream) {
    return deflateInit2(stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
}
