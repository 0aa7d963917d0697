import FoundationEssentials
import VaultAPI
import VaultCrypto
import VaultModel
import VaultService

/// A file of exported audit entries: a line that says where the chain stood, an entry a line, and a signed head.
enum AuditFile {
    /// The first line.
    struct Opening: Decodable {
        /// The entry behind which the file begins, and the chain's hash there.
        let after: Int
        let hash: String
        let public_keys: [String]

        var line: WipedBuffer {
            var writer = JSONWriter(capacity: 512)
            writer.beginObject()
            writer.member("after", after)
            writer.member("hash", hash)
            writer.member("public_keys", public_keys)
            writer.endObject()
            return writer.finish()
        }
    }

    /// The last line.
    struct Closing: Decodable {
        let signed_head: String

        var line: WipedBuffer {
            var writer = JSONWriter(capacity: 512)
            writer.beginObject()
            writer.member("signed_head", signed_head)
            writer.endObject()
            return writer.finish()
        }
    }

    /// An entry, its members as in the API.
    struct Entry: Decodable {
        let seq: Int
        let at: String
        let actor: Actor
        let action: String
        let object: String
        let key_id: String?
        let project_id: String?
        let outcome: String
        let request_id: String?
        let key_ref: String?
        let reason: String?
        let revision: Int?
        let hash: String

        struct Actor: Decodable {
            let token_id: String?
            let name: String
            let kind: String
        }

        /// `nil` where a member is none of its kind.
        var record: AuditRecord? {
            guard (1...ChainPosition.last).contains(seq), let at = Timestamp(rfc3339: at),
                let action = AuditAction(rawValue: action),
                let hash = AuditFile.bytes(of: hash),
                (actor.token_id == nil) == (actor.token_id.flatMap { TokenID($0) } == nil),
                (key_id == nil) == (key_id.flatMap { KeyID($0) } == nil),
                (project_id == nil) == (project_id.flatMap { ProjectID($0) } == nil),
                (request_id == nil) == (request_id.flatMap { RequestID($0) } == nil)
            else { return nil }
            var entry = AuditEntry(
                at: at, actor: .anonymous, action: action, object: object, keyID: key_id.flatMap { KeyID($0) },
                projectID: project_id.flatMap { ProjectID($0) }, outcome: outcome,
                requestID: request_id.flatMap { RequestID($0) }, keyRef: key_ref ?? "", reason: reason ?? "",
                revision: revision)
            entry.actorTokenID = actor.token_id.flatMap { TokenID($0) }
            entry.actorName = actor.name
            entry.actorKind = actor.kind
            return AuditRecord(sequence: seq, entry: entry, hash: hash)
        }
    }

    /// Checks exported entries against signed heads: those in `anchor`, and the file's own.
    static func verify(
        _ path: String, anchor: String?, keys given: [NoteKey]
    ) throws(CommandFailure) -> AuditReport {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            throw CommandFailure("cannot read \(path)", .noInput)
        }
        var lines = data.split(separator: UInt8(ascii: "\n"))[...]
        let decoder = JSONDecoder()
        guard let first = lines.popFirst(), let opening = try? decoder.decode(Opening.self, from: first),
            let hash = bytes(of: opening.hash), hash.count == 32, (0...ChainPosition.last).contains(opening.after),
            isAsWritten(first, opening.line)
        else {
            throw CommandFailure(
                "\(path) does not begin with the line that says where the chain stood, so nothing can be proven: "
                    + "export without --key, --token-id, --action and --until", .dataFault)
        }
        var closing: String?
        if let last = lines.last, let line = try? decoder.decode(Closing.self, from: last), isAsWritten(last, line.line)
        {
            closing = line.signed_head
            lines.removeLast()
        }
        var report = AuditReport()
        report.hasGivenKeys = true
        report.keys = given
        var heads: [ChainPosition] = []
        if let anchor {
            let chain = try chain(in: anchor, signedBy: given)
            report.take(chain)
            heads = chain.heads
            if !report.hasAnchor { report.finding = AuditFinding(.anchorMissing, at: opening.after + 1) }
        }
        if let closing {
            if case .head(let head)? = AnchorNote(closing, signedBy: report.keys)?.statement {
                heads.append(head)
            } else {
                report.finding = AuditFinding(.headForged, at: opening.after + 1)
            }
        }
        let base = ChainPosition(sequence: opening.after, hash: hash)
        report.base = base.sequence
        // The base is proven by itself where a head was signed there.
        if let known = heads.first(where: { $0.sequence == base.sequence }), known != base {
            report.finding = AuditFinding(.rewritten, at: base.sequence, through: base.sequence)
            return report
        }
        try follow(lines, from: base, heads, &report, decoder)
        return report
    }

    private static func chain(in anchor: String, signedBy keys: [NoteKey]) throws(CommandFailure) -> AnchorChain {
        let contents: AnchorContents?
        do { contents = try AnchorContents(path: anchor) } catch { throw CommandFailure(error) }
        guard let contents else { throw CommandFailure("there is no anchor at \(anchor)", .noInput) }
        do {
            return try AnchorChain(contents, keys: keys, name: keys.first?.name ?? "")
        } catch {
            throw CommandFailure(OpeningError.crypto(error))
        }
    }

    private static func follow(
        _ lines: ArraySlice<Data>, from base: ChainPosition, _ heads: [ChainPosition], _ report: inout AuditReport,
        _ decoder: JSONDecoder
    ) throws(CommandFailure) {
        var records: [AuditRecord] = []
        for (index, line) in lines.enumerated() {
            guard let record = (try? decoder.decode(Entry.self, from: line))?.record,
                isAsWritten(line, AuditLine.of(record))
            else {
                throw CommandFailure(
                    "line \(index + 2) is no audit entry as `keystow audit export` writes it", .dataFault)
            }
            records.append(record)
        }
        // What was signed behind the end of the stretch proves nothing of the stretch.
        let end = records.map(\.sequence).max() ?? base.sequence
        let within = heads.filter { $0.sequence <= end }
        report.newestHead = within.map(\.sequence).max()
        var verifier = AuditVerifier(from: base, heads: within)
        do {
            for record in records { try verifier.take(record) }
        } catch {
            throw CommandFailure(OpeningError.crypto(error))
        }
        let agreed = verifier.agreed
        report.take(verifier)
        if report.finding == nil, agreed < end || records.isEmpty {
            report.finding = AuditFinding(.unproven, at: agreed + 1)
            report.last = agreed
        }
    }

    /// Whether a line is, byte for byte, what is written: another reader may take other members of it, or the last of two.
    private static func isAsWritten(_ line: Data, _ written: consuming WipedBuffer) -> Bool {
        written.withBytes { bytes in unsafe bytes.withUnsafeBytes { unsafe line.elementsEqual($0) } }
    }

    /// Two hexadecimal digits a byte.
    static func bytes(of text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Character(UnicodeScalar(digits[index])).hexDigitValue,
                let low = Character(UnicodeScalar(digits[index + 1])).hexDigitValue
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}
