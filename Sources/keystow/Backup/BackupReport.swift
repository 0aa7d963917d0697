import VaultAPI
import VaultModel
import VaultService

/// What is said of a backup that was made, looked at or put in place.
enum BackupReport {
    static func lines(_ report: RestoreReport, isDryRun: Bool) -> [String] {
        let manifest = report.manifest
        var lines = [
            "backup of \(manifest.instance), made at \(manifest.madeAt), entry \(manifest.auditSequence)",
            "\(report.opened) of \(report.secrets) secrets open",
        ]
        if !report.closed.isEmpty {
            lines.append("do not open: " + report.closed.map(\.description).joined(separator: " "))
        }
        if let aside = report.aside { lines.append("the vault that was there lies in \(aside)") }
        lines.append(isDryRun ? "nothing was changed" : "restored")
        return lines
    }

    static func json(_ report: RestoreReport, isDryRun: Bool) -> WipedBuffer {
        var writer = JSONWriter()
        writer.beginObject()
        write(report.manifest, &writer)
        writer.member("secrets", report.secrets)
        writer.member("opened", report.opened)
        writer.member("closed", report.closed.map(\.description))
        writer.member("dry_run", isDryRun)
        writer.member("aside", report.aside)
        writer.endObject()
        return writer.finish()
    }

    static func json(_ manifest: BackupManifest, file: String) -> WipedBuffer {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("file", file)
        write(manifest, &writer)
        writer.endObject()
        return writer.finish()
    }

    private static func write(_ manifest: BackupManifest, _ writer: inout JSONWriter) {
        writer.member("instance", manifest.instance)
        writer.member("made_at", manifest.madeAt)
        writer.member("schema", manifest.schema)
        writer.member("audit_sequence", manifest.auditSequence)
        writer.member("master_key_id", manifest.masterKeyID)
        writer.member("database_bytes", manifest.databaseBytes)
        writer.member("database_sha256", manifest.databaseSHA256)
    }
}
