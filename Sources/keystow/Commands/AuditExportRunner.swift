import FoundationEssentials
import Glibc
import HTTPClient
import VaultAPI
import VaultCrypto
import VaultModel
import VaultService

/// `keystow audit export`: copies entries from the running server, a page at a time, and goes on where a file ends.
enum AuditExportRunner {
    private struct Page: Decodable {
        let data: [AuditFile.Entry]
        let next_after: Int?
    }

    private struct Head: Decodable {
        let seq: Int
        let signed_head: String?
        let public_keys: [String]
        let dropped_through: Int?
        let dropped_hash: String?

        /// The entry of the newest signed head.
        func signed() throws(CommandFailure) -> Int {
            guard let signed_head else {
                throw CommandFailure(
                    "the server has no signed head: can its anchor be written? (its log has anchor.unwritable)",
                    .unavailable)
            }
            let note = AnchorNote(signed_head, signedBy: public_keys.compactMap { NoteKey($0) })
            guard case .head(let position)? = note?.statement else {
                throw CommandFailure("the server's signed head is not signed with its keys", .dataFault)
            }
            return position.sequence
        }
    }

    static func run(
        _ export: AuditExport, _ configuration: Configuration, tokenFile: String?
    ) async throws(CommandFailure) -> ExitCode {
        let server = try configuration.runningServer()
        let client = try Configuration.client(longest: RemoteVault.patience)
        defer { client.close() }
        let vault = RemoteVault(server: server, client: client, token: try TokenSource.read(file: tokenFile))
        let signals = StopSignals()
        defer { withExtendedLifetime(signals) {} }
        let sink = try AuditSink(path: export.output)
        var after = sink.last ?? export.after
        let head = try (try await vault.fetch("/v1/audit/head")).understood(as: Head.self)
        // What is written while this runs, or is not signed yet, is the next call's.
        let end = export.isChain ? try head.signed() : head.seq
        var needsOpening = sink.last == nil && export.isChain
        if export.isChain, let dropped = head.dropped_through, after < dropped {
            guard sink.last == nil else {
                throw CommandFailure(
                    "entries behind \(after), the last in the file, were dropped up to \(dropped): begin another file",
                    .noInput)
            }
            Console.tell("entries up to \(dropped) were dropped: this begins behind it")
            after = dropped
        }
        var hasBegun = sink.last != nil
        while after < end {
            let page = try (try await vault.fetch(path(export, after: after, limit: 200))).understood(as: Page.self)
            if needsOpening, let first = page.data.first {
                try await sink.write(opening(before: first.seq, head, vault))
                needsOpening = false
            }
            for entry in page.data where entry.seq <= end {
                guard !export.isChain || !hasBegun || entry.seq == after + 1 else {
                    throw CommandFailure(
                        "entry \(after + 1) is missing: it was dropped meanwhile, or `keystow audit verify` names it",
                        .unavailable)
                }
                guard let record = entry.record else {
                    throw CommandFailure(
                        "entry \(entry.seq) has something that this keystow does not know", .unavailable)
                }
                try sink.write(AuditLine.of(record))
                after = entry.seq
                hasBegun = true
            }
            Console.show(progress: "entry \(after) of \(end)")
            if let signal = signals.received.signal {
                try sink.finish()
                Console.show(progress: nil)
                Console.tell("stopped after entry \(after); call it again with --output, or with --after \(after)")
                return ExitCode(endedBy: signal)
            }
            guard page.next_after != nil else { break }
        }
        if export.isChain, let note = head.signed_head { try sink.write(AuditFile.Closing(signed_head: note).line) }
        try sink.finish()
        Console.show(progress: nil)
        if end < head.seq {
            Console.tell("entries behind \(end) are not signed yet; within a minute call it again")
        }
        return .ok
    }

    private static func path(_ export: AuditExport, after: Int, limit: Int) -> String {
        var query = ["after=\(after)", "limit=\(limit)"]
        if let since = export.since { query.append("since=\(since)") }
        query += export.filters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return "/v1/audit/entries?" + query.joined(separator: "&")
    }

    /// The line that says where the chain stood before entry `first`.
    private static func opening(
        before first: Int, _ head: Head, _ vault: borrowing RemoteVault
    ) async throws(CommandFailure) -> WipedBuffer {
        var hash = String(repeating: "0", count: 64)
        if let known = head.dropped_hash, head.dropped_through == first - 1 {
            hash = known
        } else if first > 1 {
            let page = try (try await vault.fetch("/v1/audit/entries?after=\(first - 2)&limit=1"))
                .understood(as: Page.self)
            guard let before = page.data.first, before.seq == first - 1 else {
                throw CommandFailure("the entry before entry \(first) is missing", .noInput)
            }
            hash = before.hash
        }
        return AuditFile.Opening(after: first - 1, hash: hash, public_keys: head.public_keys).line
    }
}

/// Where exported lines go: a file, continued after its last whole entry, or standard output.
private final class AuditSink {
    private let descriptor: Int32
    private let isFile: Bool
    /// The number of the last entry that is there already.
    let last: Int?

    init(path: String?) throws(CommandFailure) {
        guard let path else {
            (descriptor, isFile, last) = (STDOUT_FILENO, false, nil)
            return
        }
        let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw CommandFailure("cannot write \(path)", .cannotCreate) }
        (descriptor, isFile) = (file, true)
        let size = lseek(file, 0, SEEK_END)
        guard size > 0 else {
            last = nil
            return
        }
        // The last entry lies near the end: no line of an entry is longer than a few thousand bytes.
        let start = max(0, size - (1 << 16))
        var bytes = [UInt8](repeating: 0, count: Int(size - start))
        let count = unsafe pread(file, &bytes, bytes.count, start)
        var end = max(count, 0)
        var found: Int?
        while found == nil, let newline = bytes[..<end].lastIndex(of: UInt8(ascii: "\n")) {
            let begin = bytes[..<newline].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            if let entry = try? JSONDecoder().decode(AuditFile.Entry.self, from: Data(bytes[begin..<newline])) {
                found = entry.seq
                end = newline + 1
            } else {
                end = begin
            }
            if begin == 0 { break }
        }
        guard let found else {
            throw CommandFailure("\(path) is there, and is no export of audit entries", .cannotCreate)
        }
        last = found
        // A signed head behind it, or a piece of a line, is written anew.
        guard ftruncate(file, start + end) == 0, lseek(file, 0, SEEK_END) >= 0 else {
            throw CommandFailure("cannot write \(path)", .inputOutput)
        }
    }

    func write(_ line: consuming WipedBuffer) throws(CommandFailure) {
        line.append(UInt8(ascii: "\n"))
        let isWritten = line.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { bytes in
                var done = 0
                while done < bytes.count {
                    let count = unsafe Glibc.write(
                        descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { return false }
                    done += count
                }
                return true
            }
        }
        guard isWritten else { throw CommandFailure("the entries cannot be written", .inputOutput) }
    }

    func finish() throws(CommandFailure) {
        guard !isFile || fsync(descriptor) == 0 else {
            throw CommandFailure("the entries cannot be written", .inputOutput)
        }
    }

    deinit { if isFile { close(descriptor) } }
}
