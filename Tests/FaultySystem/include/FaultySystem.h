#pragma once

// What stands in front of glibc's functions in a program that is started with this library loaded first (ld.so(8),
// LD_PRELOAD). Nothing of it is called by name.
