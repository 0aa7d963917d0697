import CSQLite
import VaultModel

/// The present row of a statement, read column by column from the first one on.
///
/// Reading never fails, so that one row that was edited by hand cannot hide the list it is in: a value of
/// another type is converted as SQLite does it, and where a column says nothing that the model knows, something
/// harmless stands in and the row is not whole. Valid until its statement takes its next step.
@safe
struct Row {
    private let handle: OpaquePointer
    private var next: Int32 = 0
    /// Whether every column read so far could be read as what it should be.
    private(set) var isWhole = true

    init(_ handle: OpaquePointer) { unsafe self.handle = handle }

    private mutating func column() -> Int32 {
        defer { next += 1 }
        return next
    }

    private func isNull(_ column: Int32) -> Bool { unsafe sqlite3_column_type(handle, column) == SQLITE_NULL }

    mutating func int64() -> Int64 { unsafe sqlite3_column_int64(handle, column()) }

    mutating func int() -> Int { Int(int64()) }

    mutating func optionalInt() -> Int? {
        let column = column()
        return isNull(column) ? nil : Int(unsafe sqlite3_column_int64(handle, column))
    }

    mutating func time() -> Timestamp { Timestamp(milliseconds: int64()) }

    mutating func optionalTime() -> Timestamp? { optionalInt().map { Timestamp(milliseconds: Int64($0)) } }

    mutating func text() -> String { optionalText() ?? "" }

    /// Bytes that are not UTF-8 come back as U+FFFD.
    mutating func optionalText() -> String? {
        let column = column()
        guard !isNull(column), let start = unsafe sqlite3_column_text(handle, column) else { return nil }
        let count = Int(unsafe sqlite3_column_bytes(handle, column))
        return unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    mutating func blob() -> [UInt8] { optionalBlob() ?? [] }

    mutating func optionalBlob() -> [UInt8]? {
        let column = column()
        guard !isNull(column) else { return nil }
        guard let start = unsafe sqlite3_column_blob(handle, column) else { return [] }
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }

    /// `nil` for NULL; anything but sixteen bytes is damage.
    mutating func optionalID<ID: TypeID>(_: ID.Type = ID.self) -> ID? {
        let column = column()
        guard !isNull(column) else { return nil }
        guard let start = unsafe sqlite3_column_blob(handle, column),
            unsafe sqlite3_column_bytes(handle, column) == 16
        else {
            isWhole = false
            return nil
        }
        let high = unsafe start.loadUnaligned(as: UInt64.self)
        let low = unsafe start.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        return ID(UUIDv7(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low)))
    }

    mutating func id<ID: TypeID>(_: ID.Type = ID.self) -> ID {
        required(optionalID(), or: ID(UUIDv7(high: 0, low: 0)))
    }

    mutating func owner() -> UserID { required(UserID(text()), or: .unreadable) }

    mutating func optionalOwner() -> UserID? { optionalText().map { required(UserID($0), or: .unreadable) } }

    mutating func provider() -> ProviderID { required(ProviderID(text()), or: .unreadable) }

    /// `nil` for NULL and for `''`.
    mutating func optionalProvider() -> ProviderID? {
        guard let text = optionalText(), !text.isEmpty else { return nil }
        return required(ProviderID(text), or: .unreadable)
    }

    /// One of the names of `Name`, or `fallback` where it is none.
    mutating func name<Name: RawRepresentable<String>>(or fallback: Name) -> Name {
        required(Name(rawValue: text()), or: fallback)
    }

    mutating func optionalName<Name: RawRepresentable<String>>(_: Name.Type = Name.self) -> Name? {
        guard let text = optionalText() else { return nil }
        guard let name = Name(rawValue: text) else {
            isWhole = false
            return nil
        }
        return name
    }

    /// `nil` for NULL; a text that `make` refuses is damage.
    mutating func optionalNoun<Noun>(_ make: (String) -> Noun?) -> Noun? {
        guard let text = optionalText() else { return nil }
        let noun = make(text)
        if noun == nil { isWhole = false }
        return noun
    }

    /// A list as JSON text; empty where it is none.
    mutating func list() -> [String] { JSONText.list(text()) }

    mutating func numbers() -> [Int] { JSONText.numbers(text()) }

    private mutating func required<T>(_ value: T?, or fallback: T) -> T {
        if let value { return value }
        isWhole = false
        return fallback
    }

    /// The row's MAC or hash, read last: empty, so that it matches nothing, where a column was damaged.
    mutating func seal() -> [UInt8] {
        let bytes = blob()
        return isWhole ? bytes : []
    }
}
