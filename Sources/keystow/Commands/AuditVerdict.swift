import VaultAPI
import VaultModel
import VaultService

/// What `audit verify` found, in words and as JSON.
enum AuditVerdict {
    /// - Parameter isFile: whether exported entries were looked at, and not a data directory.
    static func text(_ report: AuditReport, isFile: Bool) -> String {
        var lines: [String] = []
        if let finding = report.finding {
            lines.append("FAULT  \(finding)")
            if report.last > report.base { lines.append("ok     entries \(report.base + 1) to \(report.last)") }
        } else {
            lines.append("ok     entries \(report.base + 1) to \(report.last), in one chain")
        }
        if report.base > 0, isFile { lines.append("note   the file begins behind entry \(report.base)") }
        if report.base > 0, !isFile {
            lines.append(
                "note   entries up to \(report.base) were dropped; \(report.kept) of them are kept, and are checked")
        }
        if report.awaitingDeletion > 0, report.finding == nil {
            lines.append("note   \(report.awaitingDeletion) of those that were dropped are still to be deleted")
        }
        if let newest = report.newestHead {
            lines.append("ok     \(report.headsAgreed) signed heads agree, the newest of all is at entry \(newest)")
            if report.finding == nil, newest < report.last {
                lines.append("note   entries behind \(newest) are not signed yet")
            }
        } else {
            lines.append(
                "note   no signed head: a chain that fits in itself can be made by whoever writes the database")
        }
        for line in report.forgedLines.prefix(20) {
            lines.append("FAULT  the note at line \(line) of the anchor is not signed by this vault")
        }
        for line in report.copiedLines.prefix(20) {
            lines.append("FAULT  the note at line \(line) of the anchor was copied there")
        }
        for line in report.tornLines.prefix(20) {
            lines.append(
                "note   line \(line) of the anchor begins a piece of a note, as an interrupted write leaves it")
        }
        if let skew = report.firstSkew {
            lines.append("note   the clock went back: entry \(skew) has an earlier time than one before it")
        }
        if report.rollbacks > 0 {
            lines.append(
                "note   an older database was taken back \(report.rollbacks) times, with an operator's consent")
        }
        if report.restarts > 0 {
            lines.append("note   an anchor was begun \(report.restarts) times when there was a log already")
        }
        if !report.hasAnchor, report.newestHead != nil {
            lines.append("note   no anchor: the heads are those beside the entries, which proves less")
        }
        if !report.hasGivenKeys {
            lines.append(
                "note   the public key is the one beside the log, which proves less; give --public-key, from elsewhere:"
            )
            lines += report.keys.map { "       \($0)" }
        }
        return lines.joined(separator: "\n")
    }

    static func json(_ report: AuditReport) -> WipedBuffer {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.member("ok", report.isWell)
        writer.member("first_bad", report.finding?.sequence)
        writer.member("fault", report.finding?.kind.rawValue)
        writer.member("through", report.finding?.through)
        writer.member("base", report.base)
        writer.member("kept", report.kept)
        writer.member("last_good", report.last)
        writer.member("heads_agreed", report.headsAgreed)
        writer.member("newest_head", report.newestHead)
        writer.member("awaiting_deletion", report.awaitingDeletion)
        writer.member("forged_notes", report.forgedLines.count)
        writer.member("copied_notes", report.copiedLines.count)
        writer.member("torn_notes", report.tornLines.count)
        writer.member("first_skew", report.firstSkew)
        writer.member("rollbacks", report.rollbacks)
        writer.member("restarts", report.restarts)
        writer.member("anchor", report.hasAnchor)
        writer.member("given_key", report.hasGivenKeys)
        writer.member("public_keys", report.keys.map { "\($0)" })
        writer.endObject()
        return writer.finish()
    }
}
