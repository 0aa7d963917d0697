import CSQLite
import Synchronization
import VaultTestKit

/// What SQLite itself says that it runs on one vault's database, with the values in it: no code of ours is asked.
///
/// Begin before the vault is opened, since only connections opened afterwards are watched.
final class StatementTrace: Sendable {
    private static let statements = Mutex<[String]>([])

    private static let isInstalled: Bool = {
        let entry:
            @convention(c) (OpaquePointer?, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, OpaquePointer?) ->
                Int32 = {
                    database, _, _ in
                    sqlite3_trace_v2(
                        database, UInt32(SQLITE_TRACE_STMT), { _, _, statement, _ in StatementTrace.note(statement) },
                        nil)
                }
        return sqlite3_auto_extension(unsafeBitCast(entry, to: (@convention(c) () -> Void).self)) == SQLITE_OK
    }()

    init() throws {
        guard Self.isInstalled else { throw TestKitFailure("SQLite cannot be watched") }
    }

    private static func note(_ statement: UnsafeMutableRawPointer?) -> Int32 {
        guard let statement = statement.map({ OpaquePointer($0) }),
            let name = sqlite3_db_filename(sqlite3_db_handle(statement), "main"),
            let text = sqlite3_expanded_sql(statement)
        else { return 0 }
        let line = "\(String(cString: name))\n\(String(cString: text))"
        sqlite3_free(text)
        statements.withLock { $0.append(line) }
        return 0
    }

    /// What has run on this vault's database so far, in order.
    func statements(of vault: RunningVault) -> [String] {
        let file = vault.directory.path + "/data/vault.db\n"
        return Self.statements.withLock { $0.filter { $0.contains(file) } }
            .map { $0.split(separator: "\n", maxSplits: 1).last.map(String.init) ?? "" }
    }
}
