/// One step of the schema: a name and the SQL that makes it.
///
/// A step that has ever been applied is never edited: the store keeps its text and compares it byte for
/// byte at every start. A change is a new step at the end of ``all``.
package struct Migration: Sendable, Equatable {
    /// The name of the file, without its ending.
    package let name: String
    package let sql: String

    package init(name: String, sql: String) {
        self.name = name
        self.sql = sql
    }

    /// Every step for SQLite, in order; the version of the first is 1.
    package static let all = [
        Migration(name: "V0001_vault", sql: String(decoding: PackageResources.V0001_vault_sql, as: UTF8.self)),
        Migration(
            name: "V0002_provider_health",
            sql: String(decoding: PackageResources.V0002_provider_health_sql, as: UTF8.self)),
        Migration(name: "V0003_connect", sql: String(decoding: PackageResources.V0003_connect_sql, as: UTF8.self)),
        Migration(
            name: "V0004_audit_heads", sql: String(decoding: PackageResources.V0004_audit_heads_sql, as: UTF8.self)),
        Migration(
            name: "V0005_keyring_terms",
            sql: String(decoding: PackageResources.V0005_keyring_terms_sql, as: UTF8.self)),
    ]
}
