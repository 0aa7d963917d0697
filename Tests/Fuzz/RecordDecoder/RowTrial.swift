import Glibc
import VaultModel

@testable import VaultAPI
@testable import VaultService
@testable import VaultStore

/// A row of any table with anything at all in its columns, and all that must hold of the record it becomes.
final class RowTrial {
    private let connection: Connection

    init() throws {
        var folder = Array("/tmp/keystow-fuzz-XXXXXX".utf8CString)
        guard mkdtemp(&folder) != nil else { throw NoSuchTrial() }
        let path = String(decoding: folder.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let file = path + "/rows.db"
        guard close(open(file, O_CREAT | O_WRONLY, 0o600)) == 0 else { throw NoSuchTrial() }
        connection = try Connection(path: file, access: .readWrite)
        // Nothing is stored: what is read are the parameters of a query. So no run leaves anything behind.
        for name in ["", "-wal", "-shm"] { unlink(file + name) }
        rmdir(path)
    }

    func run(_ bytes: [UInt8]) throws {
        var cells = Cells(bytes.dropFirst())
        switch (bytes.first ?? 0) % 8 {
        case 0: try key(cells.take(KeyRow.columns.names.count + 2))
        case 1:
            try roundTrip(cells.take(TokenRow.columns.names.count), TokenRow.decode) {
                TokenRow.values($0.record, mac: $0.mac)
            }
        case 2:
            try roundTrip(cells.take(ProjectRow.columns.names.count), ProjectRow.decode) {
                try ProjectRow.values($0.record, mac: $0.mac)
            }
        case 3:
            try roundTrip(cells.take(ConnectRow.columns.names.count), ConnectRow.decode) {
                try ConnectRow.values($0.record, mac: $0.mac)
            }
        case 4: try roundTrip(cells.take(VersionRow.own.names.count), VersionRow.decode) { try VersionRow.values($0) }
        case 5:
            try roundTrip(cells.take(PolicyRow.columns.names.count), PolicyRow.decode) {
                try PolicyRow.values($0.record, mac: $0.mac)
            }
        case 6: _ = try read(cells.take(OrderRow.columns.names.count), OrderRow.decode)
        default: _ = try read(cells.take(AuditQueries.columns.names.count), AuditQueries.decode)
        }
    }

    private func key(_ values: [Value]) throws {
        let stored = try read(values, KeyRow.decode)
        let newest = Array(values.suffix(2))
        let again = try read(try KeyRow.values(stored.record, mac: stored.mac) + newest, KeyRow.decode)
        require(again == stored, "a record is read as it is written")
        if stored.record.status == .undecryptable, case .text("active") = values[5] {
            require(stored.mac.isEmpty, "a damaged row matches no MAC")
        }
        var writer = JSONWriter()
        writer.value(KeyView(record: stored.record, integrity: .edited, rotateBy: nil))
        do throws(Problem) {
            _ = try JSONDocument(writer.finish())
        } catch {
            require(error.detail.contains("too many"), "whatever a row holds, it is shown as JSON")
        }
    }

    private func roundTrip<Stored: Equatable>(
        _ values: [Value], _ decode: (inout Row) -> Stored, _ encode: (Stored) throws -> [Value]
    ) throws {
        let stored = try read(values, decode)
        require(try read(try encode(stored), decode) == stored, "a record is read as it is written")
    }

    private func read<Stored>(_ values: [Value], _ decode: (inout Row) -> Stored) throws -> Stored {
        let places = values.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
        guard let stored = try connection.first("SELECT \(places)", values, decode) else { throw NoSuchTrial() }
        return stored
    }
}

/// What an input of the fuzzer puts into columns, one after the other; null when there is no more.
private struct Cells {
    private var rest: ArraySlice<UInt8>

    private static let words = [
        "", "active", "unverified", "revoked", "undecryptable", "anthropic", "user-1", "https://api.test", "{}", "[]",
        #"{"a":"b","c":"d"}"#, #"{"a":"\n"}"#, #"["anthropic","groq"]"#, "[1,2]", "valid", "ok", "adm", "app", "store",
        "pending", "current", "leak", "key.created", "token.revoked", #"{"code":"valid"}"#, "#336699",
        "9223372036854775808", "-1", "1e999", "0x7f",
    ]

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    mutating func take(_ count: Int) -> [Value] { (0..<count).map { _ in next() } }

    private mutating func next() -> Value {
        guard let kind = rest.popFirst() else { return .null }
        switch kind % 9 {
        case 0: return .null
        case 1: return .integer(bytes(8).reduce(0) { $0 << 8 | Int64($1) })
        case 2: return .integer(Int64(Int8(bitPattern: rest.popFirst() ?? 0)))
        case 3: return .text(String(decoding: bytes(Int(rest.popFirst() ?? 0)), as: UTF8.self))
        case 4: return .blob(bytes(Int(rest.popFirst() ?? 0)))
        case 5: return .blob([UInt8](repeating: rest.popFirst() ?? 0, count: 16))
        case 6: return .blob([UInt8](repeating: rest.popFirst() ?? 0, count: 32))
        case 7: return .integer([.min, .max, 0, 1_795_000_000_000][Int(rest.popFirst() ?? 0) % 4])
        default: return .text(Self.words[Int(rest.popFirst() ?? 0) % Self.words.count])
        }
    }

    private mutating func bytes(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}
