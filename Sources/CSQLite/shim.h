#pragma once

#include <sqlite3.h>

// sqlite3_db_config is variadic, which Swift cannot call: sets one switch and gives back what it is now.
static inline int keystow_sqlite_switch(sqlite3 *database, int option, int on, int *now) {
    return sqlite3_db_config(database, option, on, now);
}

// SQLITE_TRANSIENT is a cast of -1 to a function pointer, which Swift does not import. Both copy the bytes.
// A null pointer would bind NULL, so an empty value gets an address.
static inline int keystow_sqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, int count) {
    return sqlite3_bind_blob(statement, index, bytes ? bytes : "", count, SQLITE_TRANSIENT);
}

static inline int keystow_sqlite_bind_text(sqlite3_stmt *statement, int index, const void *bytes, int count) {
    return sqlite3_bind_text(statement, index, bytes ? (const char *)bytes : "", count, SQLITE_TRANSIENT);
}
