import CSQLite
import VaultModel

#if canImport(Glibc)
import Glibc
#endif

/// A prepared statement: the one owner of its handle, which it frees when it goes.
///
/// Not for concurrent use; it belongs to its ``Connection``.
@safe
final class Statement {
    private let handle: OpaquePointer
    /// Which value each of SQLite's parameters takes. To SQLite `$1` is a name like any other, and it numbers names as
    /// they first appear.
    private let order: [Int]

    init(_ sql: String, on database: OpaquePointer, isKept: Bool) throws(StoreError) {
        var prepared: OpaquePointer?
        let flags = isKept ? UInt32(SQLITE_PREPARE_PERSISTENT) : 0
        let code = unsafe sqlite3_prepare_v3(database, sql, -1, flags, &prepared, nil)
        guard code == SQLITE_OK, let prepared = unsafe prepared else { throw StoreError(sqlite: code) }
        unsafe handle = prepared
        let count = unsafe sqlite3_bind_parameter_count(prepared)
        order = (0..<count).map { index in
            guard let name = unsafe sqlite3_bind_parameter_name(prepared, index + 1) else { return -1 }
            return (unsafe Int(String(cString: name).dropFirst()) ?? 0) - 1
        }
    }

    deinit { unsafe sqlite3_finalize(handle) }

    /// Gives the parameters `$1`, `$2`, … their values. SQLite keeps copies until ``reset()``.
    func bind(_ values: [Value]) throws(StoreError) {
        for (index, number) in order.enumerated() {
            guard values.indices.contains(number) else { throw StoreError(sqlite: SQLITE_RANGE) }
            let code = bind(values[number], at: Int32(index + 1))
            guard code == SQLITE_OK else { throw StoreError(sqlite: code) }
        }
    }

    /// Goes to the next row.
    ///
    /// - Returns: `false` when there is none.
    func step() throws(StoreError) -> Bool {
        let code = unsafe sqlite3_step(handle)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw StoreError(sqlite: code, violation: message, errno: errno)
        }
    }

    /// Where the columns of the present row are read, from the first one on.
    var row: Row { unsafe Row(handle) }

    /// Makes it ready to run again and forgets its parameters.
    func reset() {
        // The code only repeats that of the last step.
        _ = unsafe sqlite3_reset(handle)
        _ = unsafe sqlite3_clear_bindings(handle)
    }

    private var message: String {
        guard let text = unsafe sqlite3_errmsg(sqlite3_db_handle(handle)) else { return "" }
        return unsafe String(cString: text)
    }

    private func bind(_ value: Value, at index: Int32) -> Int32 {
        switch value {
        case .null:
            return unsafe sqlite3_bind_null(handle, index)
        case .integer(let number):
            return unsafe sqlite3_bind_int64(handle, index, number)
        case .text(var text):
            return text.withUTF8 { bytes in
                unsafe keystow_sqlite_bind_text(handle, index, bytes.baseAddress, Int32(bytes.count))
            }
        case .blob(let blob):
            return unsafe blob.withUnsafeBytes { bytes in
                unsafe keystow_sqlite_bind_blob(handle, index, bytes.baseAddress, Int32(bytes.count))
            }
        case .uuid(let uuid):
            return unsafe withUnsafeBytes(of: (uuid.high.bigEndian, uuid.low.bigEndian)) { bytes in
                unsafe keystow_sqlite_bind_blob(handle, index, bytes.baseAddress, Int32(bytes.count))
            }
        }
    }
}
