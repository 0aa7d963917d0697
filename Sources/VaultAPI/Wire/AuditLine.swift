package import VaultModel

/// One audit entry as a line of an export: the object that the API lists.
package enum AuditLine {
    package static func of(_ record: AuditRecord) -> WipedBuffer {
        var writer = JSONWriter(capacity: 512)
        writer.value(record)
        return writer.finish()
    }
}
